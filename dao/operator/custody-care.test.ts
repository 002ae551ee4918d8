/** Shares are given to others by the service: whose turn comes, and what somebody who does not do their part can hold up. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type Clock, type Logger, silent } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { FatalError, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { depositKeyProtocol, type Mesh } from '../../core/mesh/index.ts'
import { cborCid, encode, parse, peerFromDid, reshareOrder, utf8 } from '../../schemas/wire/index.ts'
import { draftPolicy } from '../../tests/support/pool-world.ts'
import { seeded } from '../../tests/unit/ledger-world.ts'
import { PoolLedgerWorld } from '../../tests/unit/pool-ledger-world.ts'
import { signPolicy } from '../consent/index.ts'
import { MemoryFiles } from '../follower/index.ts'
import { agreedSharing, custodyOf, type LedgerState, type PoolContribution, readReshareOrder } from '../ledger/index.ts'
import { CustodyCare, type CustodyCareOptions } from './custody-care.ts'

const DAY = 86_400
const names = Array.from({ length: 8 }, (_, i) => seeded(`validator-${i}`))
const members = names.slice(0, 5).map(({ did }) => did)
const others = names
  .slice(5)
  .map(({ did }) => did)
  .toSorted()
const ledger = new PoolLedgerWorld()
ledger.gatherPool(() => [ledger.offer(ledger.person('ada'))])
const like = custodyOf(ledger.state)[0]!.one
const draft = draftPolicy(members)
const closed = signPolicy(draft, ledger.operator)
const open = signPolicy({ ...draft, recipients: [...draft.recipients, { role: 'keyholder', id: 'roster' }] }, ledger.operator)

/** Keyholders that do their part, unless a test has one of them answer otherwise, and a log that takes what the fold would. */
class World {
  now = 1_800_000_000
  readonly contributions = new Map<string, PoolContribution>()
  readonly seated = new Set(names.map(({ did }) => did))
  readonly gone = new Set<string>()
  readonly away = new Set<string>()
  readonly orders: { contribution: string; to: string[] }[] = []
  readonly said: [string, unknown][] = []
  readonly book = new MemoryKv()
  readonly files = new MemoryFiles()
  /** What a new member signs as ready; undefined: what it should. */
  signs: (by: Signer, order: Uint8Array) => Uint8Array | undefined = () => undefined
  open: CustodyCareOptions['open'] = () => Promise.resolve(Object.assign(this.book, { [Symbol.asyncDispose]: () => Promise.resolve() }))
  #care: CustodyCare | undefined

  async offer(count: number, { policy = open, days = 0, k = 3, held = members } = {}): Promise<string[]> {
    await this.files.write(policy.cid, policy.bytes)
    return Array.from({ length: count }, () => {
      const manifestCid = cborCid(utf8(`contribution ${this.contributions.size}`))
      const committee = { k, members: held }
      const manifest = { ...like.manifest, policy: policy.cid }
      const one = { ...like, manifest, manifestCid, committee, generation: 0, dealtAt: this.now - days * DAY }
      this.contributions.set(manifestCid.toString(), one)
      return manifestCid.toString()
    })
  }

  /** One look at what is due, when it is time, and what comes of it. */
  async round(): Promise<void> {
    this.#care ??= new CustodyCare(this.#options())
    this.#care.tend()
    await this.#care[Symbol.asyncDispose]()
  }

  async pass(seconds: number, each = 60): Promise<void> {
    for (const until = this.now + seconds; this.now < until; this.now += each) await this.round()
  }

  generation = (contribution: string | undefined): number => this.contributions.get(contribution!)!.generation

  get state(): LedgerState {
    const seats = names.map(({ did }): [string, unknown] => [
      did,
      { active: this.seated.has(did), statement: { validator: did, operator: did } },
    ])
    const charters = [closed, open].map(({ cid }) => ({ charter: { consent: cid } }))
    const { id, operator } = ledger.state
    const said = { id, operator, charters, pendingCharters: [], contributions: this.contributions, validators: new Map(seats) }
    return said as unknown as LedgerState
  }

  #options(): CustodyCareOptions {
    const clock = { now: () => this.now * 1000, deadline: () => new AbortController().signal } as unknown as Clock
    const note: Logger['info'] = (event, fields) => void (event !== 'custody-looked' && this.said.push([event, fields]))
    const logger: Logger = { ...silent, debug: note, info: note, warn: note }
    const answers = (account: string): boolean => !this.away.has(account)
    return {
      mesh: { ask: this.#ask as Mesh['ask'] },
      files: this.files,
      clock,
      logger,
      signal: new AbortController().signal,
      signer: ledger.operator,
      state: () => this.state,
      write: (_t, p) => this.#write(p as { order: Uint8Array; ready: Uint8Array[] }),
      until: (look) => Promise.resolve(look(this.state)!),
      watch: { gone: this.gone, answers },
      open: () => this.open(),
      days: 31,
    }
  }

  readonly #ask = (peer: string, protocol: { id: string }, query: object): Promise<unknown> => {
    const by = names.find(({ did }) => peerFromDid(did) === peer)!
    if (this.away.has(by.did)) return Promise.reject(new RetryableError('NOT_CONNECTED', 'away'))
    if (protocol.id === depositKeyProtocol.id) return Promise.resolve({ key: new Uint8Array(1) })
    const { order: bytes, step } = query as { order: Uint8Array; step: { what: string } }
    const { to, manifest } = parse(reshareOrder, bytes, 8192)
    if (step.what === 'deal') return Promise.resolve({ status: 'dealt', parts: to.members.map(() => new Uint8Array(1)) })
    if (step.what === 'commit') return Promise.resolve({ status: 'done' })
    if (by.did === to.members[0]) this.orders.push({ contribution: manifest.toString(), to: to.members })
    const ready = this.signs(by, bytes)
    return Promise.resolve({ status: 'ready', ready: ready ?? readyOf(by, bytes, new Uint8Array(32)) })
  }

  #write({ order: bytes, ready }: { order: Uint8Array; ready: Uint8Array[] }): Promise<void> {
    const read = readReshareOrder(bytes, { ledger: ledger.id, operator: ledger.operator.did })
    if (!read.ok) throw new FatalError(read.code, read.message)
    const one = this.contributions.get(read.order.manifest.toString())!
    if (one.generation !== read.order.generation) throw new FatalError('OTHER_GENERATION', 'no')
    if (agreedSharing(ready, read) === undefined) throw new FatalError('NOT_READY', 'no')
    Object.assign(one, { committee: read.order.to, generation: one.generation + 1, dealtAt: this.now, reshared: { order: bytes, ready } })
    return Promise.resolve()
  }
}

function readyOf(by: Signer, order: Uint8Array, commitments: Uint8Array): Uint8Array {
  const x = parse(reshareOrder, order, 8192).to.members.indexOf(by.did) + 1
  return encode(signObject('reshare-ready', { v: 1, order: cborCid(order), x, commitments, by: by.did }, by))
}

const waits = (code: string): [string, unknown] => ['reshare-waits', { contributions: { [code]: 1 } }]

let world: World
beforeEach(() => {
  world = new World()
})

describe('a new member that does not do its part', () => {
  it('holds up only what it holds when it signs something else than it should', async () => {
    const liar = members[0]!
    world.signs = ({ did }) => (did === liar ? utf8('ready') : undefined)
    const [its] = await world.offer(1, { days: 40 })
    await world.pass(120)
    const [other] = await world.offer(1, { days: 35, held: [...members.slice(1), others[0]!] })
    await world.pass(480)
    expect([world.generation(its), world.generation(other)]).toEqual([0, 1])
    // nothing of it lies in the way
    expect(await world.book.keys('')).toEqual([])
    world.signs = () => undefined
    await world.pass(1200)
    expect(world.generation(its)).toBe(1)
  })

  it('is named, and nothing of it is kept, also when what it signs is of another sharing', async () => {
    world.signs = (by, order) => (by.did === members[1] ? readyOf(by, order, new Uint8Array(32).fill(7)) : undefined)
    await world.offer(1, { days: 40 })
    await world.pass(60)
    expect(world.said).toEqual([
      ['reshare-failed', expect.objectContaining({ code: 'NOT_READY', faults: { [members[1]!]: 'NOT_READY' } })],
      waits('NOT_READY'),
    ])
    expect(await world.book.keys('')).toEqual([])
  })

  it('leaves the place to another that the policy allows', async () => {
    const [one] = await world.offer(1)
    world.seated.delete(members[0]!)
    const broken = new Set(others.slice(0, 2))
    world.signs = ({ did }) => (broken.has(did) ? utf8('ready') : undefined)
    await world.pass(2400)
    expect(world.contributions.get(one!)!.committee.members).toEqual([...members.slice(1), others[2]])
  })

  it('is asked again where it alone may take over from one that is gone', async () => {
    const [alone] = others as [string]
    for (const account of others.slice(1)) world.seated.delete(account)
    const [one] = await world.offer(1)
    world.gone.add(members[0]!)
    world.signs = ({ did }) => (did === alone ? utf8('ready') : undefined)
    await world.pass(120)
    expect(world.orders).toHaveLength(1)
    world.signs = () => undefined
    await world.pass(3600)
    expect(world.contributions.get(one!)!.committee.members).toContain(alone)
  })
})

describe('what is due', () => {
  it('comes although nobody may take over from one that is gone in many others', async () => {
    world.gone.add(members[0]!)
    await world.offer(200, { policy: closed })
    const [old] = await world.offer(1, { days: 40, held: members.slice(1) })
    let opened = 0
    const { open: opens } = world
    world.open = () => {
      opened++
      return opens()
    }
    await world.pass(300, 1)
    expect(world.generation(old)).toBe(1)
    // and then there is rest
    expect(opened).toBeLessThan(20)
  })

  it('is done at once where one more lost its seat, however often it came to nothing before', async () => {
    const [one] = await world.offer(1, { days: 32 })
    world.away.add(members[0]!)
    await world.pass(DAY)
    expect(world.orders).toEqual([])
    world.seated.delete(members[0]!)
    await world.pass(120)
    expect(world.generation(one)).toBe(1)
  })

  it('is done at once also where as many are left as before the operator replaced another', async () => {
    const [one] = await world.offer(1)
    world.signs = () => utf8('ready')
    world.seated.delete(members[0]!)
    await world.pass(DAY)
    world.signs = () => undefined
    Object.assign(world.contributions.get(one!)!, { committee: { k: 3, members: [...members.slice(1), others[0]!] }, generation: 1 })
    await world.pass(120)
    world.seated.delete(members[1]!)
    await world.pass(120)
    expect(world.generation(one)).toBe(2)
  })

  it('waits for one who may take over and is away, so that no committee shrinks for it', async () => {
    const [one] = await world.offer(1)
    for (const account of others) world.away.add(account)
    world.seated.delete(members[0]!)
    await world.pass(300)
    expect(world.orders).toEqual([])
    world.away.clear()
    await world.pass(600)
    expect(world.contributions.get(one!)!.committee.members).toHaveLength(5)
  })

  it('is complained of also where something else could be done', async () => {
    await world.offer(1, { days: 40, held: [...members.slice(1), others[0]!] })
    await world.offer(1, { days: 32 })
    world.away.add(others[0]!)
    await world.round()
    expect(world.said.map(([event]) => event)).toEqual(['reshare-failed', 'reshared', 'reshare-waits'])
  })

  it('is complained of once an hour where it cannot be done', async () => {
    await world.offer(1, { days: 32 })
    world.open = () => Promise.reject(new FatalError('STORE_UNREADABLE', 'no'))
    await world.pass(3500)
    expect(world.said).toEqual([['reshare-waits', { code: 'STORE_UNREADABLE' }]])
  })
})
