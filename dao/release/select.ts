import {
  type BatchIndex,
  batchIndex,
  type Charter,
  type CID,
  compareBytes,
  type IndexRow,
  MAX_INDEX_BYTES,
  parse,
  SKETCH_BYTES,
  toHex,
} from '../../schemas/wire/index.ts'
import { FatalError, RefusedError } from '../../core/errors/index.ts'
import type { BatchState, EpochResult, LedgerFiles, LedgerState } from '../ledger/index.ts'
import { hostKey, NoveltyIndex } from '../rewards/index.ts'
import { applyCaps } from './caps.ts'
import { needsUrl, optOutOf } from './opt-out.ts'
import { weigh } from './shares.ts'
import type { ReleaseRow, Removal, RemovalReason, Selection } from './types.ts'

export interface SelectInput {
  state: LedgerState
  files: LedgerFiles
  /** Last epoch to take; the last vested one unless said. */
  throughEpoch?: number
  /** The charter in force unless said: `dao simulate` asks what another would have given. */
  charter?: Charter
  /** URL of a record, asked only where an opt-out has a path pattern; a record without an answer counts as opted out. */
  urlOf?: (record: CID) => string | undefined
}

/**
 * What a release holds: a pure function of the ledger, so that anyone selects the same rows.
 * Vested batches, less opted-out hosts, less what the charter's quality and language rules refuse, less exact and near duplicates (the first
 * commit stays), within the host and contributor caps (a host as the ledger counts it: its registrable domain); sorted by host, then record CID:
 * both are in the ledger's files, and neighbours of one host compress well and let a reader skip whole row groups.
 * Throws RefusedError NOT_VESTED, NOTHING_TO_RELEASE or CAPS_LEAVE_NOTHING; FatalError FILE_MISSING.
 */
export function selectRecords({ state, files, charter = state.charter, urlOf = () => undefined, ...input }: SelectInput): Selection {
  const results = vestedResults(state, charter, input.throughEpoch)
  const { rows: all, removals } = collect(state, files, results)
  const left = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<RemovalReason, number>
  left.void = removals.length

  const permitted = all.filter((row) => {
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
    weights: weigh({ state, results, permitted, kept, near }),
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

const REASONS: RemovalReason[] = [
  'opt-out',
  'void',
  'exact-duplicate',
  'near-duplicate',
  'quality',
  'language',
  'host-cap',
  'contributor-cap',
]

/** Final epochs whose points have vested: points of e vest when e + vestingEpochs is final. */
function vestedResults(state: LedgerState, charter: Charter, throughEpoch: number | undefined): EpochResult[] {
  const final = state.results.filter((result) => result.final)
  const newest = Math.max(-1, ...final.map((result) => result.epoch))
  const vested = final.filter((result) => result.epoch + charter.vestingEpochs <= newest).sort((a, b) => a.epoch - b.epoch)
  const last = vested.at(-1)?.epoch
  if (last === undefined || (throughEpoch ?? last) > last)
    throw new RefusedError(
      'NOT_VESTED',
      `points vest ${charter.vestingEpochs} epochs after theirs; ${last === undefined ? 'none has vested yet' : `vested up to epoch ${last}`}`,
      {
        detail: { throughEpoch: throughEpoch ?? null, lastVested: last ?? null, newestFinal: newest },
      },
    )
  return vested.filter((result) => result.epoch <= (throughEpoch ?? last))
}

/** Rows of every counted batch in commit order; batches that are void, or whose epoch earned their contributor nothing, go to `removals`. */
function collect(state: LedgerState, files: LedgerFiles, results: EpochResult[]): { rows: Candidate[]; removals: Removal[] } {
  const rows: Candidate[] = []
  const removals: Removal[] = []
  const ordered = results.flatMap((result) => result.batches.map((manifest, place) => ({ result, manifest, place })))
  const batches = ordered.flatMap(({ result, manifest, place }) => {
    const batch = state.batches.get(manifest)
    return batch === undefined ? [] : [{ result, batch, place, values: result.values.get(manifest) ?? [] }]
  })
  batches.sort((a, b) => a.batch.commitIndex - b.batch.commitIndex || a.result.epoch - b.result.epoch || a.place - b.place)
  for (const { result, batch, values } of batches) {
    const { index, sketches } = readBatch(files, batch)
    const earned = state.contributors.get(batch.contributor)?.points.get(result.epoch)
    const gone = batch.voided !== null || earned === undefined || earned.void !== null || earned.points === 0n || earned.cap === 0
    if (gone) {
      const at = batch.voided?.index ?? state.contributors.get(batch.contributor)?.revoked?.index ?? result.closeIndex
      for (const row of index.rows) removals.push({ record: row.record, host: row.host, reason: 'void', index: at })
    } else {
      index.rows.forEach((row, i) => {
        const sketch = sketches.subarray(i * SKETCH_BYTES, (i + 1) * SKETCH_BYTES)
        rows.push({ ...rowOf(result.epoch, batch, row, i, values[i]?.value ?? 0), sketch })
      })
    }
  }
  return { rows, removals }
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

function readBatch(files: LedgerFiles, { manifest, manifestCid }: BatchState): { index: BatchIndex; sketches: Uint8Array } {
  const read = (file: CID): Uint8Array => {
    const bytes = files.read(file)
    if (bytes !== undefined) return bytes
    throw new FatalError('FILE_MISSING', `a file of batch ${manifestCid} is not among the ledger’s files`, {
      detail: { file: String(file) },
    })
  }
  return { index: parse(batchIndex, read(manifest.index), MAX_INDEX_BYTES), sketches: read(manifest.sketches) }
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
