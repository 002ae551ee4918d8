/** One Parquet file of a release: its records read ahead, checked, counted, hashed and written in order. */
import type { BuildInput } from './build.ts'
import { columnsOf, placeOf, rowHash } from './columns.ts'
import { cellsOf, type ReadRecord, type RecordFacts } from './row.ts'
import type { Tallies } from './tallies.ts'
import type { ReleaseRow, Selection } from './types.ts'

/** Records read ahead of the writer: reading waits on disks and peers, writing on this process. */
const READ_AHEAD = 32

/** Rows in order, a new shard before the one whose records would pass `shardBytes`: known from the index, so the file names are too. */
export function shardsOf(rows: readonly ReleaseRow[], shardBytes: number): ReleaseRow[][] {
  const shards: ReleaseRow[][] = []
  let held = Number.POSITIVE_INFINITY
  for (const row of rows) {
    if (held + row.bytes > shardBytes && (held > 0 || shards.length === 0)) {
      shards.push([])
      held = 0
    }
    shards.at(-1)?.push(row)
    held += row.bytes
  }
  return shards
}

/** Gives the rows' leaf hashes; `before` counts the rows of earlier shards, for the progress. */
export async function writeShard(
  path: string,
  rows: ReleaseRow[],
  input: BuildInput,
  tallies: Tallies,
  before: number,
): Promise<Uint8Array[]> {
  const { selection, readRecord, parquet, signal, onProgress } = input
  const hashes: Uint8Array[] = []
  const columns = columnsOf(selection.charter.selectors)
  const shard = await parquet.create(path, { rowGroup: selection.charter.release.rowGroup, columns })
  const ahead: ReturnType<ReadRecord>[] = []
  try {
    for (let i = 0; i < rows.length; i++) {
      signal?.throwIfAborted()
      for (let next = i + ahead.length; ahead.length < READ_AHEAD && next < rows.length; next++) {
        const reading = readRecord(rows[next] as ReleaseRow)
        // a later record that fails is reported when its turn comes, not as an unhandled rejection before
        reading.catch(() => {})
        ahead.push(reading)
      }
      const row = rows[i] as ReleaseRow
      const facts = await (ahead.shift() as ReturnType<ReadRecord>)
      if (isDenied(facts, selection)) tallies.denied.push(row.record)
      const cells = cellsOf(row, facts, columns)
      tallies.add(row, Number(cells[placeOf('n_bytes')]), cells[placeOf('license_spdx')] as string | null, facts.fetchedAt)
      hashes.push(rowHash(cells, columns))
      await shard.append(cells)
      if ((i + 1) % 1024 === 0) onProgress?.(before + i + 1, selection.rows.length)
    }
  } finally {
    await shard.close()
  }
  onProgress?.(before + rows.length, selection.rows.length)
  return hashes
}

/** A strict charter keeps only what permits; any charter leaves out what denies. */
const isDenied = ({ usageTrain }: RecordFacts, { charter }: Selection): boolean =>
  usageTrain === 'deny' || (usageTrain === 'unknown' && charter.sources.profile === 'strict')
