/**
 * The desk of an aggregator, one of the first three keyholders of a policy: it holds its part of what each person counts, and sums them with noise
 * of its own when a round was ordered and paid for. What it sums it keeps on disk, and says it only when all three have summed the same people: so
 * neither a crash nor somebody's withdrawal in between leaves a sum that was told beside one that was not.
 */
import { type Refusal, refusal } from '../../core/envelope/index.ts'
import { z } from 'zod'
import type { Clock, Kv } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  aggregatorsOf,
  answerAt,
  type ByteSource,
  combinePartials,
  countable,
  LAYOUT_1,
  notedSet,
  type Point,
  pointOf,
  readRound,
  type Round,
  setHash,
  signList,
  signNote,
  signResult,
  sumWithNoise,
  wordsOf,
} from '../../dao/pool-statistics/index.ts'
import {
  type AggregateList,
  bytesOf,
  bytesUpTo,
  cborCid,
  compareBytes,
  type CID,
  type ConsentPolicy,
  encode,
  equalBytes,
  MAX_PARTIAL_BYTES,
  MAX_PEOPLE,
  parse,
  peerFromDid,
  ROUND_SECONDS,
  toHex,
  uint,
  WireError,
} from '../../schemas/wire/index.ts'
import type { PaperBox } from './papers.ts'
import type { ShareTable } from './share-table.ts'
import type { Withdrawals } from './withdrawals.ts'

/** What an aggregator asks of its ledger. */
export interface CountView {
  /** Of a contribution that is in the pool, since an epoch that has closed: its beacon, and when its reveals were over, in Unix seconds. */
  facts(manifest: CID): { subject: string; policy: ConsentPolicy; beacon: Uint8Array; cutAt: number } | undefined
  /** Whether the log holds a `budget.spend` of at least this for the round of this CID. */
  isPaid(round: CID, epsilonPpm: number): boolean
  /** Fewer people are not counted, says the charter. */
  minPeople(): number
}

export interface CountDeskOptions {
  clock: Pick<Clock, 'now'>
  signer: Signer
  random: ByteSource
  ledger: string
  operator: string
  view: CountView
  table: Pick<ShareTable, 'get' | 'rows'>
  papers: PaperBox
  kv: Kv
  withdrawals: Withdrawals
}

/** A sum that is kept: `said` once it was told, and then it is the only one. */
const kept = z.strictObject({ v: z.literal(1), expires: uint, set: bytesOf(32), partial: bytesUpTo(MAX_PARTIAL_BYTES), said: z.boolean() })
type Kept = z.infer<typeof kept>
const ROUNDS = 'count-round/'
const DAY_SECONDS = 86_400
/** Rounds at once; further ones wait for those to expire. */
const MAX_ROUNDS = 64
const MAX_KEPT_BYTES = MAX_PARTIAL_BYTES + 1024

type Answer = { ok: true; bytes: Uint8Array } | Refusal

export class CountDesk {
  readonly #options: CountDeskOptions
  /** Steps of rounds one after the other: two at once would draw noise twice. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: CountDeskOptions) {
    this.#options = options
  }

  /** One step of a round. Throws RetryableError AGGREGATOR_MISSING where what the three said before does not fit. */
  answer(
    query: { round: Uint8Array; step: { what: 'list' | 'ready' | 'sum' | 'sign'; said: Uint8Array[] } },
    peer: string,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const answered = this.#turn.then(() =>
      signal?.aborted === true ? refusal('TOO_LATE', 'whoever asked has given up') : this.#step(query, peer),
    )
    this.#turn = answered.catch(() => undefined)
    return answered
  }

  /** Lets go of sums of rounds that are over since a day, whatever clock comes back, and of what nobody can read. */
  async tidy(): Promise<void> {
    const { kv } = this.#options
    const now = this.#now()
    for (const key of await kv.keys(ROUNDS)) {
      const one = await this.#read(key).catch((thrown: unknown) => {
        if (thrown instanceof WireError) return undefined
        throw thrown
      })
      if (one === undefined || one.expires + DAY_SECONDS <= now) await kv.delete(key)
    }
  }

  async #step({ round: bytes, step }: Parameters<CountDesk['answer']>[0], peer: string): Promise<Answer> {
    const { signer, ledger, operator, view } = this.#options
    const read = readRound(bytes)
    if (!read.ok) return read
    const { value } = read
    const round = { id: cborCid(bytes), value }
    if (value.dao !== ledger || value.by !== operator) return refusal('ROUND_NOT_OURS', "the round is not of this DAO's operator")
    if (peer !== peerFromDid(value.gatherer)) return refusal('NOT_CALLER', 'the round names another who asks')
    if (!value.aggregators.includes(signer.did)) return refusal('NOT_AGGREGATOR', 'the round names others')
    if (this.#now() >= value.expires) return refusal('EXPIRED', 'the round has expired; order another')
    // a day more than rounds have: clocks differ
    if (value.expires - this.#now() > ROUND_SECONDS + DAY_SECONDS)
      return refusal('TOO_LONG', `a round is open for ${ROUND_SECONDS} seconds at most`)
    if (value.minPeople < view.minPeople()) return refusal('TOO_FEW_PEOPLE', `the charter counts ${view.minPeople()} people or more`)
    if (step.what === 'list') return { ok: true, bytes: signList(await this.#list(value.aggregators), round.id, signer) }
    // before it is summed, so that nothing lies here of what nobody will ever pay for
    if (!view.isPaid(round.id, value.epsilonPpm))
      return refusal('NOT_PAID', 'the log that is known here holds no budget.spend for this round')
    if (step.what === 'ready') return this.#ready(round, step.said)
    const known = await this.#read(nameOf(round.id))
    if (known === undefined) return refusal('NOT_READY', 'nothing was summed here for this round; ask who can be counted first')
    if (step.what === 'sum') return this.#say(round, known, step.said)
    // what is told to be our sum must be ours, or two others would speak for us
    const seat = value.aggregators.indexOf(signer.did)
    if (!known.said || !equalBytes(step.said[seat] ?? new Uint8Array(), known.partial))
      return refusal('OTHER_SUM', 'this is not what was summed here')
    return { ok: true, bytes: signResult(round.id, combinePartials(round, step.said), signer) }
  }

  async #list(aggregators: readonly string[]): Promise<AggregateList['contributions']> {
    const seat = aggregators.indexOf(this.#options.signer.did)
    const points = new Map<string, Point>()
    const list: AggregateList['contributions'] = []
    // the three cut off at the same contribution
    const manifests = Array.from(this.#options.table.rows(), ({ manifest }) => manifest)
    for (const manifest of manifests.toSorted((a, b) => compareBytes(a.bytes, b.bytes))) {
      if (list.length >= MAX_PEOPLE) break
      const found = await this.#countsOf(manifest, aggregators)
      if (found === undefined) continue
      const { beacon, words, dealing } = found
      const name = toHex(beacon)
      const point = points.get(name) ?? pointOf(beacon, LAYOUT_1)
      points.set(name, point)
      list.push({ manifest, dealing, answer: answerAt(point, words, seat) })
    }
    return list
  }

  /** Undefined: it is not ours to count, or not any more. */
  async #countsOf(manifest: CID, aggregators: readonly string[]) {
    const { table, papers, view, withdrawals } = this.#options
    const row = table.get(manifest)
    const facts = view.facts(manifest)
    if (row?.current !== true || row.expires <= this.#now() || facts === undefined) return undefined
    // whoever came after the cut may have known the beacon, and made a proof for its point
    if (row.at > facts.cutAt) return undefined
    if (withdrawals.ends(row.manifest, facts.subject, facts.policy)) return undefined
    const theirs = aggregatorsOf(facts.policy)
    if (theirs === undefined || theirs.some((account, i) => account !== aggregators[i])) return undefined
    const counts = await papers.countsOf(manifest, row.paperKey)
    return counts && { beacon: facts.beacon, dealing: counts.dealing, words: wordsOf(counts.words) }
  }

  /** Sums whoever the three lists allow, and keeps it. Nothing was told so far, so another set may take its place. */
  async #ready(round: Round, lists: readonly Uint8Array[]): Promise<Answer> {
    const { signer, random, kv } = this.#options
    const { good } = countable(lists, round)
    const set = setHash(good)
    const known = await this.#read(nameOf(round.id))
    if (known?.said === true && !equalBytes(known.set, set))
      return refusal('CLOSED', 'other people were summed already; two sums of nearly the same people tell of those between')
    if (known === undefined || !equalBytes(known.set, set)) {
      if (good.length < round.value.minPeople)
        return refusal('TOO_FEW_PEOPLE', `fewer than ${round.value.minPeople} people are not counted`)
      if (known === undefined && (await kv.keys(ROUNDS)).length >= MAX_ROUNDS) return refusal('BUSY', 'too many rounds at once')
      const shares: Uint32Array[] = []
      for (const manifest of good) {
        const found = await this.#countsOf(manifest, round.value.aggregators)
        if (found === undefined) return refusal('LIST_CHANGED', 'somebody withdrew meanwhile; ask again who can be counted')
        shares.push(found.words)
      }
      const partial = sumWithNoise(round, set, shares, signer, random)
      await this.#write(round.id, { v: 1, expires: round.value.expires, set, partial, said: false })
    }
    return { ok: true, bytes: signNote(round.id, set, signer) }
  }

  async #say(round: Round, known: Kept, notes: readonly Uint8Array[]): Promise<Answer> {
    if (!equalBytes(notedSet(notes, round), known.set)) return refusal('OTHER_SET', 'the three have not summed the same people; ask again')
    if (!known.said) await this.#write(round.id, { ...known, said: true })
    return { ok: true, bytes: known.partial }
  }

  async #read(key: string): Promise<Kept | undefined> {
    const bytes = await this.#options.kv.get(key)
    return bytes && parse(kept, bytes, MAX_KEPT_BYTES)
  }

  #write(round: CID, value: Kept): Promise<void> {
    return this.#options.kv.put(nameOf(round), encode(value))
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }
}

const nameOf = (round: CID): string => `${ROUNDS}${toHex(round.multihash.digest)}`
