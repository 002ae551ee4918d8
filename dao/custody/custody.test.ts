import { ristretto255_FROST } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mesh } from '../../core/mesh/index.ts'
import {
  concatBytes,
  decode,
  encode,
  equalBytes,
  type KeyAnswer,
  peerFromDid,
  type PoolManifest,
  rawCid,
  sha256,
  toHex,
  u32,
  utf8,
} from '../../schemas/wire/index.ts'
import { keyholders, NOW, operator, poolPolicy, sampleManifest } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { Fn, hashToPoint, lagrangeAtZero, scalarOf } from './group.ts'
import {
  answerFault,
  askForKeys,
  combineAnswers,
  deal,
  type Dealing,
  dealSubShares,
  dealtHash,
  type HeldShare,
  joinSubShares,
  keyCommit,
  keyFromSecret,
  openChunk,
  padme,
  partialKeys,
  poolContext,
  publicShare,
  randomScalar,
  sampledChunks,
  sealChunk,
  sealToRecipients,
  generateAgeIdentity,
  openWithIdentities,
  openWithPassphrase,
  sealWithPassphrase,
  shareFits,
  shredState,
  subDealingFault,
} from './index.ts'

const policy = poolPolicy()
const salt = new Uint8Array(32).fill(7)
const ORDER = utf8('an order')
const cid = rawCid(utf8('manifest'))
/** Group operations take milliseconds each: few runs, with parameters that matter. */
const RUNS = { numRuns: 6 }

interface World {
  k: number
  n: number
  secret: bigint
  dealing: Dealing
  context: Uint8Array
  manifest: PoolManifest
  held: HeldShare[]
}

function world(k: number, n: number): World {
  const secret = randomScalar()
  const dealing = deal({ k, n, secret })
  const first = dealing.commitments[0] as Uint8Array
  const dealt = dealtHash(dealing.commitments)
  const held = dealing.shares.map((share, i) => ({ x: i + 1, generation: 0, share, salt, dealt, commitments: dealing.commitments }))
  const manifest = sampleManifest(policy, { keyCommit: keyCommit(first, dealt, salt) })
  return { k, n, secret, dealing, context: poolContext(first, salt), manifest, held }
}

const answer = (held: HeldShare, indices: number[]): KeyAnswer => {
  const { x, generation, dealt, commitments } = held
  return { v: 1, manifest: cid, x, generation, salt: held.salt, dealt, commitments, ...partialKeys(held, indices) }
}

/** Every member deals to everyone; the first k dealers' parts are joined. */
function reshared({ k, held }: Pick<World, 'k' | 'held'>, to: { k: number; n: number }, dealers = held.slice(0, k)): HeldShare[] {
  const dealt = dealers.map((dealer) => ({ from: dealer.x, ...dealSubShares(dealer.share, { ...to, order: ORDER }) }))
  const [one] = held as [HeldShare]
  return Array.from({ length: to.n }, (_, i) => {
    const parts = dealt.map(({ from, shares, commitments }) => ({ from, share: shares[i] as Uint8Array, commitments }))
    expect(parts.map((part) => subDealingFault(part, one.commitments, i + 1))).toEqual(parts.map(() => undefined))
    return { ...one, x: i + 1, generation: one.generation + 1, ...joinSubShares(parts, one.commitments) }
  })
}

const quorum = fc.constantFrom([2, 3], [3, 5], [4, 7]).chain(([k, n]) =>
  fc.record({
    k: fc.constant(k as number),
    n: fc.constant(n as number),
    order: fc.shuffledSubarray(range(n as number), { minLength: n }),
  }),
)
function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i)
}

describe('k of n', () => {
  it('any k open what the dealer sealed, and no k − 1 do', () => {
    fc.assert(
      fc.property(quorum, ({ k, n, order }) => {
        const { secret, context, held } = world(k, n)
        const answers = order.slice(0, k).map((i) => answer(held[i] as HeldShare, [0, 5]))
        const keys = combineAnswers(answers, k, [0, 5])?.keys.map(toHex)
        expect(keys).toEqual([0, 5].map((i) => toHex(keyFromSecret(secret, context, i))))
        expect(combineAnswers(answers.slice(1), k, [0, 5])).toBeUndefined()
        // and what fewer interpolate is another key, not nearly the same
        expect(combineAnswers(answers.slice(1), k - 1, [0, 5])?.keys.map(toHex)).not.toEqual(keys)
      }),
      RUNS,
    )
  })

  it('say when the consent ends: the middle one counts, and whoever says that it is over is asked for nothing', async () => {
    const { k, held, manifest } = world(3, 5)
    const ends = (...expires: number[]) =>
      combineAnswers(
        expires.map((at, i) => ({ ...answer(held[i] as HeldShare, [0]), expires: at })),
        3,
        [0],
      )?.expires
    expect([ends(1, 90, 100), ends(90, 100, 4_000_000_000)]).toEqual([90, 100])
    const members = keyholders(5).map(({ did }) => did)
    const seats = new Map(members.map((member, i) => [peerFromDid(member), i]))
    const ask = async (peer: string, _: unknown, { request }: { request: Uint8Array }) => {
      const seat = seats.get(peer) as number
      const { reply } = decode(request) as { reply: string }
      const given = { ...answer(held[seat] as HeldShare, [0]), expires: seat < 2 ? NOW : NOW + 90 }
      return { status: 'ok', sealed: await sealToRecipients(encode(given), [reply]) }
    }
    const asking = { signer: operator, manifest, indices: [0], role: 'scorer', purpose: 'dpv:DataQualityAssessment', epoch: 1 } as const
    const clock = { ...realClock, now: () => NOW * 1000 }
    const opened = await askForKeys({ ...asking, clock, mesh: { ask } as unknown as Pick<Mesh, 'ask'>, committee: { k, members } })
    expect(opened.expires).toBe(NOW + 90)
    for (const code of opened.faults.values()) expect(code).toBe('EXPIRED')
  })

  it('are asked in turn, as few as are needed, and others for who refuses or is slow', async () => {
    const { k, held, manifest, secret, context } = world(3, 5)
    const members = keyholders(5).map(({ did }) => did)
    const seats = new Map(members.map((member, i) => [peerFromDid(member), i]))
    const asking = { signer: operator, manifest, indices: [0], role: 'scorer', purpose: 'dpv:DataQualityAssessment', epoch: 1 } as const
    const other = reshared({ k, held }, { k, n: 5 })
    const run = async (order: number[], odd: Record<number, 'refuses' | 'hangs' | 'is of another generation'> = {}) => {
      const asked: number[] = []
      const ask = async (peer: string, _: unknown, { request }: { request: Uint8Array }) => {
        const seat = seats.get(peer) as number
        asked.push(seat)
        if (odd[seat] === 'hangs') return new Promise(() => {})
        given++
        if (odd[seat] === 'refuses') return { status: 'refused', code: 'UNKNOWN' }
        const { reply } = decode(request) as { reply: string }
        const share = (odd[seat] === undefined ? held : other)[seat] as HeldShare
        return { status: 'ok', sealed: await sealToRecipients(encode(answer(share, [0])), [reply]) }
      }
      let given = 0
      // time passes where everybody who answers has answered
      const timer = (_: number, ring: () => void): Disposable => {
        if (given === asked.filter((seat) => odd[seat] !== 'hangs').length) setImmediate(ring)
        return { [Symbol.dispose]: () => {} }
      }
      const clock = { ...realClock, now: () => NOW * 1000, timer }
      const mesh = { ask } as unknown as Pick<Mesh, 'ask'>
      const { keys, faults } = await askForKeys({ ...asking, clock, mesh, committee: { k, members }, seats: order })
      expect(keys.map(toHex)).toEqual([toHex(keyFromSecret(secret, context, 0))])
      return { asked, faults: [...faults].map(([account, code]) => [members.indexOf(account), code]) }
    }
    expect(await run([3, 0, 4, 1, 2])).toEqual({ asked: [3, 0, 4], faults: [] })
    expect(await run([3, 0, 4, 1, 2], { 0: 'refuses' })).toEqual({ asked: [3, 0, 4, 1], faults: [[0, 'UNKNOWN']] })
    // its part is good, and fits none of the others
    expect(await run([3, 0, 4, 1, 2], { 0: 'is of another generation' })).toEqual({ asked: [3, 0, 4, 1], faults: [] })
    const slow = await run([0, 1, 2, 3, 4], { 1: 'hangs', 2: 'hangs' })
    expect(slow.asked).toEqual([0, 1, 2, 3, 4])
    expect(slow.faults).toEqual(
      expect.arrayContaining([
        [1, 'SLOW'],
        [2, 'SLOW'],
      ]),
    )
  })

  it('closes every quorum when n − k + 1 deleted, and not before', () => {
    fc.assert(
      fc.property(quorum, ({ k, n, order }) => {
        const { held } = world(k, n)
        const left = (deleted: number): KeyAnswer[] => order.slice(deleted).map((i) => answer(held[i] as HeldShare, [1]))
        const { needed } = shredState({ k, n, shredded: 0 })
        expect(needed).toBe(n - k + 1)
        expect(combineAnswers(left(needed - 1), k, [1])).toBeDefined()
        expect(combineAnswers(left(needed), k, [1])).toBeUndefined()
      }),
      RUNS,
    )
  })

  it('agrees with plain Shamir and with the FROST of the library', () => {
    fc.assert(
      fc.property(quorum, ({ k, n, order }) => {
        const { secret, context, held, dealing } = world(k, n)
        const chosen = order.slice(0, k).map((i) => held[i] as HeldShare)
        // plain Shamir: rebuild s from the shares, which nobody does outside of this test
        const rebuilt = chosen.reduce((sum, { x, share }) => {
          const others = chosen.filter((other) => other.x !== x)
          const above = others.reduce((p, other) => (p * BigInt(other.x)) % Fn.ORDER, 1n)
          const below = others.reduce((p, other) => (p * (BigInt(other.x - x) + Fn.ORDER)) % Fn.ORDER, 1n)
          return (sum + scalarOf(share) * above * power(below, Fn.ORDER - 2n)) % Fn.ORDER
        }, 0n)
        expect(rebuilt).toBe(secret)
        expect(lagrangeAtZero(chosen.map(({ x }) => x)).length).toBe(k)
        const plain = hashToPoint(concatBytes(context, u32(9)), 'quern/chunk-point/v1')
          .multiply(rebuilt)
          .toBytes()
        expect(plain).toHaveLength(32)
        expect(
          combineAnswers(
            chosen.map((one) => answer(one, [9])),
            k,
            [9],
          )?.keys.map(toHex),
        ).toEqual([toHex(keyFromSecret(rebuilt, context, 9))])
        // the library's own verifiable sharing: same shares in, same secret out, same verdict of the share
        const frost = ristretto255_FROST
        const theirs = chosen.map(({ x, share }) => ({ identifier: frost.Identifier.fromNumber(x), signingShare: share }))
        expect(toHex(frost.combineSecret(theirs, { min: k, max: n }))).toBe(toHex(Fn.toBytes(secret)))
        const verifyingShares = Object.fromEntries(
          held.map(({ x }) => [frost.Identifier.fromNumber(x), publicShare(dealing.commitments, x)]),
        )
        const shared = { signers: { min: k, max: n }, commitments: dealing.commitments, verifyingShares }
        expect(() => frost.validateSecret(theirs[0] as (typeof theirs)[0], shared)).not.toThrow()
      }),
      RUNS,
    )
  })
})

describe('refresh and reshare', () => {
  it('keep the secret, and leave shares of before and after useless together', () => {
    fc.assert(
      fc.property(fc.constantFrom([3, 5, 3, 5], [3, 5, 4, 7], [4, 7, 2, 3]), ([k, n, newK, newN]) => {
        const before = world(k, n)
        const to = { k: newK as number, n: newN as number }
        const after = reshared(before, to, before.held.slice(-before.k))
        const expected = toHex(keyFromSecret(before.secret, before.context, 2))
        const opens = (list: HeldShare[], threshold: number) =>
          combineAnswers(
            list.map((one) => answer(one, [2])),
            threshold,
            [2],
          )?.keys.map(toHex)
        expect(opens(after.slice(-to.k), to.k)).toEqual([expected])
        for (const one of after) {
          expect(shareFits(one.share, one.x, one.commitments)).toBe(true)
          expect(answerFault(answer(one, [2]), before.manifest, to.k, [2])).toBeUndefined()
        }
        // k − 1 of before and one of after: as many as a quorum, and no quorum
        const mixed = [...before.held.slice(0, before.k - 1), ...after.slice(before.k - 1, before.k)]
        expect(opens(mixed, before.k)).toBeUndefined()
        expect(
          opens(
            mixed.map((one) => ({ ...one, generation: 0, commitments: before.dealing.commitments })),
            before.k,
          ),
        ).not.toEqual([expected])
      }),
      { numRuns: 3 },
    )
  })

  it('are dealt the same for the same order, and otherwise for another', () => {
    const [one] = world(3, 5).held as [HeldShare]
    const dealt = (order: string): string[] => dealSubShares(one.share, { k: 3, n: 5, order: utf8(order) }).shares.map(toHex)
    expect(dealt('an order')).toEqual(dealt('an order'))
    expect(dealt('another').filter((share) => dealt('an order').includes(share))).toEqual([])
  })

  it('refuse a dealer that shares something else, or gives one member a bad share', () => {
    const { held } = world(3, 5)
    const [one] = held as [HeldShare]
    const other = dealSubShares(held[1]?.share as Uint8Array, { k: 3, n: 5, order: ORDER })
    const own = dealSubShares(one.share, { k: 3, n: 5, order: ORDER })
    const part = (dealing: Dealing, i: number) => ({ from: 1, share: dealing.shares[i] as Uint8Array, commitments: dealing.commitments })
    expect(subDealingFault(part(own, 0), one.commitments, 1)).toBeUndefined()
    expect(subDealingFault(part(other, 0), one.commitments, 1)).toBe('OTHER_SHARE')
    expect(subDealingFault(part(own, 1), one.commitments, 1)).toBe('BAD_SHARE')
    expect(() => joinSubShares([part(own, 0), { ...part(other, 0), from: 2 }], one.commitments)).toThrow(
      expect.objectContaining({ code: 'NOT_THE_SECRET' }),
    )
  })
})

describe('an answer', () => {
  const { k, manifest, held } = world(3, 5)
  const [one, two] = held as [HeldShare, HeldShare]
  const good = answer(one, [3, 4])
  const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
  it('is taken when its proof holds', () => expect(answerFault(good, manifest, k, [3, 4])).toBeUndefined())
  it.each<[string, string, Partial<KeyAnswer>, number[]]>([
    ['a forged partial', 'FORGED', { points: [good.points[1] as Uint8Array, good.points[0] as Uint8Array] }, [3, 4]],
    ['a partial of another index', 'FORGED', {}, [3, 5]],
    ['bytes that are no point', 'FORGED', { points: [new Uint8Array(32).fill(255), good.points[1] as Uint8Array] }, [3, 4]],
    ['the point at infinity', 'FORGED', { points: [new Uint8Array(32), good.points[1] as Uint8Array] }, [3, 4]],
    ['a changed proof', 'FORGED', { proof: flip(good.proof) }, [3, 4]],
    ['another seat', 'FORGED', { x: 2 }, [3, 4]],
    ['too few points', 'WRONG_COUNT', { points: good.points.slice(1) }, [3, 4]],
    ['another salt', 'KEY_COMMIT', { salt: flip(salt) }, [3, 4]],
    ['commitments of another dealing', 'KEY_COMMIT', { commitments: deal({ k: 3, n: 5 }).commitments }, [3, 4]],
    ['a committee of another size', 'OTHER_COMMITTEE', { commitments: good.commitments.slice(1) }, [3, 4]],
  ])('is refused with %s: %s', (_, fault, changes, indices) => {
    expect(answerFault({ ...good, ...changes }, manifest, k, indices)).toBe(fault)
  })

  it('said twice is one', () => {
    expect(combineAnswers([good, answer(two, [3, 4]), good], 3, [3, 4])).toBeUndefined()
  })
})

it('a bad share is seen before it is acknowledged', () => {
  const { shares, commitments } = deal({ k: 3, n: 5 })
  const [first] = shares as [Uint8Array]
  expect(shareFits(first, 1, commitments)).toBe(true)
  expect(shareFits(first, 2, commitments)).toBe(false)
  for (const bad of [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(31), Fn.toBytes(Fn.add(scalarOf(first), 1n))])
    expect(shareFits(bad, 1, commitments)).toBe(false)
  expect(shareFits(first, 1, [new Uint8Array(32), ...commitments.slice(1)])).toBe(false)
})

describe('chunks', () => {
  const key = new Uint8Array(32).fill(1)
  const context = new Uint8Array(32).fill(2)
  const lines = utf8('{"a":1}\n'.repeat(100))

  it('open with their key, in their place, and not otherwise', () => {
    const sealed = sealChunk(lines, key, context, 3)
    expect(equalBytes(openChunk(sealed, key, context, 3), lines)).toBe(true)
    const wrong = expect.objectContaining({ code: 'CHUNK_UNREADABLE' }) as Error
    expect(() => openChunk(sealed, key, context, 4)).toThrow(wrong)
    expect(() => openChunk(sealed, key, salt, 3)).toThrow(wrong)
    expect(() => openChunk(sealed, salt, context, 3)).toThrow(wrong)
    for (const at of [0, sealed.byteLength - 1])
      expect(() =>
        openChunk(
          sealed.map((b, i) => (i === at ? b ^ 1 : b)),
          key,
          context,
          3,
        ),
      ).toThrow(wrong)
    expect(() => openChunk(sealed.subarray(0, 8), key, context, 3)).toThrow(wrong)
  })

  it('have lengths that say little, at an eighth more at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 9, max: 2 ** 21 }), (length) => {
        const padded = padme(length)
        expect(padded).toBeGreaterThanOrEqual(length)
        expect(padded * 100).toBeLessThanOrEqual(length * 112)
        expect(padme(padded)).toBe(padded)
      }),
    )
    const sizes = new Set(range(100_000).map((i) => padme(i)))
    expect(sizes.size).toBeLessThan(250)
  })

  it('do not unpack without a bound', () => {
    const bomb = sealChunk(new Uint8Array(5_000_000), key, context, 0)
    expect(bomb.byteLength).toBeLessThan(10_000)
    expect(() => openChunk(bomb, key, context, 0)).toThrow(expect.objectContaining({ code: 'CHUNK_UNREADABLE' }))
  })
})

describe('age', () => {
  it('seals to hybrid keys, refuses to mix kinds either way, and opens with the right key only', async () => {
    const [one, two] = [await generateAgeIdentity(), await generateAgeIdentity()]
    const x25519 = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
    const file = await sealToRecipients(utf8('words'), [one.recipient])
    expect(Buffer.from(await openWithIdentities(file, [two.secret, one.secret])).toString()).toBe('words')
    await expect(openWithIdentities(file, [two.secret])).rejects.toMatchObject({ code: 'AGE_UNREADABLE' })
    await expect(sealToRecipients(utf8('words'), [one.recipient, x25519])).rejects.toMatchObject({ code: 'MIXED_RECIPIENTS' })
    await expect(sealToRecipients(utf8('words'), [])).rejects.toMatchObject({ code: 'BAD_RECIPIENT' })
    await expect(sealToRecipients(utf8('words'), ['age1no'])).rejects.toMatchObject({ code: 'BAD_RECIPIENT' })
  })

  it('keeps a seed under a passphrase', async () => {
    const file = await sealWithPassphrase(salt, 'corn and water', 10)
    expect(equalBytes(await openWithPassphrase(file, 'corn and water'), salt)).toBe(true)
    await expect(openWithPassphrase(file, 'corn')).rejects.toMatchObject({ code: 'AGE_UNREADABLE' })
  })
})

it('draws chunks that nobody chose, all where there are few', () => {
  expect(sampledChunks(salt, cid, 20)).toEqual(range(20))
  const drawn = sampledChunks(salt, cid, 4096)
  expect(drawn).toHaveLength(32)
  expect(drawn).toEqual([...new Set(drawn)].toSorted((a, b) => a - b))
  expect(sampledChunks(sha256(salt), cid, 4096)).not.toEqual(drawn)
})

it('is unreadable after n − k + 1 deletions', () => {
  expect(shredState({ k: 3, n: 5, shredded: 2 })).toEqual({ shredded: 2, needed: 3, unreadable: false })
  expect(shredState({ k: 3, n: 5, shredded: 3 }).unreadable).toBe(true)
})

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base % Fn.ORDER]
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % Fn.ORDER
    square = (square * square) % Fn.ORDER
  }
  return result
}
