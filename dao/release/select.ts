import { RefusedError } from '../../core/errors/index.ts'
import type { EpochResult, LedgerFiles, LedgerState } from '../ledger/index.ts'
import { hostKey } from '../rewards/index.ts'
import { type Charter, type CID, compareBytes } from '../../schemas/wire/index.ts'
import { applyCaps } from './caps.ts'
import { collect, vestedResults } from './collect.ts'
import { deduplicate } from './deduplicate.ts'
import { needsUrl, OptOutIndex } from '../optouts/index.ts'
import { weigh } from './shares.ts'
import { REMOVAL_REASONS, type ReleaseRow, type RemovalReason, type Selection } from './types.ts'

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
 * Vested batches, less opted-out hosts and what denies training, less what the charter's quality and language rules refuse, less exact and near
 * duplicates (the first commit stays), within the host and contributor caps (a host as the ledger counts it: its registrable domain); sorted by host, then record CID:
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

  const optouts = new OptOutIndex().take(state.optouts)
  const permitted = all.filter((row) => {
    if (denied.has(row.record.toString())) {
      left.permission++
      return false
    }
    const optout = optouts.find(row.host, urlOf(row.record))
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
      .toSorted((a, b) => compareBytes(a.record.bytes, b.record.bytes) || a.index - b.index),
    weights: weigh({ paid, results, permitted, kept, near }),
    rows: kept.toSorted((a, b) => (a.host === b.host ? compareBytes(a.record.bytes, b.record.bytes) : a.host < b.host ? -1 : 1)),
  }
}

/** Records whose URL decides whether an opt-out covers them: read these first, then select with `urlOf`. */
export function recordsToLookUp({ state, files, throughEpoch, charter = state.charter }: SelectInput): ReleaseRow[] {
  if (state.optouts.every((optout) => optout.pattern === null)) return []
  return collect(state, files, vestedResults(state, charter, throughEpoch)).rows.filter((row) => needsUrl(state.optouts, row.host))
}

const speaks = ({ release: { languages } }: Charter, language: string): boolean => languages.length === 0 || languages.includes(language)

/** The log's own clock. A log without cosignatures has none: then the newest fetch its manifests name, so that local networks have a date too. */
function dateOf(state: LedgerState, results: readonly EpochResult[]): number {
  const cosigned = Math.max(...results.map((result) => result.closedAt), 0)
  if (cosigned > 0) return cosigned
  const manifests = results.flatMap((result) => result.batches).map((manifest) => state.batches.get(manifest)?.manifest.to ?? 0)
  return manifests.reduce((max, to) => Math.max(max, to), 0)
}
