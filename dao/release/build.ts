/** Selection -> a folder of ordinary files and the one CID that names them. */
import { FatalError, RefusedError } from '../../core/errors/index.ts'
import { type Block, type CID, canonicalJson, fromHex, merkleRootOfHashes, toHex, UNIXFS_PROFILE, utf8 } from '../../schemas/wire/index.ts'
import { describeCard } from './card.ts'
import { type Cells, type Column, columnsOf } from './columns.ts'
import { describeAiAct, describeProvenance } from './compliance.ts'
import { describeCroissant } from './croissant.ts'
import { type FileDigest, digestFile, leafBlocks } from './digest.ts'
import { isoTime, RELEASE_FORMAT, type ReleaseFile, type ReleaseManifest, releaseManifest } from './manifest.ts'
import type { ReadRecord } from './row.ts'
import { describeShares, type ShareTable } from './shares.ts'
import { Tallies } from './tallies.ts'
import { directoryOf } from './tree.ts'
import type { Selection } from './types.ts'
import { shardsOf, writeShard } from './write-shard.ts'

/** Writes Parquet; `dao/stores` does it with DuckDB. Files appear at `path` in the release's folder when `close` resolves. */
export interface ParquetWriter {
  /** Goes into the manifest: other versions may write other bytes for the same rows. */
  readonly version: string
  create(
    path: string,
    options: { rowGroup: number; columns?: readonly Column[] },
  ): Promise<{ append(cells: Cells): void | Promise<void>; close(): Promise<void> }>
}

/** Where the files of a release lie; paths are relative, with `/`. */
export interface ReleaseFolder {
  write(path: string, bytes: Uint8Array): Promise<void>
  read(path: string): AsyncIterable<Uint8Array>
}

export interface BuildInput {
  selection: Selection
  readRecord: ReadRecord
  parquet: ParquetWriter
  folder: ReleaseFolder
  /** Origin and RFC 6962 root of the log at `selection.size`. */
  log: { origin: string; root: Uint8Array }
  signal?: AbortSignal
  onProgress?: (done: number, of: number) => void
}

export interface Release {
  root: CID
  manifest: ReleaseManifest
  shares: ShareTable
  /** What the log's `release` entry takes; its name, unlike the manifest's, is the DAO's and the epoch's: a ledger takes a name once. */
  entry: { release: CID; name: string; throughEpoch: number; previous: CID | null; shares: Uint8Array; records: number }
  /** Every block of the DAG, leaves read again from the folder; children before parents, the root last. */
  blocks(): AsyncIterable<Block>
}

/**
 * Writes the release. The same selection and records give the same root CID on any machine with the same writer version:
 * no clock, no host name, no order but the selection's. Throws FatalError RECORD_MISMATCH, BAD_RECORD, or what `readRecord` throws;
 * TrainingDenied with every record whose evidence denies training: `cutRelease` selects again without them.
 */
export async function buildRelease(input: BuildInput): Promise<Release> {
  const { selection, folder } = input
  const tallies = new Tallies()
  const rowHashes: Uint8Array[] = []
  const files: { file: ReleaseFile; digest: FileDigest }[] = []
  const add = async (path: string, rows: { count: number; root: Uint8Array } | null = null): Promise<void> => {
    const digest = await digestFile(folder.read(path))
    const { cid, bytes, sha256 } = digest
    files.push({
      digest,
      file: { path, bytes, sha256, cid: cid.toString(), rows: rows?.count ?? null, rowsRoot: rows === null ? null : toHex(rows.root) },
    })
  }
  const write = async (path: string, text: string): Promise<void> => {
    await folder.write(path, utf8(text))
    await add(path)
  }

  const shards = shardsOf(selection.rows, selection.charter.release.shardBytes)
  for (const [i, rows] of shards.entries()) {
    const path = `data/train-${five(i)}-of-${five(shards.length)}.parquet`
    const hashes = await writeShard(path, rows, input, tallies, rowHashes.length)
    await add(path, { count: rows.length, root: merkleRootOfHashes(hashes) })
    for (const hash of hashes) rowHashes.push(hash)
  }
  if (tallies.denied.length > 0) throw new TrainingDenied(tallies.denied)
  const shares = describeShares(selection)
  await write('shares.json', pretty(shares))
  await write('removals.jsonl', selection.removals.map((r) => `${canonicalJson({ ...r, record: r.record.toString() })}\n`).join(''))

  const draft = manifestOf(input, tallies, shares, rowHashes)
  const described = { ...draft, files: files.map(({ file }) => file) }
  await write('croissant.json', pretty(describeCroissant(described)))
  await write('README.md', describeCard(described))
  await write('provenance.json', pretty(describeProvenance(described)))
  await write('ai-act-53-1-d.json', pretty(describeAiAct(described)))
  const manifest = releaseManifest.parse({ ...draft, files: files.map(({ file }) => file) })
  await write('manifest.json', pretty(manifest))

  const entries = files.map(({ file, digest }) => ({ path: file.path, cid: digest.cid, blockBytes: digest.blockBytes }))
  const tree = directoryOf(entries)
  return {
    root: tree.root,
    manifest,
    shares,
    entry: {
      release: tree.root,
      name: `${manifest.name}-${manifest.throughEpoch}`,
      throughEpoch: manifest.throughEpoch,
      previous: selection.previous,
      shares: fromHex(shares.root),
      records: manifest.counts.records,
    },
    async *blocks() {
      for (const { file, digest } of files) {
        yield* leafBlocks(folder.read(file.path))
        yield* digest.inner
      }
      yield* tree.blocks
    },
  }
}

export class TrainingDenied extends RefusedError {
  readonly records: readonly CID[]
  constructor(records: readonly CID[]) {
    super('TRAINING_DENIED', `the evidence of ${records.length} selected records denies training`, { detail: { records: records.length } })
    this.records = records
  }
}

function manifestOf(
  { selection, parquet, log }: BuildInput,
  tallies: Tallies,
  shares: ShareTable,
  rowHashes: Uint8Array[],
): Omit<ReleaseManifest, 'files'> {
  const { charter } = selection
  if (tallies.all.records !== selection.rows.length) throw new FatalError('RELEASE_INCOMPLETE', 'fewer rows written than selected')
  return {
    v: 1,
    format: RELEASE_FORMAT,
    name: charter.name,
    title: charter.title,
    description: charter.description,
    ledger: selection.ledger,
    at: selection.at,
    date: isoTime(selection.at),
    epochs: selection.epochs,
    throughEpoch: selection.throughEpoch,
    charter: { cid: selection.charterCid.toString(), version: charter.version },
    checkpoint: { origin: log.origin, size: selection.size, root: toHex(log.root) },
    previous: selection.previous?.toString() ?? null,
    license: charter.release.license,
    contact: charter.contact,
    rules: {
      minQualityPpm: charter.release.minQualityPpm,
      languages: charter.release.languages,
      nearDuplicateLanes: charter.value.noveltyFrom,
      hostCapPpm: charter.release.hostCapPpm,
      contributorCapPpm: charter.release.contributorCapPpm,
      vestingEpochs: charter.vestingEpochs,
      profile: charter.sources.profile,
      sort: 'host, id',
      rowGroup: charter.release.rowGroup,
      shardBytes: charter.release.shardBytes,
    },
    ...tallies.describe(selection),
    columns: [...columnsOf(charter.selectors)],
    rowsRoot: toHex(merkleRootOfHashes(rowHashes)),
    sharesRoot: shares.root,
    pipelines: [...new Set(selection.rows.map((row) => row.pipeline))].toSorted(),
    tools: { parquet: parquet.version, unixfs: UNIXFS_PROFILE },
  }
}

const five = (n: number): string => String(n).padStart(5, '0')
/** For people to read; the keys stand in the order they were written in, which is fixed. */
const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
