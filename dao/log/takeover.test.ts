import { describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { concatBytes, decode, encode, utf8 } from '../../schemas/wire/index.ts'
import { seededWorld } from '../../tests/support/seeded.ts'
import {
  castVote,
  certifyTakeover,
  consistencyRanges,
  formatAddCheckpoint,
  formatVkey,
  leafHash,
  logSigner,
  mirrorStatement,
  noteSigner,
  openWitness,
  parseSignatureLines,
  peekCheckpoint,
  policyOf,
  rootOfLeaves,
  SIGNATURE_TYPES,
  signCheckpoint,
  type TermVote,
  verifyTakeover,
  withSignatures,
} from './index.ts'

const LEDGER = 'quern/takeover'
const seed = (n: number) => keyFromSeed(new Uint8Array(32).fill(n))
const log = logSigner(LEDGER, 0, seed(99))
const N = 4
const Q = 3
const accounts = Array.from({ length: N }, (_, i) => seed(i + 1))
const witnessKeys = accounts.map((_, i) => noteSigner(`w/${i}`, SIGNATURE_TYPES.cosignature, seed(20 + i)))
const mirrorKeys = accounts.map((_, i) => noteSigner(`m/${i}`, SIGNATURE_TYPES.cosignature, seed(40 + i)))
const roster = accounts.map(({ did }, i) => ({ account: did, witness: formatVkey((witnessKeys[i] as (typeof witnessKeys)[0]).key) }))
const policy = policyOf({ logs: [formatVkey(log.key)], witnesses: roster.map(({ witness }) => witness), quorum: Q })
const rules = { ledgerId: LEDGER, term: 1, roster, quorum: Q, policy }
const clock = { now: () => 1_000_000 }

/** Two histories that part after the first entry. */
const trees = ['a', 'b'].map((branch) => Array.from({ length: 8 }, (_, i) => leafHash(utf8(i === 0 ? 'genesis' : `${branch} ${i}`))))
const noteOf = (tree: Uint8Array[], size: number): string => signCheckpoint(size, rootOfLeaves(tree.slice(0, size)), log)

function validator(i: number) {
  const kv = new MemoryKv()
  const witness = openWitness({ signer: witnessKeys[i] as never, kv, clock, logs: (origin) => (origin === log.key.name ? [log.key] : []) })
  let last = 0
  return {
    kv,
    witness,
    /** The largest certified note on its disk. */
    held: undefined as string | undefined,
    async cosign(tree: Uint8Array[], size: number) {
      const proof = consistencyRanges(last, size).map(([from, to]) => rootOfLeaves(tree.slice(from, to)))
      const answer = await witness.addCheckpoint(formatAddCheckpoint({ old: last, proof, note: noteOf(tree, size) }))
      if (answer.status !== 200) return []
      last = size
      return parseSignatureLines(answer.body)
    },
    vote() {
      return castVote({ ledgerId: LEDGER, term: 1, signer: accounts[i] as never, roster, witness, kv, held: () => this.held })
    },
    mirror() {
      return mirrorStatement({
        signer: mirrorKeys[i] as never,
        replica: { note: this.held },
        clock,
        isFrozen: () => witness.isFrozen(log.key.name),
        policy: () => policy,
      })
    },
  }
}

async function certified(size: number, tree = trees[0] as Uint8Array[], who = [0, 1, 2]) {
  const all = Array.from({ length: N }, (_, i) => validator(i))
  const lines = (await Promise.all(who.map((i) => (all[i] as (typeof all)[0]).cosign(tree, size)))).flat()
  return { all, note: withSignatures(noteOf(tree, size), lines) }
}

describe('a vote', () => {
  it('freezes the voter in the old term, whatever happens then', async () => {
    const { all, note } = await certified(3)
    const [first] = all as [(typeof all)[0]]
    first.held = note
    const vote = await first.vote()
    expect(vote).toMatchObject({ ledger: LEDGER, term: 1, size: 3, by: accounts[0]?.did })
    expect(await first.cosign(trees[0] as Uint8Array[], 5)).toEqual([])
    await expect(first.mirror()).rejects.toMatchObject({ code: 'TERM_OVER' })
    const again = openWitness({ signer: witnessKeys[0] as never, kv: first.kv, clock, logs: () => [log.key] })
    expect((await again.addCheckpoint(formatAddCheckpoint({ old: 3, proof: [], note: noteOf(trees[0] as Uint8Array[], 3) }))).status).toBe(
      404,
    )
  })

  it('is cast once', async () => {
    const { all, note } = await certified(3)
    const [first] = all as [(typeof all)[0]]
    const vote = await first.vote()
    first.held = note
    expect(await first.vote()).toEqual(vote)
  })
})

describe('a certificate', () => {
  async function votesWith(held: (number | undefined)[]) {
    const { all, note } = await certified(3)
    const small = (await certified(2)).note
    for (const [i, size] of held.entries()) (all[i] as (typeof all)[0]).held = size === 3 ? note : size === 2 ? small : undefined
    return { votes: await Promise.all(held.map((_, i) => (all[i] as (typeof all)[0]).vote())), note, small }
  }

  it('ends the old term with the largest checkpoint of its votes', async () => {
    const { votes, note, small } = await votesWith([2, 3, undefined])
    const bytes = certifyTakeover(rules, votes, [small, note])
    expect(verifyTakeover(rules, bytes)).toMatchObject({ size: 3 })
    expect(bytes.byteLength).toBeLessThan(32_000)
  })

  it('may end an empty term', async () => {
    const { votes } = await votesWith([undefined, undefined, undefined])
    expect(verifyTakeover(rules, certifyTakeover(rules, votes, []))).toBeNull()
  })

  it('needs a quorum of votes', async () => {
    const { votes, note } = await votesWith([3, 3])
    expect(() => certifyTakeover(rules, votes, [note])).toThrow(expect.objectContaining({ code: 'NO_QUORUM' }))
    expect(() => certifyTakeover(rules, [...votes, votes[0] as TermVote], [note])).toThrow(expect.objectContaining({ code: 'NO_QUORUM' }))
  })

  it('leaves out who claims what nobody can show', async () => {
    const { votes, note } = await votesWith([3, 3, 3, 3])
    const liar = votes[0] as TermVote
    const bytes = certifyTakeover(rules, [{ ...liar, size: 7 }, ...votes.slice(1)], [note])
    expect((decode(bytes) as { votes: unknown[] }).votes).toHaveLength(3)
    expect(verifyTakeover(rules, bytes)).toMatchObject({ size: 3 })
  })

  it('is refused when anything in it is not so', async () => {
    const { votes, note, small } = await votesWith([2, 3, 3])
    const good = decode(certifyTakeover(rules, votes, [small, note])) as { votes: TermVote[]; note: string }
    const refused = (change: object, code: string, by: object = {}) =>
      expect(() => verifyTakeover({ ...rules, ...by }, encode({ ...good, ...change }))).toThrow(expect.objectContaining({ code }))
    refused({ note: small }, 'NOT_LARGEST')
    refused({ note: null }, 'NOT_LARGEST')
    refused({ note: noteOf(trees[0] as Uint8Array[], 3) }, 'NO_QUORUM')
    refused({ votes: good.votes.slice(1) }, 'NO_QUORUM')
    refused({ votes: [...good.votes, good.votes[0]] }, 'BAD_VOTE')
    refused({ votes: good.votes.map((vote) => ({ ...vote, size: 3 })) }, 'BAD_VOTE')
    refused({ ledger: 'quern/other' }, 'WRONG_TERM')
    refused({}, 'WRONG_TERM', { term: 2 })
    refused({}, 'BAD_VOTE', { roster: roster.slice(1) })
    refused({ more: 1 }, 'BAD_SHAPE')
    expect(() => verifyTakeover(rules, concatBytes(encode(good), Uint8Array.of(0)))).toThrow(expect.objectContaining({ code: 'NOT_CBOR' }))
  })
})

it('no final checkpoint is lost to a sequencer that equivocates and a validator that lies, on any of 150 seeds', async () => {
  let finals = 0
  for (let run = 0; run < 150; run++) {
    const random = seededWorld(run)
    const all = Array.from({ length: N }, (_, i) => validator(i))
    const liar = random.int(N)
    const honest = all.filter((_, i) => i !== liar)
    const notes: string[] = []
    const mirrored = new Map<string, Set<number>>()
    const votes: TermVote[] = []
    for (let step = 0; step < 14; step++) {
      // the sequencer shows a branch of its choice, at a size of its choice, to whom it likes; the liar cosigns anything
      const tree = trees[random.int(2)] as Uint8Array[]
      const size = 2 + random.int(6)
      const asked = random.shuffled(honest).slice(0, 1 + random.int(honest.length))
      const text = noteOf(tree, size)
      const lying = openWitness({ signer: witnessKeys[liar] as never, kv: new MemoryKv(), clock, logs: () => [log.key] })
      const lines = parseSignatureLines((await lying.addCheckpoint(formatAddCheckpoint({ old: 0, proof: [], note: text }))).body)
      for (const each of asked) lines.push(...(await each.cosign(tree, size)))
      if (lines.length >= Q) {
        const note = withSignatures(text, lines)
        notes.push(note)
        const key = `${size} ${tree === trees[0] ? 'a' : 'b'}`
        const holders = mirrored.get(key) ?? new Set([liar])
        mirrored.set(key, holders)
        for (const each of random.shuffled(honest).slice(0, random.int(honest.length + 1))) {
          if (await each.witness.isFrozen(log.key.name)) continue
          if (peekCheckpoint(note).size <= (each.held === undefined ? 0 : peekCheckpoint(each.held).size)) continue
          each.held = note
          await each.mirror()
          holders.add(all.indexOf(each))
        }
      }
      if (random.int(4) === 0) {
        const voter = honest[random.int(honest.length)] as (typeof all)[0]
        votes.push(await voter.vote())
      }
    }
    // the liar votes for nothing at all, which is the worst it can say
    const liarVote = await (all[liar] as (typeof all)[0]).vote()
    for (const each of random.shuffled(honest).slice(0, 2)) votes.push(await each.vote())
    const end = verifyTakeover(rules, certifyTakeover(rules, [liarVote, ...votes], notes))
    for (const [key, holders] of mirrored) {
      if (holders.size < Q) continue
      finals++
      const [size, branch] = key.split(' ') as [string, string]
      const tree = trees[branch === 'a' ? 0 : 1] as Uint8Array[]
      expect(end?.size, `seed ${run}`).toBeGreaterThanOrEqual(Number(size))
      expect(rootOfLeaves(tree.slice(0, end?.size)), `seed ${run}`).toEqual(end?.root)
    }
  }
  expect(finals).toBeGreaterThan(50)
})
