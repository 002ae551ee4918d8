/** C2SP tlog-tiles: where a log's hashes and entries lie as static files. https://c2sp.org/tlog-tiles */
import { InvalidInputError } from '../../core/errors/index.ts'
import { HASH_BYTES, type TreeNode } from './merkle.ts'

/** Hashes, or entries, of a full tile. */
export const TILE_WIDTH = 256
/** Tree levels that one tile spans. */
export const TILE_HEIGHT = 8
export const CHECKPOINT_PATH = 'checkpoint'

export interface Tile {
  /** 0 to 63, or the entries themselves. */
  level: number | 'entries'
  index: number
  /** 1 to 256; below 256 the tile is partial. */
  width: number
}

/** `tile/0/x001/067`, `tile/entries/000.p/3`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0')
  const groups = digits.match(/.{3}/g) as string[]
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${name}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

/** Reads a path as a stranger sent it; undefined for anything but the one right spelling. */
export function parseTilePath(path: string): Tile | undefined {
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path)
  if (!match) return undefined
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const index = Number((match[2] as string).replaceAll(/[x/]/g, ''))
  const tile: Tile = { level, index, width: match[3] === undefined ? TILE_WIDTH : Number(match[3]) }
  return (level === 'entries' || level < 64) && Number.isSafeInteger(index) && tilePath(tile) === path ? tile : undefined
}

/** Whole subtrees of 256^level leaves in a tree of `size`: how many hashes a level has. */
export function levelWidth(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}

/** The tile that tree `size` has at this place; undefined when it is empty there. */
export function tileAt(size: number, level: number | 'entries', index: number): Tile | undefined {
  const width = Math.min(TILE_WIDTH, levelWidth(size, level === 'entries' ? 0 : level) - index * TILE_WIDTH)
  return width > 0 ? { level, index, width } : undefined
}

/** Every hash tile of a tree, level by level. */
export function* hashTilesOf(size: number): Generator<Tile & { level: number }> {
  for (let level = 0; levelWidth(size, level) > 0; level++)
    for (let index = 0, tile = tileAt(size, level, 0); tile; tile = tileAt(size, level, ++index)) yield { ...tile, level }
}

/** Where a whole subtree's hash is found: in which tile, and as the hash over which of its slots. */
export function placeOf({ level, index }: TreeNode): { level: number; tile: number; from: number; to: number } {
  const tileLevel = Math.floor(level / TILE_HEIGHT)
  const slots = 2 ** (level % TILE_HEIGHT)
  const first = index * slots
  const tile = Math.floor(first / TILE_WIDTH)
  return { level: tileLevel, tile, from: first - tile * TILE_WIDTH, to: first - tile * TILE_WIDTH + slots }
}

export function hashesOf(tile: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.floor(tile.byteLength / HASH_BYTES) }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
}

/** An entry bundle: each entry behind its length as u16. Throws InvalidInputError ENTRY_TOO_LARGE above 65,535 bytes. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.byteLength, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const entry of entries) {
    if (entry.byteLength > 0xffff) throw new InvalidInputError('ENTRY_TOO_LARGE', 'a log entry has at most 65,535 bytes')
    view.setUint16(at, entry.byteLength)
    bytes.set(entry, at + 2)
    at += 2 + entry.byteLength
  }
  return bytes
}

/** Splits a bundle; undefined when its lengths do not fit its bytes. Entries are views into `bytes`. */
export function decodeBundle(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const from = at + 2
    if (from > bytes.byteLength) return undefined
    at = from + view.getUint16(at)
    if (at > bytes.byteLength) return undefined
    entries.push(bytes.subarray(from, at))
  }
  return entries
}
