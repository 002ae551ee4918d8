import { describe, expect, it } from 'vitest'
import { sha256, SKETCH_BYTES, u32 } from '../../schemas/wire/index.ts'
import { NoveltyIndex } from './index.ts'

/** A seeded stream of words. */
function words(seed: number): () => number {
  let s = seed | 1
  return () => {
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    return s >>> 0
  }
}
const digestOf = (n: number): Uint8Array => sha256(u32(n))
function sketchOf(lanes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(SKETCH_BYTES)
  const view = new DataView(bytes.buffer)
  lanes.forEach((lane, i) => view.setUint32(4 * i, lane))
  return bytes
}

interface Doc {
  sketch: Uint8Array
  digest: Uint8Array
  lanes: number[]
}

/** The definition, slowly: candidates share a band of 8 lanes (14 bands) or the digest. */
function slowly(earlier: Doc[], doc: Doc): number {
  let best = 0
  for (const other of earlier) {
    if (Buffer.compare(other.digest, doc.digest) === 0) return 128
    const same = doc.lanes.map((lane, i) => lane === other.lanes[i])
    const isCandidate = Array.from({ length: 14 }, (_, band) => same.slice(band * 8, band * 8 + 8)).some((band) => band.every(Boolean))
    if (isCandidate) best = Math.max(best, same.filter(Boolean).length)
  }
  return best
}

/** Documents of which many are near an earlier one, some share a boilerplate band, some repeat. */
function documents(count: number, seed: number): Doc[] {
  const next = words(seed)
  const boilerplate = Array.from({ length: 8 }, next)
  const made: Doc[] = []
  for (let i = 0; i < count; i++) {
    const kind = next() % 8
    const from = made[next() % Math.max(1, made.length)]
    const lanes = kind < 3 && from ? [...from.lanes] : Array.from({ length: 128 }, next)
    if (kind < 3) for (let changes = next() % 60; changes > 0; changes--) lanes[next() % 128] = next() % 4
    if (kind === 4) lanes.splice((next() % 14) * 8, 8, ...boilerplate)
    made.push({ sketch: sketchOf(lanes), lanes, digest: kind === 5 && from ? from.digest : digestOf(seed * 100_000 + i) })
  }
  return made
}

describe('the novelty index', () => {
  it.each([1, 2])('says what a slow comparison with everything earlier says (seed %i)', (seed) => {
    const docs = documents(400, seed)
    const index = new NoveltyIndex()
    const twoSteps = new NoveltyIndex()
    docs.forEach((doc, i) => {
      const { sketch, digest } = doc
      const right = slowly(docs.slice(0, i), doc)
      expect(index.observe(sketch, digest)).toBe(right)
      expect(twoSteps.maxEqualLanes(sketch, digest)).toBe(right)
      twoSteps.add(sketch, digest)
    })
    expect(index.size).toBe(400)
  })

  it('does not change by being asked', () => {
    const docs = documents(200, 9)
    const index = new NoveltyIndex()
    for (const { sketch, digest } of docs) index.add(sketch, digest)
    const ask = (): number[] => docs.map(({ sketch, digest }) => index.maxEqualLanes(sketch, digest))
    expect(ask()).toEqual(ask())
    expect(new Set(ask())).toEqual(new Set([128]))
  })

  it('leaves out one group when asked, and only that one', () => {
    const index = new NoveltyIndex()
    const [one, two] = [index.newGroup(), index.newGroup()]
    const [doc, other] = documents(2, 4) as [Doc, Doc]
    index.add(doc.sketch, doc.digest, one)
    expect(index.maxEqualLanes(doc.sketch, digestOf(1), one)).toBe(0)
    expect(index.maxEqualLanes(doc.sketch, doc.digest, one)).toBe(0)
    expect(index.maxEqualLanes(doc.sketch, doc.digest, two)).toBe(128)
    index.add(other.sketch, doc.digest, two)
    expect(index.maxEqualLanes(other.sketch, doc.digest, one)).toBe(128)
    expect(index.maxEqualLanes(doc.sketch, doc.digest, one)).toBe(128)
  })

  it('keeps what 100,000 records said, hot buckets and floods of copies included', () => {
    const next = words(7)
    const index = new NoveltyIndex()
    const hot = Array.from({ length: 8 }, next)
    const first = Array.from({ length: 128 }, next)
    index.add(sketchOf(first), digestOf(0))
    for (let i = 1; i < 100_000; i++) {
      const lanes = Array.from({ length: 128 }, next)
      if (i % 20 === 0) lanes.splice(0, 8, ...hot)
      index.observe(sketchOf(lanes), digestOf(i))
    }
    const near = [...first]
    for (let i = 0; i < 30; i++) near[i * 4] = 1
    expect(index.maxEqualLanes(sketchOf(first), digestOf(-1 >>> 0))).toBe(128)
    expect(index.maxEqualLanes(sketchOf(near.with(120, first[120] ?? 0)), digestOf(54_321))).toBe(128)
    expect(index.size).toBe(100_000)
  }, 60_000)

  it('refuses a sketch of another length', () => {
    expect(() => new NoveltyIndex().add(new Uint8Array(511), digestOf(1))).toThrow(RangeError)
  })
})
