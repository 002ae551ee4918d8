/** "Am I in it?", answered so that a third party can check: one row and its path in the release's row tree (RFC 6962 2.1.1). */
import { z } from 'zod'
import { InvalidInputError } from '../../core/errors/index.ts'
import { canonicalJson, concatBytes, fromHex, merkleRootOfHashes, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { inclusionRanges, verifyInclusion } from '../log/index.ts'
import { type Cells, COLUMNS, columnsIn, placeOfColumn, type ReleaseManifest, rowHash } from '../release/index.ts'
import { openQueries } from '../stores/index.ts'
import { parquetFiles } from './read-release.ts'

const hex32 = z.string().regex(/^[0-9a-f]{64}$/)
const columnNames = COLUMNS.map(({ name }) => name)
const oneCell = z.union([z.string(), z.int(), z.boolean(), z.null()])
const cell: z.ZodType<Cells[number]> = z.union([oneCell, z.array(oneCell).max(1000)])

export const recordReceipt = z.strictObject({
  v: z.literal(1),
  ledger: z.string().max(128),
  throughEpoch: z.int().min(0),
  /** The root that the release's `manifest.json` names. */
  rowsRoot: hex32,
  index: z.int().min(0),
  size: z.int().min(1),
  /** Siblings, the leaf's first. */
  proof: z.array(hex32).max(64),
  /** The row by column names; a time is Unix milliseconds. */
  row: z
    .object(Object.fromEntries(columnNames.map((name) => [name, cell])) as Record<string, z.ZodType<Cells[number]>>)
    // the release's own columns
    .catchall(cell),
})
export type RecordReceipt = z.infer<typeof recordReceipt>

/** Reads every row once. Throws InvalidInputError NOT_IN_RELEASE. */
export async function receiptOf(folder: string, manifest: ReleaseManifest, id: string): Promise<RecordReceipt> {
  const { readCells } = await openQueries()
  const hashes: Uint8Array[] = []
  const columns = columnsIn(manifest)
  let found: { index: number; cells: Cells } | undefined
  for (const file of parquetFiles(folder, manifest))
    for await (const cells of readCells(file, columns)) {
      if (cells[placeOfColumn('id')] === id) found = { index: hashes.length, cells }
      hashes.push(rowHash(cells, columns))
    }
  if (found === undefined) throw new InvalidInputError('NOT_IN_RELEASE', `no record ${id} in this release`)
  return {
    v: 1,
    ledger: manifest.ledger,
    throughEpoch: manifest.throughEpoch,
    rowsRoot: toHex(merkleRootOfHashes(hashes)),
    index: found.index,
    size: hashes.length,
    proof: inclusionRanges(found.index, hashes.length).map(([from, to]) => toHex(merkleRootOfHashes(hashes.slice(from, to)))),
    row: Object.fromEntries(columns.map(({ name }, i) => [name, found.cells[i] ?? null])),
  }
}

/** Whether the row lies under the root that the receipt names; whether that is a release's root, its `manifest.json` says. */
export function verifyReceipt({ row, index, size, proof, rowsRoot }: RecordReceipt): boolean {
  const leaf = sha256(concatBytes(Uint8Array.of(0), utf8(canonicalJson(row))))
  return verifyInclusion(proof.map(fromHex), { leaf, index, size, root: fromHex(rowsRoot) })
}
