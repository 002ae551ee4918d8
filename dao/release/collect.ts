/** What a release may select from: rows of every batch whose points have vested, out of the ledger's files alone. */
import { type BatchFiles, loadBatch } from '../batches/index.ts'
import { FatalError, RefusedError } from '../../core/errors/index.ts'
import {
  type BatchState,
  type EpochResult,
  includedBatches,
  lastFinalEpoch,
  type LedgerFiles,
  type LedgerState,
  vested,
} from '../ledger/index.ts'
import { keptOf, NO_VALUES, type RowValues } from '../rewards/index.ts'
import { type Charter, type IndexRow, SKETCH_BYTES } from '../../schemas/wire/index.ts'
import type { ReleaseRow, Removal } from './types.ts'

/** A row with the one thing that only selection needs. */
export interface Candidate extends ReleaseRow {
  sketch: Uint8Array
}

/** Final epochs whose points have vested, up to the one asked for: points of e vest when e + vestingEpochs is final. */
export function vestedResults(state: LedgerState, charter: Charter, throughEpoch: number | undefined): EpochResult[] {
  const newest = lastFinalEpoch(state)
  const results = state.results.filter((result) => result.final && result.epoch + charter.vestingEpochs <= newest)
  const last = results.reduce((max, result) => Math.max(max, result.epoch), 0)
  const wanted = throughEpoch ?? last
  if (last === 0 || wanted > last)
    throw new RefusedError(
      'NOT_VESTED',
      `points vest ${charter.vestingEpochs} epochs after theirs; ${last === 0 ? 'none has vested yet' : `vested up to epoch ${last}`}`,
      { detail: { throughEpoch: throughEpoch ?? null, lastVested: last, newestFinal: newest } },
    )
  return results.filter((result) => result.epoch <= wanted).toSorted((a, b) => a.epoch - b.epoch)
}

/** A batch with vested points: what they are, and the value they were earned with. */
export interface PaidBatch {
  batch: BatchState
  epoch: number
  points: bigint
  /** Value of each row, as that epoch's close left them. */
  values: RowValues
}

interface Collected {
  paid: PaidBatch[]
  rows: Candidate[]
  removals: Removal[]
}

/** Rows of every batch with vested points, in commit order, but none of a host where nobody could look; batches that counted once and are void, to `removals`. */
export function collect(state: LedgerState, files: LedgerFiles, results: EpochResult[]): Collected {
  const through = (results.at(-1) as EpochResult).epoch
  const included = new Set(includedBatches(state, through))
  const paid = vested(state, through).flatMap(({ epoch, batches }) =>
    [...batches].flatMap(([key, points]): PaidBatch[] => {
      const batch = state.batches.get(key)
      const values = results.find((result) => result.epoch === epoch)?.values.get(key) ?? NO_VALUES
      return batch !== undefined && included.has(key) ? [{ batch, epoch, points, values }] : []
    }),
  )
  paid.sort((a, b) => a.batch.commitIndex - b.batch.commitIndex)
  const rows = paid.flatMap(({ batch, epoch, values }) => {
    const { index, sketches } = readFiles(files, batch)
    const leftOut = results.find((result) => result.epoch === epoch)?.reasons.get(batch.contributor)?.leftOut
    return index.rows.flatMap((row, i): Candidate[] => {
      if (leftOut !== undefined && keptOf(leftOut, row.host) === 0) return []
      const sketch = sketches.subarray(i * SKETCH_BYTES, (i + 1) * SKETCH_BYTES)
      return [{ ...rowOf(epoch, batch, row, i, values.at(i)?.value ?? 0), sketch }]
    })
  })
  return { paid, rows, removals: results.flatMap((result) => voidRecords(state, files, result, included)) }
}

function voidRecords(state: LedgerState, files: LedgerFiles, result: EpochResult, included: ReadonlySet<string>): Removal[] {
  return result.batches.flatMap((key): Removal[] => {
    const batch = state.batches.get(key)
    // a batch that was put off stands in the results of several epochs: one of them settled it
    if (batch === undefined || included.has(key) || batch.settled !== result.epoch) return []
    const who = state.contributors.get(batch.contributor)
    const gone = batch.voided !== null || (who?.points.get(result.epoch)?.void ?? null) !== null
    if (!gone) return []
    const index = batch.voided?.index ?? who?.revoked?.index ?? result.closeIndex
    return readFiles(files, batch).index.rows.map((row) => ({ record: row.record, host: row.host, reason: 'void', index }))
  })
}

function rowOf(epoch: number, batch: BatchState, row: IndexRow, i: number, value: number): ReleaseRow {
  return {
    manifest: batch.manifestCid,
    row: i,
    record: row.record,
    contributor: batch.contributor,
    epoch,
    commitIndex: batch.commitIndex,
    schema: batch.manifest.schema,
    pipeline: batch.manifest.pipeline,
    host: row.host,
    language: row.language,
    bytes: row.bytes,
    tokens: row.tokens,
    quality: row.quality,
    value,
    contentDigest: row.contentDigest,
    evidence: batch.manifest.evidence,
    evidenceOffset: row.evidenceOffset,
    evidenceBytes: row.evidenceBytes,
  }
}

function readFiles(files: LedgerFiles, { manifest, manifestCid }: BatchState): BatchFiles {
  const batch = loadBatch((cid) => files.read(cid), manifestCid)
  if (batch !== undefined) return batch
  throw new FatalError('FILE_MISSING', `a file of batch ${manifestCid} is not among the ledger’s files`, {
    detail: { manifest: String(manifestCid), index: String(manifest.index), sketches: String(manifest.sketches) },
  })
}
