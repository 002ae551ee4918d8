/** What `quern up` says at the end: who gathered what, what it is worth, and where everything lies. */
import path from 'node:path'
import type { LedgerState } from '../../dao/ledger/index.ts'
import { splitLargestRemainder } from '../../dao/rewards/index.ts'
import { table } from '../program/index.ts'

export interface UpSummary {
  rules: 'local rules'
  ledger: string
  epoch: number
  root: string
  final: boolean
  contributors: {
    name: string
    account: string
    records: number
    credibilityPpm: number
    points: string
    sharePpm: number
    note: string | null
  }[]
  release: { cid: string; folder: string; parquet: string; records: number } | null
  api: string
  home: string
}

const SHARE_PPM = 1_000_000n

/** Shares are of the contributors' part, to the last ppm by largest remainder. */
export function summarize(state: LedgerState, names: ReadonlyMap<string, string>, where: { home: string; api: string }): UpSummary {
  const last = state.results.at(-1)
  const rows = (last?.rows ?? []).filter((row) => row.role === 'contributor')
  const shares = splitLargestRemainder(
    SHARE_PPM,
    rows.map((row) => ({ id: row.account, weight: BigInt(row.points) })),
  )
  const release = state.releases.at(-1)
  const folder = release === undefined ? '' : path.join(where.home, 'dao', 'releases', release.release.toString())
  return {
    rules: 'local rules',
    ledger: state.id,
    epoch: last?.epoch ?? 0,
    root: last === undefined ? '' : Buffer.from(last.root).toString('hex'),
    final: last?.final ?? false,
    contributors: rows
      .map((row) => ({
        name: names.get(row.account) ?? row.account,
        account: row.account,
        records: row.records,
        credibilityPpm: row.credibility,
        points: row.points,
        sharePpm: Number(shares.get(row.account) ?? 0n),
        note: row.note,
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    release:
      release === undefined
        ? null
        : { cid: release.release.toString(), folder, parquet: path.join(folder, 'data', '*.parquet'), records: release.records },
    api: where.api,
    home: where.home,
  }
}

/** How the command is called: from a checkout, where sources run as they are, or as it was installed. */
const QUERN = import.meta.url.endsWith('.ts') ? 'npm run -s quern --' : 'quern'
const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(2)} %`

export function summaryText(summary: UpSummary): string {
  const rows = [
    ['contributor', 'records', 'credibility', 'points', 'share', ''],
    ...summary.contributors.map((c) => [c.name, String(c.records), percent(c.credibilityPpm), c.points, percent(c.sharePpm), c.note ?? '']),
  ]
  const { release } = summary
  const lines = [
    '',
    table(rows),
    '',
    `ledger    ${summary.ledger}  (${summary.rules})`,
    `epoch     ${summary.epoch}  root ${summary.root.slice(0, 16)}…  ${summary.final ? 'final' : 'not final yet'}`,
  ]
  if (release) lines.push(`release   ${release.cid}  ${release.records} records`, `parquet   ${release.parquet}`)
  else lines.push('release   none: nothing to release')
  if (summary.api !== '') lines.push(`api       ${summary.api}`)
  lines.push(`home      ${summary.home}`, '', 'Try next:')
  if (release) lines.push(`  ${QUERN} dataset query ${release.folder} --language en --limit 5 --columns url,title,n_tokens`)
  lines.push(`  ${QUERN} ledger audit ${path.join(summary.home, 'dao', 'log')}`)
  return lines.join('\n')
}
