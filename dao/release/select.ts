import { type Charter, type CID, compareBytes, type IndexRow, SKETCH_BYTES, toHex } from '../../schemas/wire/index.ts'
import { type BatchFiles, loadBatch } from '../batches/index.ts'
import { FatalError, RefusedError } from '../../core/errors/index.ts'
import {
  type BatchState,
  type EpochResult,
  includedBatches,
  lastFinalEpoch,
  type LedgerFiles,
  type LedgerState,
  type RecordValue,
  vested,
} from '../ledger/index.ts'
import { hostKey, NoveltyIndex } from '../rewards/index.ts'
import { applyCaps } from './caps.ts'
import { needsUrl, optOutOf } from './opt-out.ts'
import { weigh } from './shares.ts'
import { REMOVAL_REASONS, type ReleaseRow, type Removal, type RemovalReason, type Selection } from './types.ts'

export interface SelectInput {
  state: LedgerState
  files: LedgerFiles
  /** Last epoch to take; the last vested one unless said. */
  throughEpoch?: number
  /** The charter in force unless said: `dao simulate` asks what another would have given. */
  charter?: Charter
  /** URL of a record, asked only where an opt-out has a path pattern; a record without an answer counts as opted out. */
  urlOf?: (record: CID) => string | undefined
  /** Records whose own evidence was read and denies training, by CID. */
  denied?: ReadonlySet<string>
}

/**
 * What a release holds: a pure function of the ledger, so that anyone selects the same rows.
 * Vested batches, less opted-out hosts and what denies training, less what the charter's quality and language rules refuse, less exact and near duplicates (the first
 * commit stays), within the host and contributor caps (a host as the ledger counts it: its registrable domain); sorted by host, then record CID:
 * both are in the ledger's files, and neighbours of one host compress well and let a reader skip whole row groups.
 * Throws RefusedError NOT_VESTED, NOTHING_TO_RELEASE or CAPS_LEAVE_NOTHING; FatalError FILE_MISSING.
 */
export function selectRecords({
  state,
  files,
  charter = state.charter,
  urlOf = () => undefined,
  denied = new Set(),
  ...input
}: SelectInput): Selection {
  const results = vestedResults(state, charter, input.throughEpoch)
  const { paid, rows: all, removals } = collect(state, files, results)
  const left = Object.fromEntries(REMOVAL_REASONS.map((reason) => [reason, 0])) as Record<RemovalReason, number>
  left.void = removals.length

  const permitted = all.filter((row) => {
    if (denied.has(row.record.toString())) {
      left.permission++
      return false
    }
    const optout = optOutOf(state.optouts, row.host, urlOf(row.record))
    if (optout === undefined) return true
    removals.push({ record: row.record, host: row.host, reason: 'opt-out', index: optout.index })
    left['opt-out']++
    return false
  })
  const worthy = permitted.filter((row) => {
    const broken = row.quality < charter.release.minQualityPpm ? 'quality' : speaks(charter, row.language) ? undefined : 'language'
    if (broken !== undefined) left[broken]++
    return broken === undefined
  })
  const { fit, near, exact } = deduplicate(worthy, charter.value.noveltyFrom)
  left['near-duplicate'] = near.size
  left['exact-duplicate'] = exact
  if (fit.length === 0)
    throw new RefusedError('NOTHING_TO_RELEASE', 'no vested record passes the charter’s release rules', { detail: left })
  const { kept, taken } = applyCaps(fit, [
    { keyOf: (row) => hostKey(row.host), capPpm: charter.release.hostCapPpm },
    { keyOf: (row) => row.contributor, capPpm: charter.release.contributorCapPpm },
  ])
  left['host-cap'] = taken[0]?.length ?? 0
  left['contributor-cap'] = taken[1]?.length ?? 0
  if (kept.length === 0)
    throw new RefusedError(
      'CAPS_LEAVE_NOTHING',
      'too few hosts or contributors to keep each within its cap: raise release.hostCapPpm or release.contributorCapPpm (1,000,000 is off)',
      { detail: { hosts: new Set(fit.map((row) => row.host)).size, contributors: new Set(fit.map((row) => row.contributor)).size } },
    )

  const ids = new Set(kept.map(({ record }) => record.toString()))
  return {
    ledger: state.id,
    name: charter.name,
    size: state.size,
    charter,
    charterCid: state.charterCid,
    epochs: results.map((result) => result.epoch),
    throughEpoch: (results.at(-1) as EpochResult).epoch,
    at: dateOf(state, results),
    previous: state.releases.at(-1)?.release ?? null,
    considered: all.length + left.void,
    left,
    // a copy that was refused is no reason to drop the original
    removals: removals
      .filter(({ record }) => !ids.has(record.toString()))
      .sort((a, b) => compareBytes(a.record.bytes, b.record.bytes) || a.index - b.index),
    weights: weigh({ paid, results, permitted, kept, near }),
    rows: kept.sort((a, b) => (a.host === b.host ? compareBytes(a.record.bytes, b.record.bytes) : a.host < b.host ? -1 : 1)),
  }
}

/** Records whose URL decides whether an opt-out covers them: read these first, then select with `urlOf`. */
export function recordsToLookUp({ state, files, throughEpoch, charter = state.charter }: SelectInput): ReleaseRow[] {
  if (state.optouts.every((optout) => optout.pattern === null)) return []
  return collect(state, files, vestedResults(state, charter, throughEpoch)).rows.filter((row) => needsUrl(state.optouts, row.host))
}

/** A row with the one thing that only selection needs. */
export interface Candidate extends ReleaseRow {
  sketch: Uint8Array
}

/** Final epochs whose points have vested, up to the one asked for: points of e vest when e + vestingEpochs is final. */
function vestedResults(state: LedgerState, charter: Charter, throughEpoch: number | undefined): EpochResult[] {
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
  return results.filter((result) => result.epoch <= wanted).sort((a, b) => a.epoch - b.epoch)
}

/** A batch with vested points: what they are, and the value they were earned with. */
export interface PaidBatch {
  batch: BatchState
  epoch: number
  points: bigint
  /** Value of each row, as that epoch's close left them. */
  values: readonly RecordValue[]
}

interface Collected {
  paid: PaidBatch[]
  rows: Candidate[]
  removals: Removal[]
}

/** Rows of every batch with vested points, in commit order; batches that counted once and are void, to `removals`. */
function collect(state: LedgerState, files: LedgerFiles, results: EpochResult[]): Collected {
  const through = (results.at(-1) as EpochResult).epoch
  const included = new Set(includedBatches(state, through))
  const paid = vested(state, through).flatMap(({ epoch, batches }) =>
    [...batches].flatMap(([key, points]): PaidBatch[] => {
      const batch = state.batches.get(key)
      const values = results.find((result) => result.epoch === epoch)?.values.get(key) ?? []
      return batch !== undefined && included.has(key) ? [{ batch, epoch, points, values }] : []
    }),
  )
  paid.sort((a, b) => a.batch.commitIndex - b.batch.commitIndex)
  const rows = paid.flatMap(({ batch, epoch, values }) => {
    const { index, sketches } = readFiles(files, batch)
    return index.rows.map((row, i): Candidate => {
      const sketch = sketches.subarray(i * SKETCH_BYTES, (i + 1) * SKETCH_BYTES)
      return { ...rowOf(epoch, batch, row, i, values[i]?.value ?? 0), sketch }
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

const speaks = ({ release: { languages } }: Charter, language: string): boolean => languages.length === 0 || languages.includes(language)

/**
 * One row per content, and per neighbourhood of contents: rows come in commit order, so what stays was committed first.
 * Near is what the ledger calls near: `noveltyFrom` equal lanes of 128.
 */
function deduplicate(rows: readonly Candidate[], noveltyFrom: number): { fit: Candidate[]; near: Set<Candidate>; exact: number } {
  const seen = new Set<string>()
  const sketches = new NoveltyIndex()
  const near = new Set<Candidate>()
  const fit: Candidate[] = []
  for (const row of rows) {
    const keys = [toHex(row.contentDigest), row.record.toString()]
    if (keys.some((key) => seen.has(key))) continue
    if (sketches.maxEqualLanes(row.sketch, row.contentDigest) >= noveltyFrom) {
      near.add(row)
      continue
    }
    for (const key of keys) seen.add(key)
    sketches.add(row.sketch, row.contentDigest)
    fit.push(row)
  }
  return { fit, near, exact: rows.length - fit.length - near.size }
}

/** The log's own clock. A log without cosignatures has none: then the newest fetch its manifests name, so that local networks have a date too. */
function dateOf(state: LedgerState, results: readonly EpochResult[]): number {
  const cosigned = Math.max(...results.map((result) => result.closedAt), 0)
  if (cosigned > 0) return cosigned
  const manifests = results.flatMap((result) => result.batches).map((manifest) => state.batches.get(manifest)?.manifest.to ?? 0)
  return manifests.reduce((max, to) => Math.max(max, to), 0)
}
