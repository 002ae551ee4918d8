import { describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import {
  charter,
  commitHash,
  decode,
  did,
  didFromPeer,
  didFromPublicKey,
  encode,
  entryShape,
  fromHex,
  ledgerIdOf,
  parseCid,
  payloads,
  peerFromDid,
  peerMultihash,
  publicKeyFromDid,
  reportHash,
  sha256,
  toHex,
} from '../../schemas/wire/index.ts'
import { asJson, codeOfReading, readers } from '../support/wire-shapes.ts'
import vectors from './wire.json' with { type: 'json' }

const valid = Object.entries(vectors.valid)
const invalid = Object.entries(vectors.invalid)

describe('accounts', () => {
  it.each(vectors.accounts.valid)('spells $did three ways', ({ seed, publicKey, did: account, peer, peerMultihash: multihash }) => {
    expect(keyFromSeed(fromHex(seed)).did).toBe(account)
    expect(didFromPublicKey(fromHex(publicKey))).toBe(account)
    expect(toHex(publicKeyFromDid(account))).toBe(publicKey)
    expect(peerFromDid(account)).toBe(peer)
    expect(didFromPeer(peer)).toBe(account)
    expect(toHex(peerMultihash(account))).toBe(multihash)
  })

  it.each(vectors.accounts.invalidDids)('refuses %s', (text) => expect(did.safeParse(text).success).toBe(false))
  it.each(vectors.accounts.invalidPeers)('knows no peer %j', (text) => expect(() => didFromPeer(text)).toThrow(/peer id/))
})

describe('objects', () => {
  it.each(valid)('%s', (_, { shape, hex, value }) => {
    const bytes = fromHex(hex)
    expect(asJson(readers[shape]?.(bytes, vectors.ledger))).toMatchObject(value)
    // canonical: the meaning gives the bytes back
    expect(asJson(decode(bytes, bytes.byteLength))).toEqual(value)
    expect(toHex(encode(decode(bytes, bytes.byteLength)))).toBe(hex)
  })

  it('are there for every type of entry and every shape', () => {
    const types = valid.filter(([, { shape }]) => shape === 'entry').map(([, { value }]) => (value as { t: string }).t)
    expect([...new Set(types)].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(Object.keys(payloads).toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(valid.map(([, { shape }]) => shape))).toEqual(new Set(Object.keys(readers)))
    expect(entryShape('contributor.leave')).toBeUndefined()
  })

  it('have refused bytes beside them, for every shape and the payload of every type', () => {
    expect(new Set(invalid.map(([, { shape }]) => shape))).toEqual(new Set(Object.keys(readers)))
    for (const type of Object.keys(payloads)) expect(vectors.invalid).toHaveProperty([`entry ${type}, a field more in its payload`])
  })
})

describe('refused bytes', () => {
  it.each(invalid)('%s', (_, { shape, hex, code }) => {
    expect(code).not.toBe('none')
    expect(codeOfReading(shape, fromHex(hex), vectors.ledger)).toBe(code)
  })
})

describe('hashes', () => {
  const { hashes } = vectors
  it('name ledgers, commits and reports as written down', () => {
    expect(toHex(sha256())).toBe(hashes.sha256OfEmpty)
    expect(ledgerIdOf(parseCid(hashes.ledgerId.charter))).toBe(hashes.ledgerId.ledger)
    expect(toHex(commitHash(parseCid(hashes.commit.manifest), fromHex(hashes.commit.salt), hashes.commit.contributor))).toBe(hashes.commit.hash)
    expect(toHex(reportHash(parseCid(hashes.report.report), fromHex(hashes.report.salt), hashes.report.validator))).toBe(hashes.report.hash)
  })

  it('fill an old charter with defaults and keep what it says', () => {
    const { value } = vectors.valid.charter
    expect(charter.parse(decode(fromHex(vectors.valid.charter.hex)))).toMatchObject(value)
  })
})
