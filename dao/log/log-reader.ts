/** Reads a tiled log of a known size: entries, roots and proofs, from at most a few tiles each. Trusts its source; `verifyLog` does not. */
import { Lru } from '../../schemas/cache/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import { consistencyRanges, foldRight, hashRanges, inclusionRanges, type NodeReader, rootOfLeaves, wholeNodes } from './merkle.ts'
import { readEntries, readHashes } from './read-tile.ts'
import { placeOf, type Tile, TILE_WIDTH, tileAt, tilePath } from './tiles.ts'
import type { TileSource } from './types.ts'

const CACHED_TILES = 256
const CACHED_BUNDLES = 16
/** Whole subtrees below a tile's width: what proofs of neighbouring entries and sizes ask for again and again. */
const CACHED_NODES = 4096

export class LogReader {
  readonly #source: TileSource
  readonly #size: () => number
  readonly #tiles = new Lru<string, Uint8Array[]>(CACHED_TILES)
  readonly #bundles = new Lru<string, Uint8Array[]>(CACHED_BUNDLES)
  /** A whole subtree never changes. */
  readonly #nodes = new Lru<string, Uint8Array>(CACHED_NODES)

  /** `size` may grow between calls (a live log), never shrink. */
  constructor(source: TileSource, size: number | (() => number)) {
    this.#source = source
    this.#size = typeof size === 'number' ? () => size : size
  }

  get size(): number {
    return this.#size()
  }

  /** One entry; throws InvalidInputError OUT_OF_RANGE. */
  async entry(index: number): Promise<Uint8Array> {
    return (await this.entries(index, index + 1))[0] as Uint8Array
  }

  /** Entries `[from, to)`; throws InvalidInputError OUT_OF_RANGE. The bytes are shared: never write into them. */
  async entries(from: number, to: number): Promise<Uint8Array[]> {
    this.#within(from, to)
    const found: Uint8Array[] = []
    for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
      const bundle = await this.#bundle(index)
      found.push(...bundle.slice(Math.max(0, from - index * TILE_WIDTH), to - index * TILE_WIDTH))
    }
    return found
  }

  async leafHash(index: number): Promise<Uint8Array> {
    this.#within(index, index + 1)
    return this.#node({ level: 0, index })
  }

  /** Leaf hashes `[from, to)`. */
  async leafHashes(from: number, to: number): Promise<Uint8Array[]> {
    this.#within(from, to)
    const found: Uint8Array[] = []
    for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
      const hashes = await this.#tile(0, index)
      found.push(...hashes.slice(Math.max(0, from - index * TILE_WIDTH), to - index * TILE_WIDTH))
    }
    return found
  }

  /** Root of the first `size` entries. */
  async root(size = this.size): Promise<Uint8Array> {
    this.#within(0, size)
    return foldRight(await Promise.all(wholeNodes([0, size]).map(this.#node)))
  }

  /** Inclusion proof of an entry in the tree of `size`, leaf's sibling first. */
  async inclusion(index: number, size = this.size): Promise<Uint8Array[]> {
    this.#within(index, index + 1)
    this.#within(index + 1, size)
    return hashRanges(inclusionRanges(index, size), this.#node)
  }

  /** Consistency proof from `old` to `size`; empty from 0, as witnesses want it. */
  async consistency(old: number, size = this.size): Promise<Uint8Array[]> {
    this.#within(old, size)
    return hashRanges(consistencyRanges(old, size), this.#node)
  }

  readonly #node: NodeReader & ((node: { level: number; index: number }) => Promise<Uint8Array>) = async (node) => {
    const place = placeOf(node)
    const key = `${node.level}/${node.index}`
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const tile = await this.#tile(place.level, place.tile)
    if (place.to - place.from === 1) return tile[place.from] as Uint8Array
    return this.#nodes.recall(key, () => rootOfLeaves(tile.slice(place.from, place.to)))
  }

  #tile(level: number, index: number): Promise<Uint8Array[]> {
    return cached(this.#tiles, this.#at(level, index), (tile) => readHashes(this.#source, tile))
  }

  #bundle(index: number): Promise<Uint8Array[]> {
    return cached(this.#bundles, this.#at('entries', index), (tile) => readEntries(this.#source, tile))
  }

  #at(level: number | 'entries', index: number): Tile {
    const tile = tileAt(this.size, level, index)
    if (!tile) throw outOfRange(this.size)
    return tile
  }

  #within(from: number, to: number): void {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to || to > this.size) throw outOfRange(this.size)
  }
}

async function cached(lru: Lru<string, Uint8Array[]>, tile: Tile, read: (tile: Tile) => Promise<Uint8Array[]>): Promise<Uint8Array[]> {
  const path = tilePath(tile)
  const known = lru.get(path)
  if (known) return known
  const found = await read(tile)
  lru.set(path, found)
  return found
}

const outOfRange = (size: number): InvalidInputError => new InvalidInputError('OUT_OF_RANGE', `the log has ${size} entries`)
