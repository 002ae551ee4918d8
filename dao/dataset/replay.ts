/** The auditor's question: does the ledger give this release? Selects again from a replayed state and compares rows and shares. */
import { codeOf, toError } from '../../core/errors/index.ts'
import { describeShares, type ReleaseManifest, selectRecords, type ShareTable } from '../release/index.ts'
import type { LedgerFiles, LedgerState } from '../ledger/index.ts'
import { openQueries } from '../stores/index.ts'
import { parquetFiles } from './read-release.ts'
import type { Problem } from './verify.ts'

export interface ReplayRelease {
  folder: string
  manifest: ReleaseManifest
  shares: ShareTable
  /** The fold after exactly `manifest.checkpoint.size` entries. */
  state: LedgerState
  files: LedgerFiles
}

/** At most so many ids are named one by one. */
const MOST = 5

/**
 * Everything in which the ledger and the release differ; empty when it gives this release and no other. Evidence is not needed: of records that a
 * release left out for what their evidence reserves, or for a path opt-out, the release's own silence is taken as said.
 */
export async function replayRelease({ folder, manifest, shares, state, files }: ReplayRelease): Promise<Problem[]> {
  const problems: Problem[] = []
  const report = (code: string, message: string, file: string | null = null): void => {
    problems.push({ code, message, file })
  }
  if (state.id !== manifest.ledger) report('OTHER_LEDGER', `the release is of ${manifest.ledger}, the log of ${state.id}`)
  if (state.size !== manifest.checkpoint.size) report('OTHER_SIZE', `replay ${manifest.checkpoint.size} entries: these are ${state.size}`)
  if (state.charterCid.toString() !== manifest.charter.cid) report('OTHER_CHARTER', `the charter in force is ${state.charterCid}`)
  if (problems.length > 0) return problems

  const { queryParquet } = await openQueries()
  const urls = new Map<string, string>()
  for await (const row of queryParquet({ files: parquetFiles(folder, manifest), columns: ['id', 'url'] }))
    urls.set(String(row.id), String(row.url ?? ''))
  const input = {
    state,
    files,
    throughEpoch: manifest.throughEpoch,
    urlOf: (record: { toString(): string }) => urls.get(record.toString()),
  }
  try {
    let selection = selectRecords(input)
    if (manifest.counts.left.permission > 0) {
      const silent = selection.rows.map((row) => row.record.toString()).filter((id) => !urls.has(id))
      if (silent.length > manifest.counts.left.permission)
        report(
          'ROWS_MISSING',
          `${silent.length} selected records are not in the release, ${manifest.counts.left.permission} of them for their evidence`,
        )
      selection = selectRecords({ ...input, denied: new Set(silent) })
    }
    const wanted = new Set(selection.rows.map((row) => row.record.toString()))
    const missing = [...wanted].filter((id) => !urls.has(id))
    const extra = [...urls.keys()].filter((id) => !wanted.has(id))
    for (const id of missing.slice(0, MOST)) report('ROWS_MISSING', `the ledger selects ${id}, the release lacks it`)
    for (const id of extra.slice(0, MOST)) report('ROWS_EXTRA', `the release holds ${id}, the ledger does not select it`)
    const table = describeShares(selection)
    if (table.root !== shares.root || JSON.stringify(table) !== JSON.stringify(shares))
      report('SHARES_WRONG', 'the ledger gives other shares', 'shares.json')
    if (selection.at !== manifest.at)
      report('DATE_WRONG', `by the log’s cosignatures the release is of ${selection.at}, not ${manifest.at}`, 'manifest.json')
    if ((selection.previous?.toString() ?? null) !== manifest.previous)
      report('PREVIOUS_WRONG', 'the log names another previous release', 'manifest.json')
  } catch (thrown) {
    report(codeOf(thrown), toError(thrown).message)
  }
  return problems
}
