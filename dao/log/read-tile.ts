/** Reads tiles and bundles from a source, with the fallback that the format asks for: a partial tile may be gone once the full one exists. */
import { FatalError } from '../../core/errors/index.ts'
import { HASH_BYTES } from './merkle.ts'
import { decodeBundle, hashesOf, type Tile, TILE_WIDTH, tilePath } from './tiles.ts'
import type { TileSource } from './types.ts'

/** The hashes of a tile. Throws FatalError LOG_FILE_MISSING or LOG_FILE_BAD, naming the file. */
export async function readHashes(source: TileSource, tile: Tile): Promise<Uint8Array[]> {
  const { path, bytes } = await readEither(source, tile)
  if (bytes.byteLength % HASH_BYTES !== 0) throw wrong(path, `${bytes.byteLength} bytes are no whole number of hashes`)
  return exactly(tile, path, hashesOf(bytes))
}

/** The entries of a bundle. Throws FatalError LOG_FILE_MISSING or LOG_FILE_BAD, naming the file. */
export async function readEntries(source: TileSource, tile: Tile): Promise<Uint8Array[]> {
  const { path, bytes } = await readEither(source, tile)
  const entries = decodeBundle(bytes)
  if (!entries) throw wrong(path, 'its lengths do not fit its bytes')
  return exactly(tile, path, entries)
}

async function readEither(source: TileSource, tile: Tile): Promise<{ path: string; bytes: Uint8Array }> {
  for (const path of new Set([tilePath(tile), tilePath({ ...tile, width: TILE_WIDTH })])) {
    const bytes = await source.read(path)
    if (bytes) return { path, bytes }
  }
  throw new FatalError('LOG_FILE_MISSING', `${tilePath(tile)} is missing`, { detail: { path: tilePath(tile) } })
}

function exactly<T>(tile: Tile, path: string, found: T[]): T[] {
  const expected = path === tilePath(tile) ? tile.width : TILE_WIDTH
  if (found.length !== expected) throw wrong(path, `it holds ${found.length} items, not ${expected}`)
  return found.slice(0, tile.width)
}

const wrong = (path: string, why: string): FatalError => new FatalError('LOG_FILE_BAD', `${path} is damaged: ${why}`, { detail: { path } })
