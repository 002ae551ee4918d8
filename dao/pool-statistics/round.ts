/** A round: ordered by the operator, listed by three aggregators, summed with noise by each, combined and signed by all of them. Pure but for chance. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { InvalidInputError, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  type AggregateList,
  aggregateList,
  aggregateNote,
  aggregatePartial,
  type AggregateRound,
  aggregateRound,
  type CID,
  compareBytes,
  encode,
  equalBytes,
  MAX_LIST_BYTES,
  MAX_NOTE_BYTES,
  MAX_PARTIAL_BYTES,
  MAX_ROUND_BYTES,
  type PoolStatistics,
  sha256,
  shaped,
} from '../../schemas/wire/index.ts'
import { binsOf } from './layout.ts'
import { groupsNamed } from './layout-1.ts'
import { addNoise, describeCounts } from './publish.ts'
import { isProven } from './range-proof.ts'
import { addInto, bytesOfWords, centred, wordsOf } from './shares.ts'
import type { ByteSource } from './uniform.ts'

/** A round as it was read, with the CID by which everything names it. */
export interface Round {
  id: CID
  value: AggregateRound
}

/** The signed bytes of a round. Throws InvalidInputError BAD_GROUPS or BAD_AGGREGATORS, WireError BAD_SHAPE. */
export function signRound(draft: Omit<AggregateRound, 'v' | 'layout' | 'by' | 's'>, operator: Signer): Uint8Array {
  groupsNamed(draft.groups)
  if (new Set(draft.aggregators).size !== draft.aggregators.length)
    throw new InvalidInputError('BAD_AGGREGATORS', 'three different aggregators: one that sits twice knows two thirds')
  return encode(shaped(aggregateRound, signObject('aggregate-round', { v: 1, layout: 1, ...draft, by: operator.did }, operator)))
}

type Read<T> = { ok: true; value: T } | { ok: false; code: string; message: string }

/** BAD_SIGNATURE and the like, BAD_GROUPS. */
export function readRound(bytes: Uint8Array): Read<AggregateRound> {
  const read = verifyObject(aggregateRound, bytes, 'aggregate-round', 'by', MAX_ROUND_BYTES)
  if (!read.ok) return read
  try {
    groupsNamed(read.value.groups)
  } catch (thrown) {
    if (thrown instanceof InvalidInputError) return { ok: false, code: thrown.code, message: thrown.message }
    throw thrown
  }
  return read
}

/** What one aggregator holds and says of it. */
export function signList(contributions: AggregateList['contributions'], round: CID, aggregator: Signer): Uint8Array {
  const sorted = contributions.toSorted((a, b) => compareBytes(a.manifest.bytes, b.manifest.bytes))
  return encode(shaped(aggregateList, signObject('aggregate-list', { v: 1, round, contributions: sorted, by: aggregator.did }, aggregator)))
}

export interface Countable {
  /** Held by all three, of one dealing, and proven to be what one person may count. */
  good: CID[]
  /** Held by all three, and no such thing. */
  forged: CID[]
  /** Not held by all three. */
  partly: number
}

/**
 * Who can be counted, from the three lists. Everybody who has them says the same, so that no single one decides. Throws RetryableError
 * AGGREGATOR_MISSING, whose detail names whose list is none.
 */
export function countable(lists: readonly Uint8Array[], { id, value }: Round): Countable {
  const read = ofAll(lists, value, (bytes) => {
    const list = verifyObject(aggregateList, bytes, 'aggregate-list', 'by', MAX_LIST_BYTES)
    return list.ok && !list.value.round.equals(id) ? { ok: false, code: 'OTHER_ROUND', message: '' } : list
  })
  const held = read.map(({ contributions }) => new Map(contributions.map((one) => [one.manifest.toString(), one])))
  const all = new Set(held.flatMap((one) => [...one.keys()]))
  const found: Countable = { good: [], forged: [], partly: 0 }
  for (const name of [...all].toSorted()) {
    const parts = held.flatMap((one) => one.get(name) ?? [])
    const [first] = parts as [AggregateList['contributions'][number]]
    if (parts.length < held.length || parts.some(({ dealing }) => !equalBytes(dealing, first.dealing))) found.partly++
    else (provenBy(parts.map(({ answer }) => answer)) ? found.good : found.forged).push(first.manifest)
  }
  return found
}

function provenBy(answers: readonly Uint8Array[]): boolean {
  try {
    return isProven(answers)
  } catch (thrown) {
    if (thrown instanceof InvalidInputError) return false
    throw thrown
  }
}

/** Names a set of contributions. */
export const setHash = (manifests: readonly CID[]): Uint8Array => sha256(...manifests.map(({ bytes }) => bytes).toSorted(compareBytes))

/** What one aggregator says when all three are ready: the sum of its words and full noise of its own. It is kept and given again, never drawn twice. */
export function sumWithNoise(
  { id, value }: Round,
  set: Uint8Array,
  shares: Iterable<Uint32Array>,
  aggregator: Signer,
  source: ByteSource,
): Uint8Array {
  const groups = groupsNamed(value.groups)
  const sums = groups.map(({ group }) => new Uint32Array(group.bins.length))
  for (const words of shares)
    for (const [i, { from, group }] of groups.entries()) addInto(sums[i] as Uint32Array, words.subarray(from, from + group.bins.length))
  const sum = Uint32Array.from(sums.flatMap((one) => [...one]))
  addNoise(sum, askedBy(value), source)
  const partial = { v: 1, round: id, set, words: bytesOfWords(sum), by: aggregator.did }
  return encode(shaped(aggregatePartial, signObject('aggregate-partial', partial, aggregator)))
}

/** "I am ready to say what these sum to." */
export function signNote(round: CID, set: Uint8Array, aggregator: Signer): Uint8Array {
  return encode(shaped(aggregateNote, signObject('aggregate-note', { v: 1, round, set, by: aggregator.did }, aggregator)))
}

/** The set that all three notes name. Throws RetryableError AGGREGATOR_MISSING. */
export function notedSet(notes: readonly Uint8Array[], { id, value }: Round): Uint8Array {
  let set: Uint8Array | undefined
  ofAll(notes, value, (bytes) => {
    const note = verifyObject(aggregateNote, bytes, 'aggregate-note', 'by', MAX_NOTE_BYTES)
    if (!note.ok) return note
    if (!note.value.round.equals(id)) return { ok: false, code: 'OTHER_ROUND', message: '' }
    set ??= note.value.set
    return equalBytes(set, note.value.set) ? note : { ok: false, code: 'OTHER_SET', message: '' }
  })
  return set as Uint8Array
}

/** The statistics, from the three sums. Throws RetryableError AGGREGATOR_MISSING: one that is missing makes all the others' worthless. */
export function combinePartials({ id, value }: Round, partials: readonly Uint8Array[]): PoolStatistics {
  const asked = askedBy(value)
  const sum = new Uint32Array(binsOf(asked.groups))
  let set: Uint8Array | undefined
  const parts = ofAll(partials, value, (bytes) => {
    const read = verifyObject(aggregatePartial, bytes, 'aggregate-partial', 'by', MAX_PARTIAL_BYTES)
    if (!read.ok) return read
    const refused = (code: string): Read<never> => ({ ok: false, code, message: '' })
    if (!read.value.round.equals(id)) return refused('OTHER_ROUND')
    set ??= read.value.set
    if (!equalBytes(set, read.value.set)) return refused('OTHER_SET')
    try {
      const words = wordsOf(read.value.words)
      return words.length === sum.length ? { ok: true, value: { by: read.value.by, words } } : refused('BAD_WORDS')
    } catch (thrown) {
      if (thrown instanceof InvalidInputError) return refused(thrown.code)
      throw thrown
    }
  })
  for (const { words } of parts) addInto(sum, words)
  return describeCounts(centred(sum), asked, value.aggregators.length)
}

/** What a round asks, in the words of whoever adds noise. */
export function askedBy({ groups, epsilonPpm, minPeople }: AggregateRound) {
  return { groups: groupsNamed(groups).map(({ group }) => group), epsilonPpm, minPeople }
}

/** One of each aggregator, in order of seats. Throws RetryableError AGGREGATOR_MISSING, whose detail says what was wrong with whose. */
export function ofAll<T extends { by: string }>(
  given: readonly Uint8Array[],
  { aggregators }: AggregateRound,
  read: (bytes: Uint8Array) => Read<T>,
): T[] {
  const faults: Record<string, string> = {}
  const found = aggregators.flatMap((account, seat) => {
    const bytes = given[seat]
    const one = bytes === undefined ? undefined : read(bytes)
    if (one?.ok === true && one.value.by === account) return [one.value]
    faults[account] = one === undefined ? 'SILENT' : one.ok ? 'OTHER_SEAT' : one.code
    return []
  })
  if (found.length === aggregators.length) return found
  throw new RetryableError(
    'AGGREGATOR_MISSING',
    `${Object.keys(faults).length} of ${aggregators.length} aggregators gave no part that fits`,
    {
      detail: { faults },
    },
  )
}
