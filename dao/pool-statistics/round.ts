/** A round of three aggregators: dealt by scorers, summed with noise by each, combined by anybody. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { InvalidInputError, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  type AggregatePartial,
  aggregatePartial,
  type AggregateRound,
  aggregateRound,
  type AggregateShare,
  aggregateShare,
  cborCid,
  type CID,
  compareBytes,
  encode,
  equalBytes,
  MAX_ROUND_BYTES,
  MAX_SHARE_BYTES,
  type PoolStatistics,
  sha256,
  shaped,
} from '../../schemas/wire/index.ts'
import { binsOf, checkGroups } from './layout.ts'
import { addInto, bytesOfWords, centred, splitVector, wordsOf } from './shares.ts'
import { addNoise, describeCounts } from './publish.ts'
import type { ByteSource } from './uniform.ts'

/** The signed bytes of a round. Throws InvalidInputError BAD_GROUPS or BAD_AGGREGATORS, WireError BAD_SHAPE. */
export function signRound(draft: Omit<AggregateRound, 'v' | 'by' | 's'>, operator: Signer): Uint8Array {
  checkGroups(draft.groups)
  if (new Set(draft.aggregators).size !== draft.aggregators.length)
    throw new InvalidInputError('BAD_AGGREGATORS', 'three different aggregators: one that sits twice knows two thirds')
  return encode(shaped(aggregateRound, signObject('aggregate-round', { v: 1, ...draft, by: operator.did }, operator)))
}

export function readRound(bytes: Uint8Array) {
  return verifyObject(aggregateRound, bytes, 'aggregate-round', 'by', MAX_ROUND_BYTES)
}

/** The three signed shares of one contribution's counts, in order of the aggregators. */
export function dealCounts(
  { round, manifest, vector }: { round: Uint8Array; manifest: CID; vector: Uint32Array },
  dealer: Signer,
  source: ByteSource,
): Uint8Array[] {
  const dealing = source.bytes(16)
  return splitVector(vector, source).map((words, to) => {
    const share = { v: 1, round: cborCid(round), manifest, dealing, to, words: bytesOfWords(words), by: dealer.did }
    return encode(shaped(aggregateShare, signObject('aggregate-share', share, dealer)))
  })
}

/** Reads a share dealt to this seat of this round: BAD_SIGNATURE and the like, OTHER_ROUND, OTHER_SEAT, BAD_WORDS. */
export function readShare(
  bytes: Uint8Array,
  { round, id, seat }: { round: AggregateRound; id: CID; seat: number },
): { ok: true; value: AggregateShare } | { ok: false; code: string; message: string } {
  const read = verifyObject(aggregateShare, bytes, 'aggregate-share', 'by', MAX_SHARE_BYTES)
  if (!read.ok) return read
  const { value } = read
  if (!value.round.equals(id)) return { ok: false, code: 'OTHER_ROUND', message: 'a share of another round' }
  if (value.to !== seat) return { ok: false, code: 'OTHER_SEAT', message: 'a share for another aggregator' }
  if (value.words.byteLength !== 4 * binsOf(round.groups)) return { ok: false, code: 'BAD_WORDS', message: 'one word for each bin' }
  return { ok: true, value }
}

/** What one aggregator says: the sum of its shares and full noise of its own. It is to be kept and given again, never drawn twice. */
export function sumWithNoise(
  { round, id, shares }: { round: AggregateRound; id: CID; shares: readonly AggregateShare[] },
  aggregator: Signer,
  source: ByteSource,
): Uint8Array {
  const sum = new Uint32Array(binsOf(round.groups))
  for (const { words } of shares) addInto(sum, wordsOf(words))
  addNoise(sum, round, source)
  const partial = { v: 1, round: id, set: setHash(shares.map(({ manifest }) => manifest)), words: bytesOfWords(sum), by: aggregator.did }
  return encode(shaped(aggregatePartial, signObject('aggregate-partial', partial, aggregator)))
}

/** Names a set of contributions. */
export const setHash = (manifests: readonly CID[]): Uint8Array => sha256(...manifests.map(({ bytes }) => bytes).toSorted(compareBytes))

/**
 * The statistics, from the three aggregators' answers. One that is missing makes all the others' worthless: its shares are gone with it. Throws
 * RetryableError AGGREGATOR_MISSING, whose detail names them and what was wrong: begin another round without them, and pay for it.
 */
export function combinePartials(roundBytes: Uint8Array, partials: readonly Uint8Array[]): PoolStatistics {
  const read = readRound(roundBytes)
  if (!read.ok) throw new InvalidInputError(read.code, read.message)
  const round = read.value
  const id = cborCid(roundBytes)
  const good = new Map<string, AggregatePartial>()
  const faults = new Map(round.aggregators.map((account) => [account, 'SILENT']))
  for (const bytes of partials) {
    const partial = verifyObject(aggregatePartial, bytes, 'aggregate-partial', 'by', MAX_SHARE_BYTES)
    if (!partial.ok || !round.aggregators.includes(partial.value.by)) continue
    const { by, words } = partial.value
    if (!partial.value.round.equals(id)) faults.set(by, 'OTHER_ROUND')
    else if (words.byteLength !== 4 * binsOf(round.groups)) faults.set(by, 'BAD_WORDS')
    else good.set(by, partial.value)
  }
  const [first] = good.values()
  for (const [by, { set }] of good) if (first !== undefined && !equalBytes(set, first.set)) faults.set(by, 'OTHER_SET')
  for (const by of good.keys()) if (faults.get(by) === 'SILENT') faults.delete(by)
  if (faults.size > 0)
    throw new RetryableError('AGGREGATOR_MISSING', `${faults.size} of ${round.aggregators.length} aggregators gave no part that fits`, {
      detail: { faults: Object.fromEntries(faults) },
    })
  const sum = new Uint32Array(binsOf(round.groups))
  for (const { words } of good.values()) addInto(sum, wordsOf(words))
  return describeCounts(centred(sum), round, round.aggregators.length)
}

/** The same for one party that knows all counts anyway, as the assembler of a release does: one noise, same form. Null: fewer than `minPeople`. */
export function countCentrally(
  vectors: readonly Uint32Array[],
  asked: Pick<AggregateRound, 'groups' | 'epsilonPpm' | 'minPeople'>,
  source: ByteSource,
): PoolStatistics | null {
  checkGroups(asked.groups)
  if (vectors.length < asked.minPeople) return null
  const sum = new Uint32Array(binsOf(asked.groups))
  for (const vector of vectors) addInto(sum, vector)
  addNoise(sum, asked, source)
  return describeCounts(centred(sum), asked, 1)
}
