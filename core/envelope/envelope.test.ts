import { describe, expect, it } from 'vitest'
import { concatBytes, encode, MAX_ENTRY_BYTES, rawCid, sha256, submitReceipt, utf8 } from '../../schemas/wire/index.ts'
import { keyFromSeed, verifySignature } from '../identity/index.ts'
import { type EntryVerdict, examineEntry, signDetached, signEntry, signObject, verifyDetached, verifyEntry, verifyObject } from './index.ts'

const alice = keyFromSeed(sha256(utf8('alice')))
const bob = keyFromSeed(sha256(utf8('bob')))
const ledger = 'quern/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const hash = sha256(utf8('batch'))

describe('a detached signature', () => {
  it('holds under its own domain and key only', () => {
    const s = signDetached('checkpoint', utf8('x'), alice)
    expect(verifyDetached('checkpoint', utf8('x'), s, alice.did)).toBe(true)
    expect(verifyDetached('checkpoint', utf8('x'), s, alice.publicKey)).toBe(true)
    expect(verifyDetached('receipt', utf8('x'), s, alice.did)).toBe(false)
    expect(verifyDetached('checkpoint', utf8('y'), s, alice.did)).toBe(false)
    expect(verifyDetached('checkpoint', utf8('x'), s, bob.did)).toBe(false)
  })

  it.each(['', 'Upper', 'a/b', 'a\0b', 'x'.repeat(40)])('takes no domain called %j', (domain) => {
    expect(() => signDetached(domain, utf8('x'), alice)).toThrow(expect.objectContaining({ code: 'BAD_DOMAIN' }))
  })
})

describe('a signed object', () => {
  const unsigned = { v: 1 as const, ledger, leafHash: hash, deadline: 1_800_000_000, by: alice.did }
  const signed = signObject('submit-receipt', unsigned, alice)
  const read = (value: unknown, domain = 'submit-receipt') => verifyObject(submitReceipt, encode(value), domain, 'by')

  it('is read back as it was signed', () => {
    expect(read(signed)).toEqual({ ok: true, value: signed })
  })

  it.each<[string, () => ReturnType<typeof read>, string]>([
    ['a changed field', () => read({ ...signed, deadline: 1 }), 'BAD_SIGNATURE'],
    ['another signer', () => read(signObject('submit-receipt', unsigned, bob)), 'BAD_SIGNATURE'],
    ['another domain', () => read(signed, 'batch-receipt'), 'BAD_SIGNATURE'],
    ['a further field', () => read({ ...signed, more: 1 }), 'BAD_SHAPE'],
    ['no signature', () => read(unsigned), 'BAD_SHAPE'],
    ['a short signature', () => read({ ...signed, s: signed.s.slice(1) }), 'BAD_SHAPE'],
    ['no bytes', () => verifyObject(submitReceipt, new Uint8Array(0), 'submit-receipt', 'by'), 'NOT_CBOR'],
    ['a null', () => verifyObject(submitReceipt, encode(null), 'submit-receipt', 'by'), 'BAD_SHAPE'],
    ['too many bytes', () => verifyObject(submitReceipt, encode(signed), 'submit-receipt', 'by', 100), 'TOO_LARGE'],
  ])('is refused for %s', (_, attempt, code) => {
    expect(attempt()).toMatchObject({ ok: false, code })
  })
})

describe('a ledger entry', () => {
  const draft = { t: 'contribution.commit', p: { epoch: 3, hash }, n: 7 } as const
  const bytes = signEntry(draft, ledger, alice)

  it('is read back as it was written, by whom it says', () => {
    const verdict = verifyEntry(bytes, ledger)
    expect(verdict).toMatchObject({ ok: true, entry: { v: 1, t: 'contribution.commit', p: { epoch: 3 }, a: alice.did, n: 7 } })
  })

  it('has the same bytes each time: Ed25519 and DAG-CBOR leave no choice', () => {
    expect(signEntry({ n: 7, p: { hash, epoch: 3 }, t: 'contribution.commit' }, ledger, alice)).toEqual(bytes)
  })

  it('gives the same verdict when nothing is remembered', () => {
    for (const some of [bytes, bytes.with(80, 0), bytes.slice(1), new Uint8Array(64_001)])
      expect(examineEntry(some, ledger)).toEqual(verifyEntry(some, ledger))
  })

  it('remembers no large entry: whoever signs for itself could fill the memory with them', () => {
    const large = signEntry({ t: 'anchor', p: { target: 'x', proof: new Uint8Array(8192) }, n: 0 }, ledger, alice)
    expect(verifyEntry(large, ledger)).not.toBe(verifyEntry(large, ledger))
    expect(verifyEntry(large, ledger)).toMatchObject({ ok: true })
  })

  it('gives everybody the same frozen object', () => {
    const first = verifyEntry(bytes, ledger)
    expect(verifyEntry(bytes.slice(), ledger)).toBe(first)
    expect(() => {
      if (first.ok) first.entry.n = 8
    }).toThrow(TypeError)
  })

  it('is signed by its author only', () => {
    expect(() => signEntry({ ...draft, a: bob.did }, ledger, alice)).toThrow(expect.objectContaining({ code: 'NOT_AUTHOR' }))
  })

  it.each<[string, object]>([
    ['an unknown type', { t: 'contribution.gift', p: {}, n: 0 }],
    ['a payload of another type', { t: 'retract', p: { epoch: 3, hash }, n: 0 }],
    ['a float', { t: 'retract', p: { commit: 0.5 }, n: 0 }],
    ['undefined', { t: 'retract', p: { commit: undefined }, n: 0 }],
    ['a negative sequence', { t: 'retract', p: { commit: 1 }, n: -1 }],
    ['words beyond their bound', { t: 'appeal', p: { epoch: 1, reason: 'x'.repeat(2000) }, n: 0 }],
  ])('with %s is never signed', (_, bad) => {
    expect(() => signEntry(bad as Parameters<typeof signEntry>[0], ledger, alice)).toThrow(expect.objectContaining({ code: 'BAD_ENTRY' }))
  })

  const good = verifyEntry(bytes, ledger)
  const entry = good.ok ? good.entry : undefined
  const flip = (at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'NOT_CBOR'],
    ['no CBOR', Uint8Array.of(0xff, 0xff), 'NOT_CBOR'],
    ['a null', encode(null), 'UNKNOWN_TYPE'],
    ['a number', encode(7), 'UNKNOWN_TYPE'],
    ['a list', encode([]), 'UNKNOWN_TYPE'],
    ['an unknown type', encode({ ...entry, t: 'gift' }), 'UNKNOWN_TYPE'],
    ['a type from the prototype', encode({ ...entry, t: 'constructor' }), 'UNKNOWN_TYPE'],
    ['a cut end', bytes.slice(0, -1), 'NOT_CBOR'],
    ['a byte too many', Uint8Array.of(...bytes, 0), 'NOT_CBOR'],
    ['a longer spelling of the same map', Uint8Array.of(0xb8, 0x06, ...bytes.slice(1)), 'NOT_CBOR'],
    ['a further field', encode({ ...entry, k: 1 }), 'BAD_SHAPE'],
    ['a further field in the payload', encode({ ...entry, p: { epoch: 3, hash, k: 1 } }), 'BAD_SHAPE'],
    ['another version', encode({ ...entry, v: 2 }), 'BAD_SHAPE'],
    ['an author that is no key', encode({ ...entry, a: 'did:web:x.org' }), 'BAD_SHAPE'],
    ['another author', encode({ ...entry, a: bob.did }), 'BAD_SIGNATURE'],
    ['another sequence', encode({ ...entry, n: 8 }), 'BAD_SIGNATURE'],
    ['another payload', encode({ ...entry, p: { epoch: 4, hash } }), 'BAD_SIGNATURE'],
    ['a signature of zeros', encode({ ...entry, s: new Uint8Array(64) }), 'BAD_SIGNATURE'],
    ['a flipped bit in the signature', flip(bytes.byteLength - 40), 'BAD_SIGNATURE'],
    ['a float', Uint8Array.of(0xa1, 0x61, 0x74, 0xfb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0), 'FLOAT'],
    ['too many bytes', new Uint8Array(MAX_ENTRY_BYTES + 1), 'TOO_LARGE'],
    ['deep nesting', new Uint8Array(5000).fill(0x81), 'NOT_CBOR'],
  ])('is refused when it holds %s', (_, bad, code) => {
    expect(verifyEntry(bad, ledger)).toMatchObject({ ok: false, code })
  })

  it('is refused with any bit of it flipped', () => {
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const bad = bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      expect(verifyEntry(bad, ledger).ok, `bit ${bit}`).toBe(false)
    }
  })

  it('is refused in another ledger', () => {
    expect(verifyEntry(bytes, `${ledger}b`)).toMatchObject({ ok: false, code: 'BAD_SIGNATURE' })
  })

  it('is refused when signed without the ledger, or under another domain', () => {
    const unsigned = { v: 1, ...draft, a: alice.did }
    const wrong = signDetached('ledger-entry', encode(unsigned), alice)
    expect(verifyEntry(encode({ ...unsigned, s: wrong }), ledger)).toMatchObject({ ok: false, code: 'BAD_SIGNATURE' })
  })

  it.each<Parameters<typeof signEntry>[0]>([
    { t: 'retract', p: { commit: 0 }, n: 0 },
    { t: 'contribution.available', p: { epoch: 70_000, manifests: [rawCid(utf8('m'))] }, n: 2 ** 40 },
    { t: 'appeal', p: { epoch: 1, reason: 'as\u0000h'.repeat(250) }, n: 23 },
    { t: 'takeover', p: { term: 1, log: 'log', certificate: new Uint8Array(32_000).fill(0x61) }, n: 256 },
    { t: 'contributor.join', p: { contact: null }, n: 24 },
  ])('of type $t signs what it is without `s`, whoever encodes it', (one) => {
    const verdict = verifyEntry(signEntry(one, ledger, alice), ledger)
    expect(verdict).toMatchObject({ ok: true, entry: { t: one.t, n: one.n } })
    const { s, ...unsigned } = (verdict as EntryVerdict & { ok: true }).entry
    const signed = concatBytes(utf8(`quern/ledger-entry/v1\0${ledger}\0`), encode(unsigned))
    expect(verifySignature(alice.did, signed, s)).toBe(true)
  })
})
