/** The growing end of a tiled log: takes entries, gives the files that hold them. Knows nothing of disks; the caller writes before it signs. */
import { FatalError } from '../../core/errors/index.ts'
import { equalBytes, toHex } from '../../schemas/wire/index.ts'
import { CompactRange, HASH_BYTES, leafHash, rootOfLeaves, wholeNodes } from './merkle.ts'
import { readEntries, readHashes } from './read-tile.ts'
import { encodeBundle, levelWidth, placeOf, TILE_HEIGHT, TILE_WIDTH, tileAt, tilePath } from './tiles.ts'
import type { LogFile, TileSource } from './types.ts'

export interface Appended {
  /** Index of the first of them. */
  from: number
  leafHashes: Uint8Array[]
  /** Write all of these durably, in any order, before anybody hears of the new size. */
  files: LogFile[]
  /** The full tiles among `files`: their partial ones may be dropped once the new size is committed. */
  full: string[]
}

export class LogTail {
  readonly #range: CompactRange
  /** Per tile level the hashes of its last, partial tile. */
  readonly #edges: Uint8Array[][]
  /** Entries of the last, partial bundle. */
  readonly #bundle: Uint8Array[]

  private constructor(range: CompactRange, edges: Uint8Array[][], bundle: Uint8Array[]) {
    this.#range = range
    this.#edges = edges
    this.#bundle = bundle
  }

  static empty(): LogTail {
    return new LogTail(new CompactRange(), [], [])
  }

  /** Reads the right edge of a tree of `size`. Throws FatalError LOG_CORRUPT when a file is missing or the root is another. */
  static async open(source: TileSource, size: number, root: Uint8Array): Promise<LogTail> {
    const edges: Uint8Array[][] = []
    for (let level = 0; levelWidth(size, level) > 0; level++) {
      const tile = tileAt(size, level, Math.floor(levelWidth(size, level) / TILE_WIDTH))
      edges.push(tile ? await readHashes(source, tile) : [])
    }
    const peaks = wholeNodes([0, size]).map((node) => {
      const place = placeOf(node)
      return rootOfLeaves((edges[place.level] ?? []).slice(place.from, place.to))
    })
    const last = tileAt(size, 'entries', Math.floor(size / TILE_WIDTH))
    const bundle = last ? await readEntries(source, last) : []
    const range = new CompactRange(size, peaks)
    if (!equalBytes(range.root(), root))
      throw new FatalError(
        'LOG_CORRUPT',
        `the tiles of the first ${size} entries do not give the root that was signed; run "quern log verify"`,
        {
          detail: { size, root: toHex(root), tiles: toHex(range.root()) },
        },
      )
    const leaves = edges[0] ?? []
    if (bundle.length !== leaves.length || bundle.some((entry, i) => !equalBytes(leafHash(entry), leaves[i] as Uint8Array)))
      throw new FatalError('LOG_CORRUPT', `${last ? tilePath(last) : 'the last bundle'} does not hold the entries of its tile`)
    return new LogTail(range, edges, bundle)
  }

  get size(): number {
    return this.#range.size
  }

  root(): Uint8Array {
    return this.#range.root()
  }

  /** Adds entries. `leafHashes` spares a second hashing where the caller has them. */
  append(entries: readonly Uint8Array[], leafHashes: Uint8Array[] = entries.map(leafHash)): Appended {
    const from = this.size
    const full: LogFile[] = []
    const touched = new Set<number>()
    for (const [i, entry] of entries.entries()) {
      this.#range.append(leafHashes[i] as Uint8Array, (height, hash) => {
        if (height % TILE_HEIGHT !== 0) return
        const level = height / TILE_HEIGHT
        const edge = (this.#edges[level] ??= [])
        touched.add(level)
        edge.push(hash)
        if (edge.length === TILE_WIDTH)
          full.push(hashTile(level, Math.floor((this.size + 1) / TILE_WIDTH ** (level + 1)) - 1, edge.splice(0)))
      })
      this.#bundle.push(entry)
      if (this.#bundle.length === TILE_WIDTH) full.push(bundleTile(this.size / TILE_WIDTH - 1, this.#bundle.splice(0)))
    }
    const files = [...full]
    for (const level of touched) {
      const edge = this.#edges[level] as Uint8Array[]
      if (edge.length > 0) files.push(hashTile(level, Math.floor(levelWidth(this.size, level) / TILE_WIDTH), edge))
    }
    if (entries.length > 0 && this.#bundle.length > 0) files.push(bundleTile(Math.floor(this.size / TILE_WIDTH), this.#bundle))
    return { from, leafHashes, files, full: full.map(({ path }) => path) }
  }
}

function hashTile(level: number, index: number, hashes: readonly Uint8Array[]): LogFile {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES)
  for (const [i, hash] of hashes.entries()) bytes.set(hash, i * HASH_BYTES)
  return { path: tilePath({ level, index, width: hashes.length }), bytes }
}

function bundleTile(index: number, entries: readonly Uint8Array[]): LogFile {
  return { path: tilePath({ level: 'entries', index, width: entries.length }), bytes: encodeBundle(entries) }
}
