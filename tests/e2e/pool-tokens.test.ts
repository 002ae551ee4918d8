/** The key behind a pool's tokens over real TCP: its shares handed to keyholders, and tokens asked of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, silent } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { type Mesh, poolKeyProtocol } from '../../core/mesh/index.ts'
import { askForRecipient, askForTokens, dealPoolKey, handPoolShare, type HeldPoolShare, sealToRecipients } from '../../dao/custody/index.ts'
import { poolTokens } from '../../node/pool/offering/index.ts'
import { bandsOfLines } from '../../node/pool/seal/index.ts'
import { cborCid, encode, peerFromDid, type PoolKey, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { eventLines, type HolderAtWork, PoolNetwork } from '../support/pool-network.ts'
import { fill, keyholders, LEDGER, operator, subject } from '../support/pool-world.ts'

const members = keyholders().map(({ did }) => did)
const dealt = (): ReturnType<typeof dealPoolKey> => dealPoolKey({ dao: LEDGER, k: 3, members, at: 1 }, operator)
const { key, shares } = dealt()
let network: PoolNetwork
let asking: Mesh
const shareOf = (x: number): HeldPoolShare => shares[x - 1] as HeldPoolShare
const name = (of: PoolKey): void => void network.state.poolKeys.set(cborCid(encode(of)).toString(), of)

beforeAll(async () => {
  network = await PoolNetwork.open()
  asking = await network.dial(subject)
})
afterAll(() => network[Symbol.asyncDispose]())

const hand = (x: number, of: { key: PoolKey; share: Uint8Array; signer?: Signer } = { key, share: shareOf(x).share }) =>
  handPoolShare({ mesh: network.assembling, clock: network.clock, signer: operator, x, ...of })

describe('a share of the pool’s key', () => {
  it('is not taken before a policy names the key', async () => {
    expect(await hand(1)).toBe('NO_POLICY')
    name(key)
  })

  it.each<[string, string, () => Promise<string | undefined>]>([
    ['dealt by a stranger', 'NOT_OPERATOR', () => hand(1, { key, share: shareOf(1).share, signer: keyFromSeed(fill(77)) })],
    [
      'of a key that takes the place of the one the policy names',
      'NO_POLICY',
      () => {
        const other = dealt()
        return hand(1, { key: other.key, share: (other.shares[0] as HeldPoolShare).share })
      },
    ],
    ['that is not on the polynomial', 'BAD_SHARE', () => hand(1, { key, share: fill(7) })],
    ['of another member', 'BAD_SHARE', () => hand(1, { key, share: shareOf(2).share })],
    [
      'of another seat',
      'OTHER_SEAT',
      async () => {
        const recipient = (await askForRecipient(members[0] as string, {
          mesh: network.assembling,
          clock: network.clock,
          dao: LEDGER,
        })) as string
        const { x, share } = shareOf(2)
        const part = signObject(
          'pool-key-part',
          { v: 1, dao: LEDGER, key: cborCid(encode(key)), x, share, by: operator.did, at: 1 },
          operator,
        )
        const sealed = await sealToRecipients(encode(part), [recipient])
        const reply = await network.assembling.ask(peerFromDid(members[0] as string), poolKeyProtocol, { sealed })
        return reply.status === 'refused' ? reply.code : reply.status
      },
    ],
    [
      'sealed to nobody',
      'DEPOSIT_KEY',
      async () => {
        const reply = await network.assembling.ask(peerFromDid(members[0] as string), poolKeyProtocol, { sealed: fill(1, 400) })
        return reply.status === 'refused' ? reply.code : reply.status
      },
    ],
  ])('%s is refused', async (_, code, handed) => {
    expect(await handed()).toBe(code)
    expect((network.holders[0] as HolderAtWork).table.poolShare(cborCid(encode(key)))).toBeUndefined()
  })

  it('is taken, and acknowledged again when it comes again', async () => {
    for (let x = 1; x <= 5; x++) expect(await hand(x)).toBeUndefined()
    expect(await hand(1)).toBeUndefined()
    const { table } = network.holders[0] as HolderAtWork
    expect(table.poolShare(cborCid(encode(key)))).toEqual({ x: 1, share: shareOf(1).share })
    // it is nobody's contribution
    expect([table.size, [...table.rows()], table.due(Number.MAX_SAFE_INTEGER - 1)]).toEqual([0, [], []])
  })

  it('is there after a restart, and after the table’s key was replaced', async () => {
    await (network.holders[0] as HolderAtWork).table.rotate()
    await network.restart(0)
    await network.restart(1)
    for (const [i, { table }] of network.holders.entries())
      expect(table.poolShare(cborCid(encode(key)))).toEqual({ x: i + 1, share: shareOf(i + 1).share })
  })
})

describe('keyholders', () => {
  let clock: Clock
  beforeAll(() => {
    // one moment of one day: what an account may ask is counted by days
    const now = network.clock.now()
    clock = { ...network.clock, now: () => now }
  })

  it('give a contribution sixteen tokens, the same to whoever has the same events', async () => {
    const bands = bandsOfLines(eventLines(60))
    const { tokens, faults } = await askForTokens({ mesh: asking, clock, signer: subject, key, bands })
    expect(tokens.map(toHex)).toHaveLength(16)
    expect(faults.size).toBe(0)
    const other = keyFromSeed(fill(77))
    network.state.joined.add(other.did)
    const same = await askForTokens({ mesh: await network.dial(other), clock, signer: other, key, bands: bandsOfLines(eventLines(60)) })
    expect(same.tokens.map(toHex)).toEqual(tokens.map(toHex))
  })

  it('do with one silent, and name it', async () => {
    const gone = members[2] as string
    const mesh = {
      ask: ((peer: string, ...rest: [never, never]) =>
        peer === peerFromDid(gone) ? Promise.reject(new Error('silent')) : asking.ask(peer, ...rest)) as Mesh['ask'],
    }
    const { faults } = await askForTokens({ mesh, clock, signer: subject, key, bands: [sha256(utf8('a'))] })
    expect([...faults.keys()]).toEqual([gone])
  })

  it('that are not there yet are asked again, and those that answered are not', async () => {
    const asked: string[] = []
    const mesh = {
      ask: ((peer: string, ...rest: [never, never]) => {
        asked.push(peer)
        const first = asked.filter((one) => one === peer).length === 1
        if (first && peer !== peerFromDid(members[0] as string))
          return Promise.reject(Object.assign(new Error(), { code: 'NOT_CONNECTED' }))
        return asking.ask(peer, ...rest)
      }) as Mesh['ask'],
    }
    const bands = [sha256(utf8('b'))]
    const { tokens } = await askForTokens({ mesh, clock, signer: subject, key, bands, again: [1] })
    expect(tokens).toHaveLength(1)
    expect(asked).toHaveLength(9)
  })

  it('refuse who has not joined, and another key', async () => {
    const stranger = keyFromSeed(fill(78))
    const codes = async (signer: Signer, of: typeof key, mesh: Mesh) =>
      askForTokens({ mesh, clock, signer, key: of, bands: [sha256()] }).then(
        () => [],
        (thrown: { detail: { faults: Record<string, string> } }) => [...new Set(Object.values(thrown.detail.faults))],
      )
    expect(await codes(stranger, key, await network.dial(stranger))).toEqual(['NOT_JOINED'])
    expect(await codes(subject, { ...key, at: 2 }, asking)).toEqual(['OTHER_KEY'])
    // carried by somebody else
    expect(await codes(stranger, key, asking)).toEqual(['NOT_YOURS'])
  })

  it('answer for 68 bands a day and account, and no more', async () => {
    const eager = keyFromSeed(fill(79))
    network.state.joined.add(eager.did)
    const mesh = await network.dial(eager)
    const bands = Array.from({ length: 16 }, (_, i) => sha256(utf8(`guess ${i}`)))
    for (let i = 0; i < 4; i++) await askForTokens({ mesh, clock, signer: eager, key, bands })
    await expect(askForTokens({ mesh, clock, signer: eager, key, bands: bands.slice(1) })).rejects.toMatchObject({
      detail: { faults: Object.fromEntries(members.map((did) => [did, 'TOO_MANY'])) },
    })
  })

  it('too few of which are there give none: the offer goes on without, and knows who was missing', async () => {
    for (const { keyholder } of network.holders.slice(2)) await keyholder[Symbol.asyncDispose]()
    const pauses: number[] = []
    const hurried = { ...clock, sleep: (ms: number) => Promise.resolve(void pauses.push(ms)) }
    const late = keyFromSeed(fill(80))
    network.state.joined.add(late.did)
    const mesh = await network.dial(late)
    const bands = [sha256(utf8('c'))]
    const { signal } = new AbortController()
    const { tokens, faults } = await poolTokens({ mesh, clock: hurried, signer: late, logger: silent, key, bands, signal })
    expect(tokens).toEqual([])
    expect(faults).toEqual(Object.fromEntries(members.slice(2).map((did) => [did, 'UNSUPPORTED_PROTOCOL'])))
    expect(pauses).toEqual([500, 1000, 2000, 4000, 4000, 8000])
  })
})
