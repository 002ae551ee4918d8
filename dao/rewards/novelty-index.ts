/**
 * What was committed before, and how near a new record comes to it (U of incentives reference 3.1): locality-sensitive hashing over 128-lane
 * MinHash sketches, 14 bands of 8 lanes, plus exact content digests. Flat open-address tables, because strings in a Map cost thirty times as much.
 * Answers depend on the order of `add` alone.
 */
import { SKETCH_BYTES } from '../../schemas/wire/index.ts'
import { RowSet } from './row-set.ts'

export const LANES = 128
const BANDS = 14
const BAND_LANES = 8
/** An entry is `doc << 4 | band`. */
const BAND_BITS = 4
const BAND_MASK = 15
/**
 * Newest entries of one bucket that are compared. Boilerplate makes hot buckets, and an adversary can make one on purpose: without a bound a
 * hundred thousand records that agree in eight lanes would cost every node ten thousand million comparisons.
 */
const BUCKET_LIMIT = 1024
const PAGE_SHIFT = 10
const PAGE_DOCS = 1 << PAGE_SHIFT

export class NoveltyIndex {
  #docs = 0
  #pages: Uint32Array[] = []
  #groups = new Int32Array(PAGE_DOCS)
  #stamps = new Uint32Array(PAGE_DOCS)
  #stamp = 0
  #lastGroup = 0
  /** Entry `doc << 4 | band` -> the entry before it in its bucket, plus one. */
  #before = new Int32Array(PAGE_DOCS << BAND_BITS)
  /** Two words per slot: hash of the bucket's lanes (spares a look at the sketch), newest entry of the bucket plus one. */
  #slots = new Int32Array(1 << 15)
  #buckets = 0
  readonly #digests = new RowSet(32)
  readonly #bytes = new Uint8Array(SKETCH_BYTES)
  /** Lanes are only ever compared for equality, so the machine's byte order does not matter. */
  readonly #query = new Uint32Array(this.#bytes.buffer)
  /** The query's slot in each band. */
  readonly #found = new Int32Array(BANDS)
  readonly #hashes = new Int32Array(BANDS)

  /** A group number not given before. */
  newGroup(): number {
    return ++this.#lastGroup
  }

  /** Records added so far. */
  get size(): number {
    return this.#docs
  }

  /**
   * Equal lanes, 0 to 128, of the nearest earlier candidate; 128 for an equal content digest. `ignoreGroup` leaves out what was added under
   * that group (0: nothing), as the other half of a lease's cross-check is.
   */
  maxEqualLanes(sketch: Uint8Array, digest: Uint8Array, ignoreGroup = 0): number {
    this.#load(sketch)
    return this.#nearest(digest, ignoreGroup)
  }

  /** Puts a record behind everything added so far. `group` (above 0) names what `ignoreGroup` may leave out later. */
  add(sketch: Uint8Array, digest: Uint8Array, group = 0): void {
    this.#load(sketch)
    this.#insert(digest, group)
  }

  /** `maxEqualLanes`, then `add`: one walk through the tables instead of two. */
  observe(sketch: Uint8Array, digest: Uint8Array, group = 0): number {
    this.#load(sketch)
    const nearest = this.#nearest(digest, 0)
    this.#insert(digest, group)
    return nearest
  }

  #nearest(digest: Uint8Array, ignoreGroup: number): number {
    if (this.#digests.has(digest, ignoreGroup)) return LANES
    this.#stamp++
    let best = 0
    for (let band = 0; band < BANDS && best < LANES; band++) best = this.#bestInBucket(band, best, ignoreGroup)
    return best
  }

  #insert(digest: Uint8Array, group: number): void {
    this.#digests.add(digest, group)
    const doc = this.#docs++
    this.#grow(doc)
    this.#page(doc).set(this.#query, (doc & (PAGE_DOCS - 1)) * LANES)
    this.#groups[doc] = group
    for (let band = 0; band < BANDS; band++) {
      let slot = this.#found[band] as number
      // a free slot may have been taken by an earlier band of this very record
      if (this.#slots[slot + 1] !== 0) slot = this.#slotOf(band)
      const head = this.#slots[slot + 1] as number
      const entry = (doc << BAND_BITS) | band
      this.#before[entry] = head
      this.#slots[slot] = this.#hashes[band] as number
      this.#slots[slot + 1] = entry + 1
      if (head === 0) this.#buckets++
    }
    if ((this.#buckets + BANDS) * 4 > this.#slots.length) this.#rehash()
  }

  #bestInBucket(band: number, floor: number, ignoreGroup: number): number {
    let best = floor
    let entry = (this.#slots[(this.#found[band] as number) + 1] as number) - 1
    for (let seen = 0; entry >= 0 && seen < BUCKET_LIMIT; seen++) {
      const doc = entry >> BAND_BITS
      entry = (this.#before[entry] as number) - 1
      if (this.#stamps[doc] === this.#stamp) continue
      this.#stamps[doc] = this.#stamp
      if (ignoreGroup !== 0 && this.#groups[doc] === ignoreGroup) continue
      best = this.#equalLanes(doc, best)
      if (best === LANES) break
    }
    return best
  }

  /** Equal lanes with the query, or `floor` where that is not beaten. */
  #equalLanes(doc: number, floor: number): number {
    const page = this.#page(doc)
    const from = (doc & (PAGE_DOCS - 1)) * LANES
    const query = this.#query
    let equal = 0
    for (let block = 0; block < LANES; block += 32) {
      if (equal + LANES - block <= floor) return floor
      for (let lane = block; lane < block + 32; lane++) if (page[from + lane] === query[lane]) equal++
    }
    return equal > floor ? equal : floor
  }

  #load(sketch: Uint8Array): void {
    if (sketch.byteLength !== SKETCH_BYTES) throw new RangeError(`a sketch is ${SKETCH_BYTES} bytes`)
    this.#bytes.set(sketch)
    for (let band = 0; band < BANDS; band++) {
      this.#hashes[band] = hashBand(this.#query, band * BAND_LANES, band)
      this.#found[band] = this.#slotOf(band)
    }
  }

  /** The slot of the query's bucket in `band`: where it lies, or the free one where it would. */
  #slotOf(band: number): number {
    const first = band * BAND_LANES
    const query = this.#query
    const slots = this.#slots
    const mask = slots.length - 1
    const hash = this.#hashes[band] as number
    for (let slot = (hash << 1) & mask; ; slot = (slot + 2) & mask) {
      const entry = (slots[slot + 1] as number) - 1
      if (entry < 0) return slot
      if (slots[slot] !== hash) continue
      if ((entry & BAND_MASK) !== band) continue
      const doc = entry >> BAND_BITS
      const page = this.#page(doc)
      const from = (doc & (PAGE_DOCS - 1)) * LANES + first
      let lane = 0
      while (lane < BAND_LANES && page[from + lane] === query[first + lane]) lane++
      if (lane === BAND_LANES) return slot
    }
  }

  #rehash(): void {
    const old = this.#slots
    const slots = new Int32Array(old.length * 2)
    const mask = slots.length - 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let slot = ((old[from] as number) << 1) & mask
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
      slots[slot] = old[from] as number
      slots[slot + 1] = old[from + 1] as number
    }
    this.#slots = slots
  }

  #grow(doc: number): void {
    if ((doc & (PAGE_DOCS - 1)) === 0) this.#pages.push(new Uint32Array(PAGE_DOCS * LANES))
    if (doc < this.#groups.length) return
    this.#groups = doubled(this.#groups, new Int32Array(this.#groups.length * 2))
    this.#stamps = doubled(this.#stamps, new Uint32Array(this.#stamps.length * 2))
    this.#before = doubled(this.#before, new Int32Array(this.#before.length * 2))
  }

  #page(doc: number): Uint32Array {
    return this.#pages[doc >> PAGE_SHIFT] as Uint32Array
  }
}

/** Places buckets in the table; no answer depends on it. */
function hashBand(lanes: Uint32Array, from: number, band: number): number {
  let h = Math.imul(band + 1, 0x9e3779b1)
  for (let i = from; i < from + BAND_LANES; i++) {
    h = Math.imul(h ^ (lanes[i] as number), 0x85ebca6b)
    h ^= h >>> 15
  }
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function doubled<T extends Int32Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
