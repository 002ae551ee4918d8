/** The whole log against its root: every tile and bundle recomputed, and the first wrong file named. */
import { FatalError } from '../../core/errors/index.ts'
import { equalBytes } from '../../schemas/wire/index.ts'
import { CompactRange, HASH_BYTES, leafHash, rootOfLeaves } from './merkle.ts'
import { LogReader } from './log-reader.ts'
import { readEntries, readHashes } from './read-tile.ts'
import { CHECKPOINT_PATH, hashTilesOf, type Tile, TILE_HEIGHT, TILE_WIDTH, tileAt, tilePath } from './tiles.ts'
import type { TileSource } from './types.ts'

export type LogVerdict =
  | { ok: true; entries: number; files: number }
  /** `file` is the first that is wrong or missing. `entries` count as verified up to it. */
  | { ok: false; file: string; code: 'LOG_FILE_MISSING' | 'LOG_FILE_BAD' | 'LOG_ROOT_MISMATCH'; message: string }

/**
 * Recomputes a log of `size` entries from its bundles and compares every hash tile and the root.
 * When the bundles give the root, they are right and any differing tile is wrong; when they do not, the tiles are held against the
 * root instead, and the bundle that differs from them is wrong. `onEntries` sees each bundle's entries on the way (a replay).
 */
export async function verifyLog(
  source: TileSource,
  { size, root }: { size: number; root: Uint8Array },
  onEntries?: (entries: Uint8Array[], from: number) => void,
): Promise<LogVerdict> {
  const range = new CompactRange()
  /** Per tile level the hashes seen so far, as they will be compared. */
  const levels: Uint8Array[][] = []
  let wrongTile: LogVerdict | undefined
  let wrongBundle: LogVerdict | undefined
  let files = 0

  const compare = async (tile: Tile, expected: Uint8Array[]): Promise<void> => {
    files++
    const verdict = await sameHashes(source, tile, expected)
    if (!verdict.ok) wrongTile ??= verdict
  }

  for (let index = 0, tile = tileAt(size, 'entries', 0); tile; tile = tileAt(size, 'entries', ++index)) {
    files++
    let entries: Uint8Array[]
    try {
      entries = await readEntries(source, tile)
    } catch (error) {
      wrongBundle = damaged(tile, error)
      break
    }
    onEntries?.(entries, index * TILE_WIDTH)
    for (const entry of entries)
      range.append(leafHash(entry), (height, hash) => {
        if (height % TILE_HEIGHT === 0) (levels[height / TILE_HEIGHT] ??= []).push(hash)
      })
    for (const [level, hashes] of levels.entries())
      if (hashes.length === TILE_WIDTH)
        await compare({ level, index: Math.floor(range.size / TILE_WIDTH ** (level + 1)) - 1, width: TILE_WIDTH }, hashes.splice(0))
  }
  if (!wrongBundle)
    for (const [level, hashes] of levels.entries()) {
      const tile = tileAt(size, level, Math.floor(range.size / TILE_WIDTH ** (level + 1)))
      if (tile && hashes.length > 0) await compare(tile, hashes)
    }
  if (!wrongBundle && equalBytes(range.root(), root)) return wrongTile ?? { ok: true, entries: size, files }
  return blame(source, size, root, wrongBundle)
}

/** The bundles do not give the root: finds the first file that the root does not bear out, from the top of the tree down. */
async function blame(source: TileSource, size: number, root: Uint8Array, unreadable: LogVerdict | undefined): Promise<LogVerdict> {
  const wrongTile = await firstWrongTile(source, size, root)
  if (unreadable) return unreadable
  if (wrongTile) return wrongTile
  for (let index = 0, tile = tileAt(size, 'entries', 0); tile; tile = tileAt(size, 'entries', ++index)) {
    try {
      const verdict = await sameHashes(source, { ...tile, level: 0 }, (await readEntries(source, tile)).map(leafHash))
      if (!verdict.ok) return bad(tile, 'its entries are not those that the checkpoint covers')
    } catch (error) {
      return damaged(tile, error)
    }
  }
  throw new FatalError('LOG_CHANGED', 'the files changed while they were verified; verify again')
}

/** The right edge must give the root; then each tile, from the highest level down, must give its hash in the tile above. */
async function firstWrongTile(source: TileSource, size: number, root: Uint8Array): Promise<LogVerdict | undefined> {
  let edge: Uint8Array
  try {
    edge = await new LogReader(source, size).root()
  } catch (error) {
    if (!(error instanceof FatalError)) throw error
    return { ok: false, file: String(error.detail['path']), code: codeOfFile(error), message: error.message }
  }
  if (!equalBytes(edge, root))
    return {
      ok: false,
      file: CHECKPOINT_PATH,
      code: 'LOG_ROOT_MISMATCH',
      message: 'neither the entries nor the tiles give the root of the checkpoint: it is that of another log, or several files are damaged',
    }
  for (const tile of [...hashTilesOf(size)].toReversed()) {
    const above = tileAt(size, tile.level + 1, Math.floor(tile.index / TILE_WIDTH))
    try {
      const hashes = await readHashes(source, tile)
      if (tile.width < TILE_WIDTH || !above) continue // the right edge, compared already
      if (!equalBytes(rootOfLeaves(hashes), (await readHashes(source, above))[tile.index % TILE_WIDTH] as Uint8Array))
        return bad(tile, 'it does not give its hash in the tile above')
    } catch (error) {
      return damaged(tile, error)
    }
  }
  return undefined
}

async function sameHashes(source: TileSource, tile: Tile, expected: Uint8Array[]): Promise<LogVerdict> {
  try {
    const found = await readHashes(source, tile)
    const at = found.findIndex((hash, i) => !equalBytes(hash, expected[i] ?? new Uint8Array(HASH_BYTES)))
    return at < 0 ? { ok: true, entries: 0, files: 1 } : bad(tile, `hash ${at} is not that of the entries below it`)
  } catch (error) {
    return damaged(tile, error)
  }
}

function damaged(tile: Tile, error: unknown): LogVerdict {
  if (!(error instanceof FatalError)) throw error
  return { ok: false, file: tilePath(tile), code: codeOfFile(error), message: error.message }
}

const codeOfFile = ({ code }: FatalError): 'LOG_FILE_MISSING' | 'LOG_FILE_BAD' => (code === 'LOG_FILE_MISSING' ? code : 'LOG_FILE_BAD')

function bad(tile: Tile, why: string): LogVerdict {
  return { ok: false, file: tilePath(tile), code: 'LOG_FILE_BAD', message: `${tilePath(tile)} is wrong: ${why}` }
}
