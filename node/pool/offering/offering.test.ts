import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemoryKv } from '../../../core/kv/index.ts'
import { isDpvTerm } from '../../../dao/consent/index.ts'
import { EVENT_TYPES, poolRules, SOURCES } from '../../../schemas/activity/index.ts'
import { eventLines } from '../../../tests/support/pool-network.ts'
import { type Contributed, PoolLedgerWorld } from '../../../tests/unit/pool-ledger-world.ts'
import { fill, LEDGER, poolPolicy, subject } from '../../../tests/support/pool-world.ts'
import {
  CATEGORIES,
  categoriesOf,
  checkChoices,
  createOwnerOnlySeed,
  openOwnerOnlySeed,
  placeOf,
  PoolBook,
  type PoolNote,
  prepareOffer,
  readSeedText,
  receiptOf,
  sealContribution,
  seedText,
} from './index.ts'

const { policy, cid } = poolPolicy()
const NEEDED = ['ai:ModelTraining', 'dpv:DataQualityAssessment']
const choices = { purposes: NEEDED, adult: true, gpc: false }
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-offering-'))
})
afterAll(() => rm(folder, { recursive: true }))

const sealed = () =>
  sealContribution({
    lines: eventLines(12),
    dao: LEDGER,
    subject: subject.did,
    policy: { cid, value: policy },
    schema: 'activity@1',
    from: '2025-01',
    to: '2025-12',
  })

it('names every event by a category of the vocabulary', () => {
  expect([...CATEGORIES].filter((one) => !isDpvTerm(one))).toEqual([])
  for (const type of EVENT_TYPES)
    for (const source of SOURCES)
      for (const kind of ['video', 'page', 'track']) {
        const said = categoriesOf({ id: '0'.repeat(32), type, actor: 'self', object: { kind, place: { latE7: 0, lonE7: 0 } }, source })
        expect(said.filter((one) => !CATEGORIES.has(one))).toEqual([])
        expect(said).toContain('pd:GPSCoordinate')
      }
})

describe('what was ticked', () => {
  it('is taken in the order of the policy, once, with the longest time unless said', () => {
    const { purposes, days } = checkChoices(policy, { ...choices, purposes: [...NEEDED.toReversed(), 'ai:ModelTraining'] }, [])
    expect([purposes, days]).toEqual([NEEDED, 365])
    expect(checkChoices(policy, { ...choices, days: 30 }, ['pd:TVViewingBehaviour']).days).toBe(30)
  })

  it.each<[string, string, object, string[]]>([
    ['without a needed purpose', 'PURPOSE_MISSING', { purposes: ['ai:ModelTraining'] }, []],
    ['with one that is not asked for', 'PURPOSE_UNKNOWN', { purposes: [...NEEDED, 'dpv:CommercialResearch'] }, []],
    ['by somebody who is no adult', 'NOT_ADULT', { adult: false }, []],
    ['with an optional one under privacy control', 'GPC', { purposes: [...NEEDED, 'ai:Benchmarking'], gpc: true }, []],
    ['for longer than the policy keeps', 'TOO_LONG', { days: 366 }, []],
    ['for no time', 'TOO_LONG', { days: 0 }, []],
    ['for data that the pool does not take', 'CATEGORY_NOT_OFFERED', {}, ['pd:HealthRecord']],
  ])('%s is no consent', (_, code, changes, categories) => {
    expect(() => checkChoices(policy, { ...choices, ...changes }, categories)).toThrow(expect.objectContaining({ code }))
  })

  it('is what the receipt says, until the day it ends', () => {
    const { manifest, cid: named } = sealed()
    const ticked = checkChoices(policy, { ...choices, days: 10 }, [])
    const facts = { policy: { cid, value: policy }, manifest, cid: named, ticked, categories: ['pd:FavouriteMusic'], source: 'spotify' }
    const receipt = receiptOf({ ...facts, gpc: false, othersRemoved: true, id: '0b8e2e7a-3b5c-4f6e-9a5d-0c1d2e3f4a5b', now: 1000 })
    expect(receipt).toMatchObject({ purposes: NEEDED, expires: 1000 + 864_000, thirdParties: 'removed', subject: subject.did, prev: null })
  })
})

describe('an export', () => {
  const read = (file: string, rules: object = {}) =>
    prepareOffer(file, { rules: poolRules.parse(rules), key: fill(3), nowMs: Date.UTC(2026, 0, 5) })

  it('becomes lines that can be sealed, with what consent must name of them', async () => {
    const plays = [
      { endTime: '2025-03-09 10:20', artistName: 'A', trackName: 'One', msPlayed: 60_000 },
      { endTime: '2025-05-01 11:20', artistName: 'A', trackName: 'Two', msPlayed: 60_000 },
    ]
    const file = path.join(folder, 'StreamingHistory_music_0.json')
    await writeFile(file, JSON.stringify(plays))
    const offer = await read(file)
    expect(offer).toMatchObject({
      source: 'spotify',
      from: '2025-03',
      to: '2025-05',
      categories: ['pd:FavouriteMusic'],
      types: { Listen: 2 },
    })
    const { manifest } = sealContribution({
      lines: offer.lines,
      dao: LEDGER,
      subject: subject.did,
      policy: { cid, value: policy },
      schema: 'activity@1',
      from: offer.from,
      to: offer.to,
    })
    expect(manifest.records).toBe(2)
    await expect(read(file, { types: ['Post'] })).rejects.toMatchObject({ code: 'NOTHING_TO_OFFER' })
  })
})

describe('the book', () => {
  it('gives after a restart what was in it, and forgets the parts of keyholders when they have theirs', async () => {
    const kv = new MemoryKv()
    const book = await PoolBook.open(kv)
    const { manifest, salt, shares, commitments, counts } = sealed()
    const given = { manifest, salt, commitSalt: fill(8), receipts: ['jws'], committee: policy.committee, shares, commitments, counts }
    const note = await book.add({ ...given, source: 'spotify', at: 5 })
    expect((await PoolBook.open(kv)).live).toEqual(note)
    expect(counts).toHaveLength(3)
    await book.update(note, { depositedAt: 9, shares: [], counts: [] })
    const again = await PoolBook.open(kv)
    expect(again.live).toMatchObject({ depositedAt: 9, shares: [], manifest })
    const stored = Buffer.concat(await Promise.all((await kv.keys('')).map(async (key) => Buffer.from((await kv.get(key)) ?? []))))
    const parts = [...shares, ...counts.map(({ words }) => words)]
    expect(parts.some((part) => stored.includes(Buffer.from(part)))).toBe(false)
    await again.update(again.live as typeof note, { withdrawals: [fill(1, 40)] })
    expect((await PoolBook.open(kv)).live).toBeUndefined()
  })
})

describe('the addresses of keyholders', () => {
  it('stay where the DAO names somebody no more, or names other ones, and are forgotten with the account', async () => {
    const kv = new MemoryKv()
    const book = await PoolBook.open(kv)
    const [a, b, c] = policy.committee.members as [string, string, string]
    await book.learnAddresses(
      [a, b, c].map((did) => ({ did, addresses: ['/ip4/127.0.0.1/tcp/1'] })),
      new Set([a, b]),
    )
    await book.learnAddresses([{ did: a, addresses: ['/ip4/127.0.0.1/tcp/2'] }], new Set([a, b]))
    await book.learnAddresses([{ did: b, addresses: [] }], new Set([a, b]))
    expect(await book.addresses()).toEqual([
      { did: a, addresses: ['/ip4/127.0.0.1/tcp/2', '/ip4/127.0.0.1/tcp/1'] },
      { did: b, addresses: ['/ip4/127.0.0.1/tcp/1'] },
    ])
    await book.learnAddresses([], new Set([b]))
    expect((await book.addresses()).map(({ did }) => did)).toEqual([b])
  })
})

describe('how far an offer is', () => {
  const noteOf = ({ cid: named, manifest, salt }: Contributed): PoolNote => ({
    cid: named,
    manifest,
    commitSalt: salt,
    committee: policy.committee,
    source: 'spotify',
    at: 0,
    receipts: ['jws'],
    salt: fill(1),
    shares: [],
    commitments: [],
    counts: [],
    depositedAt: 5,
    withdrawals: [],
    shredded: [],
    noted: [],
    logged: false,
    heads: [],
  })

  it('goes on after the reveal until enough keyholders say that they hold it', () => {
    const world = new PoolLedgerWorld()
    const person = world.person('ada')
    world.advanceTo('gather')
    const offered = world.offer(person)
    const note = noteOf(offered)
    expect(placeOf(note, world.state).stage).toBe('committed')
    world.advance('reveal')
    world.show(offered)
    expect(placeOf(note, world.state).stage).toBe('revealed')
    for (const validator of world.validators) world.available(validator, [offered.cid])
    expect(placeOf(note, world.state)).toMatchObject({ stage: 'available', available: { length: 5 } })
  })

  it('is over where nobody held it in time, and where another home withdrew it', () => {
    const world = new PoolLedgerWorld()
    const [forgotten, gone] = [world.person('ada'), world.person('bo')]
    world.advanceTo('gather')
    const offered = [world.offer(forgotten), world.offer(gone)] as const
    world.advance('reveal')
    for (const one of offered) world.show(one)
    world.withdraw(gone)
    expect(placeOf(noteOf(offered[1]), world.state).stage).toBe('withdrawn')
    world.state.contributions.get(offered[0].cid.toString())!.dropped = true
    expect(placeOf(noteOf(offered[0]), world.state).stage).toBe('dropped')
  })
})

describe('the root seed', () => {
  it('lies in a file of its owner alone, and comes back from what was written down', async () => {
    const file = path.join(folder, 'root.seed')
    const seed = await createOwnerOnlySeed(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await openOwnerOnlySeed(file)).toEqual(seed)
    expect(readSeedText(`  ${seedText(seed).toUpperCase()}\n`)).toEqual(seed)
    expect(await readFile(file, 'utf8')).toBe(`${seedText(seed)}\n`)
    await expect(createOwnerOnlySeed(file)).rejects.toMatchObject({ code: 'SEED_EXISTS' })
    const race = await Promise.allSettled([1, 2, 3].map(() => createOwnerOnlySeed(path.join(folder, 'race.seed'))))
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await readdir(folder)).filter((name) => name.startsWith('race'))).toEqual(['race.seed'])
    await chmod(file, 0o644)
    await expect(openOwnerOnlySeed(file)).rejects.toMatchObject({ code: 'KEY_FILE_OPEN' })
  })

  it.each([
    ['one letter is another', (text: string) => text.replace(/[0-9a-f](?= [0-9a-f]{8}$)/, (c) => (c === 'a' ? 'b' : 'a'))],
    ['it is cut', (text: string) => text.slice(0, -1)],
    ['it is something else', () => 'hello'],
  ])('is refused where %s', (_, change) => {
    expect(() => readSeedText(change(seedText(fill(9))))).toThrow(expect.objectContaining({ code: 'SEED_UNREADABLE' }))
  })
})
