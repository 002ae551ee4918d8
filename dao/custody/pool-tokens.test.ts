import { describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import { cborCid, encode, sha256, toHex, type TokenAnswer, utf8 } from '../../schemas/wire/index.ts'
import { fill, keyholders, LEDGER, operator } from '../../tests/support/pool-world.ts'
import {
  blindBands,
  combineTokens,
  dealPoolKey,
  evaluateBlinded,
  type HeldPoolShare,
  poolShareFits,
  readPoolKey,
  tokenAnswerFault,
} from './index.ts'

const members = keyholders().map(({ did }) => did)
const pool = dealPoolKey({ dao: LEDGER, k: 3, members, at: 1 }, operator)
const bands = [0, 1, 2].map((i) => sha256(utf8(`band ${i}`)))
const answerOf = (held: HeldPoolShare, blinded: Uint8Array[]): TokenAnswer => ({
  v: 1,
  key: cborCid(encode(pool.key)),
  x: held.x,
  ...evaluateBlinded(held, blinded),
})
const tokensOf = (seats: number[], { key, shares } = pool, of = bands): string[] => {
  const asked = blindBands(of)
  const answers = seats.map((x) => answerOf(shares[x - 1] as HeldPoolShare, asked.blinded))
  return (combineTokens(answers, key, asked) ?? []).map(toHex)
}

describe('tokens', () => {
  it('are the same for the same bands, whichever three answered, and other for other bands', () => {
    const tokens = tokensOf([1, 2, 3])
    expect(new Set(tokens).size).toBe(3)
    expect(tokens.every((token) => token.length === 64)).toBe(true)
    expect(tokensOf([5, 4, 1])).toEqual(tokens)
    expect(tokensOf([2, 3, 4], pool, [sha256(utf8('band 1'))])).toEqual([tokens[1]])
  })

  it('of another pool say nothing about these', () => {
    const other = dealPoolKey({ dao: LEDGER, k: 3, members, at: 1 }, operator)
    expect(tokensOf([1, 2, 3], other).filter((token) => tokensOf([1, 2, 3]).includes(token))).toEqual([])
  })

  it('need three different keyholders', () => {
    expect(tokensOf([1, 2])).toEqual([])
    expect(tokensOf([1, 2, 2])).toEqual([])
  })

  it('are asked for by points that differ each time', () => {
    const [a, b] = [blindBands(bands), blindBands(bands)]
    expect(a.blinded.map(toHex).filter((point) => b.blinded.map(toHex).includes(point))).toEqual([])
  })
})

describe('an answer', () => {
  const { blinded } = blindBands(bands)
  const good = answerOf(pool.shares[0] as HeldPoolShare, blinded)
  const other = answerOf(pool.shares[1] as HeldPoolShare, blinded)
  it.each<[string, string | undefined, TokenAnswer]>([
    ['as it is', undefined, good],
    ['of another seat', 'FORGED', { ...good, x: 2 }],
    ['of no seat', 'OTHER_SEAT', { ...good, x: 6 }],
    ['with another point', 'FORGED', { ...good, points: [other.points[0] as Uint8Array, ...good.points.slice(1)] }],
    ['with the proof of another', 'FORGED', { ...good, proof: other.proof }],
    ['with points that are none', 'FORGED', { ...good, points: bands.map(() => fill(0xff)) }],
    ['with fewer points', 'WRONG_COUNT', { ...good, points: good.points.slice(1) }],
  ])('%s: %s', (_, fault, answer) => expect(tokenAnswerFault(answer, pool.key, blinded)).toBe(fault))

  it('is not given for what is no point, or the identity', () => {
    for (const bad of [fill(0xff), fill(0)])
      expect(() => evaluateBlinded(pool.shares[0] as HeldPoolShare, [bad])).toThrow(expect.objectContaining({ code: 'BAD_POINT' }) as Error)
  })
})

describe('the key of a pool', () => {
  it('is signed by the operator, and shows each member its share', () => {
    expect(readPoolKey(encode(pool.key), { dao: LEDGER, operator: operator.did })).toEqual({ ok: true, key: pool.key })
    expect(readPoolKey(encode(pool.key), { dao: LEDGER, operator: members[0] as string })).toMatchObject({ code: 'NOT_OPERATOR' })
    expect(readPoolKey(encode(pool.key), { dao: 'quern/other', operator: operator.did })).toMatchObject({ code: 'OTHER_DAO' })
    expect(pool.shares.map((share, i) => poolShareFits(pool.key, members[i] as string, share))).toEqual([true, true, true, true, true])
    expect(poolShareFits(pool.key, members[1] as string, pool.shares[0] as HeldPoolShare)).toBe(false)
    expect(poolShareFits(pool.key, members[0] as string, { x: 1, share: fill(7) })).toBe(false)
  })

  it('is refused with fewer members than it takes, or with one twice', () => {
    const bad = (changes: { k?: number; members?: string[] }): Uint8Array =>
      encode(dealPoolKey({ dao: LEDGER, k: 3, members, at: 1, ...changes }, keyFromSeed(fill(1))).key)
    expect(readPoolKey(bad({ members: members.slice(0, 2) }), { dao: LEDGER, operator: operator.did })).toMatchObject({ code: 'BAD_KEY' })
    expect(
      readPoolKey(bad({ members: [...members.slice(0, 4), members[0] as string] }), { dao: LEDGER, operator: operator.did }),
    ).toMatchObject({ code: 'BAD_KEY' })
  })
})
