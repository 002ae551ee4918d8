/**
 * What cutting a release costs, in MB of records per CPU second, over a bare DuckDB COPY of the same records from JSONL.gz to Parquet (zstd, same row
 * group, one thread), in one process:
 *   rows: select (duplicates, rules, caps), open every record, check its CID, hash every row, sort, write, describe;
 *   whole: the same with the evidence of every record checked and asked for its training statements.
 * A copy alone proves nothing, so neither can reach it: opening one gzip member per record and three SHA-256 over every byte cost more than the copy.
 * `npm run bench -- release [MB]`; 40 MB unless said.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadBatch, openRecord, rowLeaves } from '../dao/batches/index.ts'
import { cutRelease, type ReadRecord, recordReader } from '../dao/release/index.ts'
import { diskFolder, openParquet } from '../dao/stores/index.ts'
import { Duckdb, literal } from '../dao/stores/duckdb.ts'
import { concatBytes } from '../schemas/wire/index.ts'
import { buildWorld, type PageSpec, prose, type World } from '../tests/support/release-world.ts'
import { type Comparison, interleave, print, rateOf } from './interleave.ts'

const PAGE_WORDS = 420
const BATCH = 1000
const ROW_GROUP = 5000
/** Well below the 0.22 to 0.36, and 0.08 to 0.14, that a busy two-core machine gave. */
const TARGETS = { rows: 0.15, whole: 0.05 }

/** A tenth of the pages repeats an earlier text. */
function makeWorld(bytes: number): { world: World; recordBytes: number } {
  const pages: PageSpec[] = []
  for (let size = 0; size < bytes; ) {
    const i = pages.length
    const text = i % 10 === 9 ? (pages[i - 7] as PageSpec).text : prose(`page ${i}`, PAGE_WORDS)
    pages.push({ url: `https://host-${i % 97}.example/page/${i}`, text })
    size += 2 * text.length + 300
  }
  const batches = []
  for (let from = 0; from < pages.length; from += BATCH)
    batches.push({ contributor: `c${from % 7}`, epoch: 1, pages: pages.slice(from, from + BATCH) })
  const world = buildWorld({ batches, charter: { release: { hostCapPpm: 1_000_000, contributorCapPpm: 1_000_000, rowGroup: ROW_GROUP } } })
  let recordBytes = 0
  for (const { manifestCid } of world.state.batches.values())
    for (const row of loadBatch((cid) => world.files.read(cid), manifestCid)?.index.rows ?? []) recordBytes += row.bytes
  return { world, recordBytes }
}

/** The records of all batches as one file, as `records.jsonl.gz` files follow each other. */
async function writeJsonl(world: World, file: string): Promise<void> {
  const parts: Uint8Array[] = []
  for (const { manifestCid } of world.state.batches.values()) {
    const files = loadBatch((cid) => world.files.read(cid), manifestCid)
    for (const [leaf] of files?.index.recordLeaves ?? []) parts.push(world.blocks.get(leaf.toString()) as Uint8Array)
  }
  await writeFile(file, concatBytes(...parts))
}

/** Opens records as `recordReader` does, without their evidence. */
function plainReader(world: World): ReadRecord {
  const batches = new Map(
    [...world.state.batches].map(([key, { manifestCid }]) => [key, loadBatch((cid) => world.files.read(cid), manifestCid)]),
  )
  return async ({ manifest, row }) => {
    const files = batches.get(manifest.toString())
    if (files === undefined) throw new Error('no such batch')
    const leaves = rowLeaves(files.index, row).record.map(([cid]) => world.blocks.get(cid.toString()) as Uint8Array)
    const opened = openRecord(files.index, row, leaves)
    if (!opened.ok) throw new Error(opened.message)
    return { record: opened.record, fetchedAt: 0, usageTrain: 'unknown' }
  }
}

export async function benchRelease(
  megabytes = 40,
  rounds = 3,
): Promise<{ rows: Comparison; whole: Comparison; records: number; recordBytes: number }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-bench-release-'))
  try {
    const { world, recordBytes } = makeWorld(megabytes * 1e6)
    const jsonl = path.join(folder, 'records.jsonl.gz')
    await writeJsonl(world, jsonl)
    const units = recordBytes / 1e6
    const bare = () =>
      rateOf(units, async () => {
        using database = await Duckdb.open({ folders: [folder] })
        const columns =
          "columns = {url: 'VARCHAR', title: 'VARCHAR', text: 'VARCHAR', markdown: 'VARCHAR', language: 'VARCHAR', links: 'VARCHAR', data: 'VARCHAR'}"
        const source = `read_json(${literal(jsonl)}, format = 'newline_delimited', ${columns})`
        await database.run(
          `COPY (SELECT * FROM ${source}) TO ${literal(path.join(folder, 'bare.parquet'))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP})`,
        )
      })
    let run = 0
    const ours = (readRecord: () => ReadRecord) => async () => {
      const at = path.join(folder, `release-${run++}`)
      const sample = await rateOf(units, async () => {
        using parquet = await openParquet({ folder: at })
        await cutRelease({
          state: world.state,
          files: world.files,
          log: world.log,
          parquet,
          folder: diskFolder(at),
          readRecord: readRecord(),
        })
      })
      await rm(at, { recursive: true })
      return sample
    }
    const rows = await interleave(
      'cpu',
      rounds,
      ours(() => plainReader(world)),
      bare,
    )
    const whole = await interleave(
      'cpu',
      rounds,
      ours(() => recordReader({ files: world.files, get: world.get })),
      bare,
    )
    return { rows, whole, records: [...world.state.batches.values()].reduce((sum, { manifest }) => sum + manifest.count, 0), recordBytes }
  } finally {
    await rm(folder, { recursive: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { rows, whole, records, recordBytes } = await benchRelease(Number(process.argv[2] ?? 40))
  console.log(`${records} records, ${(recordBytes / 1e6).toFixed(1)} MB`)
  print('rows: release / bare COPY', 'MB', rows)
  print('whole: release with evidence / bare COPY', 'MB', whole)
  if (rows.ratio < TARGETS.rows || whole.ratio < TARGETS.whole) process.exitCode = 1
}
