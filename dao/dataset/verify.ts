/** Is this folder the release it says it is? Answers with everything that is wrong, and needs neither the network nor, but for the rows, DuckDB. */
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, toError } from '../../core/errors/index.ts'
import { type CID, equalBytes, toHex } from '../../schemas/wire/index.ts'
import {
  describeShares,
  digestFile,
  directoryOf,
  type ReleaseFile,
  type ReleaseManifest,
  sharesRoot,
  type ShareTable,
  type TreeEntry,
} from '../release/index.ts'
import { inside } from '../stores/index.ts'
import { readManifest, readShares } from './read-release.ts'
import { verifyRows } from './verify-rows.ts'

export interface Problem {
  code: string
  message: string
  file: string | null
}

/** What the log says of a release: its `release` entry. */
export interface LoggedRelease {
  release: CID
  throughEpoch: number
  previous: CID | null
  shares: Uint8Array
  records: number
}

export interface VerifyOptions {
  folder: string
  /** The CID that was promised; without it, the computed root is what the report names. */
  root?: CID
  /** Release entries of the log, where the caller has replayed or fetched it. */
  log?: { ledger: string; releases: readonly LoggedRelease[] }
  /** Reads every row (needs DuckDB); on unless said. */
  rows?: boolean
  signal?: AbortSignal
}

export interface VerifyReport {
  ok: boolean
  root: string
  manifest: ReleaseManifest | null
  problems: Problem[]
  /** What was looked at; `rows` is null when they were not read. */
  checked: { files: number; bytes: number; rows: number | null; log: boolean }
}

/** Never throws for a bad release: every fault is a problem with a code. */
export async function verifyRelease({ folder, root, log, rows = true, signal }: VerifyOptions): Promise<VerifyReport> {
  const problems: Problem[] = []
  const report = (code: string, message: string, file: string | null = null): void => {
    problems.push({ code, message, file })
  }
  const checked: VerifyReport['checked'] = { files: 0, bytes: 0, rows: null, log: log !== undefined }
  let manifest: ReleaseManifest
  try {
    manifest = await readManifest(folder)
  } catch (thrown) {
    report(codeOf(thrown), toError(thrown).message, 'manifest.json')
    return { ok: false, root: '', manifest: null, problems, checked }
  }

  const entries: TreeEntry[] = []
  for (const file of [...manifest.files, null]) {
    signal?.throwIfAborted()
    const name = file?.path ?? 'manifest.json'
    const digest = await digestFile(createReadStream(inside(folder, name), { highWaterMark: 1 << 20 })).catch(() => undefined)
    if (digest === undefined) {
      report('FILE_MISSING', 'the file is not there or cannot be read', name)
      continue
    }
    entries.push({ path: name, cid: digest.cid, blockBytes: digest.blockBytes })
    checked.files++
    checked.bytes += digest.bytes
    if (file !== null) compareDigest(file, digest, report)
  }
  for (const extra of await unlisted(folder, manifest)) report('UNLISTED_FILE', 'the manifest does not name this file', extra)
  const computed = directoryOf(entries).root
  if (root !== undefined && !equalBytes(root.bytes, computed.bytes)) report('ROOT_MISMATCH', `the folder is ${computed}, not ${root}`)

  const shares = await readShares(folder).catch((thrown: unknown) => {
    report(codeOf(thrown), toError(thrown).message, 'shares.json')
    return undefined
  })
  if (shares !== undefined) compareShares(manifest, shares, report)
  if (log !== undefined) compareLog(manifest, root ?? computed, log, report)
  if (rows) checked.rows = await verifyRows({ folder, manifest, report, signal })
  return { ok: problems.length === 0, root: computed.toString(), manifest, problems, checked }
}

export type Report = (code: string, message: string, file?: string | null) => void

function compareDigest(file: ReleaseFile, digest: { cid: CID; bytes: number; sha256: string }, report: Report): void {
  if (digest.bytes !== file.bytes) report('SIZE_MISMATCH', `${digest.bytes} bytes, the manifest says ${file.bytes}`, file.path)
  if (digest.sha256 !== file.sha256) report('DIGEST_MISMATCH', `SHA-256 is ${digest.sha256}, the manifest says ${file.sha256}`, file.path)
  if (digest.cid.toString() !== file.cid) report('CID_MISMATCH', `the file is ${digest.cid}, the manifest says ${file.cid}`, file.path)
}

/** The table's own sums: root, totals, ppm by largest remainder, order, and that it is the table the manifest names. */
function compareShares(manifest: ReleaseManifest, shares: ShareTable, report: Report): void {
  const at = 'shares.json'
  if (toHex(sharesRoot(shares.rows)) !== shares.root) report('SHARES_ROOT', 'the root does not cover the rows', at)
  if (shares.root !== manifest.sharesRoot) report('SHARES_ROOT', 'the manifest names another table', at)
  if (shares.ledger !== manifest.ledger || shares.throughEpoch !== manifest.throughEpoch)
    report('SHARES_OF_OTHER', 'the table is of another release', at)
  const again = describeShares({
    ledger: shares.ledger,
    throughEpoch: shares.throughEpoch,
    charter: { split: shares.split },
    weights: shares.rows.map((row) => ({ ...row, points: BigInt(row.points) })),
  })
  if (new Set(shares.rows.map((row) => `${row.role} ${row.account}`)).size !== shares.rows.length)
    report('SHARES_WRONG', 'an account stands twice', at)
  else if (JSON.stringify(again) !== JSON.stringify(shares)) report('SHARES_WRONG', 'totals or ppm are not what the points give', at)
  const records = shares.rows.reduce((sum, row) => sum + row.records, 0)
  if (records !== manifest.counts.records)
    report('SHARES_WRONG', `the table counts ${records} records, the manifest ${manifest.counts.records}`, at)
}

function compareLog(manifest: ReleaseManifest, root: CID, log: NonNullable<VerifyOptions['log']>, report: Report): void {
  if (manifest.ledger !== log.ledger) return report('OTHER_LEDGER', `the release is of ${manifest.ledger}, the log of ${log.ledger}`)
  const entry = log.releases.find((one) => equalBytes(one.release.bytes, root.bytes))
  if (entry === undefined) return report('NOT_IN_LOG', `the log has no release entry for ${root}`)
  if (toHex(entry.shares) !== manifest.sharesRoot) report('LOG_MISMATCH', 'the log names another share table')
  if (entry.records !== manifest.counts.records) report('LOG_MISMATCH', `the log says ${entry.records} records`)
  if (entry.throughEpoch !== manifest.throughEpoch) report('LOG_MISMATCH', `the log says through epoch ${entry.throughEpoch}`)
  if ((entry.previous?.toString() ?? null) !== manifest.previous) report('LOG_MISMATCH', 'the log names another previous release')
}

async function unlisted(folder: string, manifest: ReleaseManifest): Promise<string[]> {
  const known = new Set(['manifest.json', ...manifest.files.map((file) => file.path)])
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((name) => !known.has(name))
}
