/** The ledger file of a round: the counts, and three signatures under them. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { QuernError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  aggregateResult,
  type AggregateRound,
  cborCid,
  type CID,
  encode,
  equalBytes,
  MAX_NOTE_BYTES,
  MAX_STATISTICS_BYTES,
  parse,
  type PoolStatistics,
  publishedStatistics,
  sha256,
  shaped,
  WireError,
} from '../../schemas/wire/index.ts'
import { statisticsOf } from './publish.ts'
import { askedBy, ofAll, readRound } from './round.ts'

export interface ReadStatistics {
  round: { id: CID; value: AggregateRound }
  statistics: PoolStatistics
}

/** One aggregator's word that these are the counts. */
export function signResult(round: CID, statistics: PoolStatistics, aggregator: Signer): Uint8Array {
  const result = { v: 1, round, statistics: sha256(encode(statistics)), by: aggregator.did }
  return encode(shaped(aggregateResult, signObject('aggregate-result', result, aggregator)))
}

/** Bytes of the ledger file. */
export function encodeStatistics(round: Uint8Array, statistics: PoolStatistics, results: readonly Uint8Array[]): Uint8Array {
  return encode(shaped(publishedStatistics, { v: 1, round, counts: statistics.groups.map(({ counts }) => counts), results: [...results] }))
}

/**
 * Reads and checks it, as far as it says so itself: the round is its operator's, the counts are of what the round asks, and each of the three
 * signed them. Whether operator and aggregators are those of a ledger, and the round was paid for, is the ledger's to say. Codes: BAD_SIGNATURE
 * and the like, OTHER_COUNTS, NOT_SIGNED.
 */
export function readStatistics(bytes: Uint8Array): { ok: true; value: ReadStatistics } | { ok: false; code: string; message: string } {
  try {
    const file = parse(publishedStatistics, bytes, MAX_STATISTICS_BYTES)
    const round = readRound(file.round)
    if (!round.ok) return round
    const id = cborCid(file.round)
    const asked = askedBy(round.value)
    const statistics = statisticsOf(file.counts, asked, round.value.aggregators.length)
    if (
      file.counts.length !== asked.groups.length ||
      !statistics.groups.every(
        ({ bins, counts, perBin }) =>
          counts.length === bins.length && counts.every((one) => one === null || one >= asked.minPeople * perBin),
      )
    )
      return { ok: false, code: 'OTHER_COUNTS', message: 'the counts are not of what the round asks for' }
    const hash = sha256(encode(statistics))
    ofAll(file.results, round.value, (one) => {
      const read = verifyObject(aggregateResult, one, 'aggregate-result', 'by', MAX_NOTE_BYTES)
      if (!read.ok) return read
      const fits = read.value.round.equals(id) && equalBytes(read.value.statistics, hash)
      return fits ? read : { ok: false, code: 'OTHER_RESULT', message: '' }
    })
    return { ok: true, value: { round: { id, value: round.value }, statistics } }
  } catch (thrown) {
    if (thrown instanceof WireError) return { ok: false, code: thrown.code, message: thrown.message }
    if (thrown instanceof QuernError && thrown.code === 'AGGREGATOR_MISSING')
      return { ok: false, code: 'NOT_SIGNED', message: 'not all three aggregators signed these counts' }
    throw thrown
  }
}
