import { describe, expect, it } from 'vitest'
import { fromHex, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { testCharter } from '../../tests/support/charter.ts'
import vectors from '../../tests/vectors/rewards.json' with { type: 'json' }
import { drawIndexes, drawSeed, hostG, multiplier, noveltyPpm, sigmaPpm, splitLargestRemainder, wmedian } from './index.ts'

const charter = testCharter({})

describe('the vectors that every implementation must give', () => {
  it.each(vectors.wmedian)('wmedian $items', ({ items, median }) => {
    expect(wmedian(items.map(([value = 0, weight = 0], i) => ({ value, weight, tie: String(i) })))).toBe(median)
  })

  it.each(vectors.sigmaPpm)('sigma($b, $n)', ({ b, n, sigma }) => {
    expect(sigmaPpm(b, n)).toBe(sigma)
  })

  it.each(vectors.noveltyPpm)('U($equalLanes)', ({ equalLanes, ppm }) => {
    expect(noveltyPpm(equalLanes, charter)).toBe(ppm)
  })

  it('G', () => {
    const { a, x, g } = vectors.hostG
    expect(x.map((mass) => Number(hostG(BigInt(mass), BigInt(a))))).toEqual(g)
  })

  it.each(vectors.multiplier)('m(med $med, b $base, n $n, prev $previous)', ({ med, base, n, previous, m }) => {
    expect(multiplier(med, base, n, previous, charter)).toBe(m)
  })

  it.each(vectors.split)('split $pot', ({ pot, weights, shares }) => {
    const items = Object.entries(weights).map(([id, weight]) => ({ id, weight: BigInt(weight) }))
    const split = splitLargestRemainder(BigInt(pot), items)
    expect(Object.fromEntries([...split].map(([id, share]) => [id, String(share)]))).toEqual(shares)
  })

  it('seed and draws', () => {
    const { draw } = vectors
    const seed = drawSeed(sha256(utf8(draw.beaconIsSha256Of)), sha256(utf8(draw.preimageIsSha256Of)), sha256(utf8(draw.rootIsSha256Of)))
    expect(toHex(seed)).toBe(draw.seed)
    for (const { masses, count, indexes } of draw.draws) {
      const list = Array.isArray(masses) ? masses : Array.from({ length: masses.times }, () => masses.repeat)
      expect(drawIndexes(fromHex(draw.seed), list, count)).toEqual(indexes)
    }
  })
})
