import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../../core/effects/index.ts'
import { FatalError } from '../../../core/errors/index.ts'
import { MemoryKv } from '../../../core/kv/index.ts'
import type { Mesh } from '../../../core/mesh/index.ts'
import { MemoryStorage } from '../../../core/storage/index.ts'
import { isDpvTerm, readReceipt, receiptId, signReceipt } from '../../../dao/consent/index.ts'
import { EVENT_TYPES, poolRules, SOURCES } from '../../../schemas/activity/index.ts'
import { eventLines } from '../../../tests/support/pool-network.ts'
import { type Contributed, PoolLedgerWorld } from '../../../tests/unit/pool-ledger-world.ts'
import { fill, LEDGER, NOW, poolPolicy, receiptFor, subject } from '../../../tests/support/pool-world.ts'
import { realClock } from '../../../tests/support/real-clock.ts'
import { type CID, parse, peerFromDid, type Purpose, withdrawal } from '../../../schemas/wire/index.ts'
import { MemoryFiles, Outbox } from '../../../dao/follower/index.ts'
import { liveContributionOf } from '../../../dao/ledger/index.ts'
import { isFinal, type LogDeeds, reveal, takeBack } from './log-deeds.ts'
import { BringWithdrawals } from './bring-withdrawals.ts'
import { toBeTold } from './withdrawn.ts'
import {
  CATEGORIES,
  categoriesOf,
  checkChoices,
  createOwnerOnlySeed,
  endOffer,
  endPurposes,
  hasEnded,
  isUnderWay,
  keepRenewal,
  learnFromLog,
  openOwnerOnlySeed,
  placeOf,
  PoolBook,
  type PoolNote,
  prepareOffer,
  purposesGiven,
  purposesLeft,
  purposesWithdrawn,
  readSeedText,
  receiptOf,
  renewedReceipt,
  renewOffer,
  sealContribution,
  seedText,
  tellNarrowed,
  withdrawOffer,
} from './index.ts'

const { policy, cid } = poolPolicy()
const NEEDED = ['ai:ModelTraining', 'dpv:DataQualityAssessment']
const choices = { purposes: NEEDED, adult: true, gpc: false }
const clock = { ...realClock, now: () => NOW * 1000 }
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
    await endOffer({ clock, subject, book: again, note: again.live as PoolNote })
    expect((await PoolBook.open(kv)).live).toBeUndefined()
  })

  it('keeps no parts of an offer that was withdrawn before it was handed out', async () => {
    const kv = new MemoryKv()
    const book = await PoolBook.open(kv)
    const { manifest, salt, shares, commitments, counts } = sealed()
    const given = { manifest, salt, commitSalt: fill(8), receipts: ['jws'], committee: policy.committee, shares, commitments, counts }
    const note = await book.add({ ...given, source: 'spotify', at: 5 })
    const isStored = async (part: Uint8Array): Promise<boolean> => {
      const values = await Promise.all((await kv.keys('')).map(async (key) => Buffer.from((await kv.get(key)) ?? [])))
      return Buffer.concat(values).includes(Buffer.from(part))
    }
    const parts = [...shares, ...counts.map(({ words }) => words)]
    expect(await Promise.all(parts.map(isStored))).toEqual(parts.map(() => true))
    await endOffer({ clock, subject, book, note })
    expect(await Promise.all(parts.map(isStored))).toEqual(parts.map(() => false))
  })

  it('writes nothing that it could not read again, and loses nothing of two changes at once', async () => {
    const kv = new MemoryKv()
    const book = await PoolBook.open(kv)
    const { manifest, salt, shares, commitments } = sealed()
    const given = { manifest, salt, commitSalt: fill(8), receipts: ['jws'], committee: policy.committee, shares, commitments }
    const note = await book.add({ ...given, source: 'spotify', at: 5 })
    const tooMany = Array.from({ length: 65 }, () => 'jws')
    await expect(book.update(note, { receipts: tooMany })).rejects.toMatchObject({ code: 'BAD_SHAPE' })
    await Promise.all([book.update(note, { depositedAt: 9 }), book.update(note, { logged: true })])
    expect((await PoolBook.open(kv)).live).toMatchObject({ receipts: ['jws'], depositedAt: 9, logged: true })
  })
})

describe('what was withdrawn', () => {
  const GIVEN: Purpose[] = ['ai:ModelTraining', 'dpv:DataQualityAssessment', 'ai:Benchmarking', 'dpv:SellDataToThirdParties']
  async function offered(receipts = 1) {
    const book = await PoolBook.open(new MemoryKv())
    const { manifest, salt, shares, commitments } = sealed()
    const jws = Array.from({ length: receipts }, (_, i) =>
      signReceipt(receiptFor(poolPolicy(), manifest, { purposes: GIVEN, given: NOW - 60 + i }), subject),
    )
    const given = { manifest, salt, commitSalt: fill(8), receipts: jws, committee: policy.committee, shares, commitments }
    const note = await book.add({ ...given, source: 'spotify', at: 5 })
    await book.update(note, { depositedAt: 6 })
    return { book, note }
  }

  it('of some purposes leaves the others, names the contribution, and is signed once', async () => {
    const { book, note } = await offered(2)
    await endPurposes({ clock, subject, book, note }, ['ai:Benchmarking'])
    await endPurposes({ clock, subject, book, note }, ['ai:Benchmarking'])
    expect([hasEnded(note), note.withdrawals.length, note.logged, note.shares.length]).toEqual([false, 1, false, 5])
    expect([purposesLeft(note), purposesWithdrawn(note)]).toEqual([GIVEN.filter((one) => one !== 'ai:Benchmarking'), ['ai:Benchmarking']])
    expect(book.live).toBe(note)
    await endPurposes({ clock, subject, book, note }, ['ai:Benchmarking', 'dpv:SellDataToThirdParties'])
    expect(note.withdrawals.map((bytes) => parse(withdrawal, bytes, 2048).scope)).toEqual([
      ['ai:Benchmarking'],
      ['dpv:SellDataToThirdParties'],
    ])
    for (const bytes of note.withdrawals) expect(parse(withdrawal, bytes, 2048).manifest).toEqual(note.cid)
  })

  it('of all after that ends it, and is all that anybody has to be told', async () => {
    const { book, note } = await offered()
    await endPurposes({ clock, subject, book, note }, ['ai:Benchmarking'])
    await endOffer({ clock, subject, book, note })
    await endOffer({ clock, subject, book, note })
    await endPurposes({ clock, subject, book, note }, ['dpv:SellDataToThirdParties'])
    expect([hasEnded(note), purposesLeft(note), note.withdrawals.length]).toEqual([true, [], 2])
    expect(toBeTold(note)).toEqual(note.withdrawals.slice(1))
    expect(book.live).toBeUndefined()
  })

  it('comes into the log, though it ends nothing there, once, and ends nothing that is offered after it', async () => {
    const world = new PoolLedgerWorld()
    const person = world.person('ada')
    const { book, note } = await offered()
    await endOffer({ clock, subject: person, book, note })
    const written: string[] = []
    const outbox = {
      has: () => false,
      write: async (_t: string, { withdrawal: bytes }: { withdrawal: Uint8Array }) => {
        written.push(world.say(person, 'consent.withdrawn', { withdrawal: bytes }).invalid?.code ?? 'ok')
      },
    } as unknown as ConstructorParameters<typeof BringWithdrawals>[1]
    const bringing = new BringWithdrawals(book, outbox)
    await bringing.bring(book.all, world.state)
    expect([written, note.logged]).toEqual([['ok'], false])
    await bringing.bring(book.all, world.state)
    expect([written, note.logged]).toEqual([['ok'], true])
    // whoever heard it carries it again, and the newer contribution stands
    world.advanceTo('gather')
    const newer = world.offer(person)
    const again = { withdrawal: note.withdrawals[0] as Uint8Array }
    expect(world.say(world.operator, 'consent.withdrawn', again).invalid?.code).toBe('REPEATED')
    world.advance('reveal')
    expect(world.show(newer)).toBeUndefined()
  })

  it('takes back what was committed to and not revealed, once: an epoch would wait for it', async () => {
    const world = new PoolLedgerWorld()
    const person = world.person('ada')
    world.advanceTo('gather')
    const { cid: named, manifest, salt, commit: open } = world.offer(person)
    const book = await PoolBook.open(new MemoryKv())
    const known = { salt: fill(1), commitSalt: salt, receipts: [], shares: [], commitments: [], source: 'spotify', at: 1 }
    const note = await book.add({ ...known, manifest, committee: policy.committee })
    expect(note.cid).toEqual(named)
    const written: unknown[] = []
    const outbox = {
      has: () => false,
      write: async (type: 'retract', payload: { commit: number }) => {
        written.push([type, payload, world.say(person, type, payload).invalid?.code])
      },
    } as unknown as LogDeeds['outbox']
    const deeds = { outbox, signer: person, state: world.state, files: new MemoryFiles() }
    expect(await takeBack(deeds, note)).toBe(false)
    await endOffer({ clock, subject: person, book, note })
    expect([await takeBack(deeds, note), await takeBack({ ...deeds, state: world.state }, note)]).toEqual([true, false])
    expect([written, world.state.commits.size]).toEqual([[['retract', { commit: open }, undefined]], 0])
  })

  /** Keyholders that hold nothing of it and note what they hear, but for those that are away, and a DAO that answers with this code. */
  const meshOf = (away: ReadonlySet<string>, code: string | null) =>
    ({
      ask: async (peer: string) => {
        if (away.has(peer)) throw new FatalError('NOT_CONNECTED', 'away')
        return peer === 'dao' && code !== null ? { status: 'refused', code, message: '' } : { status: 'noted' }
      },
      publish: async () => undefined,
    }) as unknown as Mesh

  it('of purposes is done when enough keyholders heard it, whoever heard it when', async () => {
    const { book, note } = await offered()
    const peers = policy.committee.members.map(peerFromDid)
    await endPurposes({ clock, subject, book, note }, ['ai:Benchmarking'])
    const tell = (away: string[]) => tellNarrowed({ mesh: meshOf(new Set(away), null), book, note, dao: 'dao' })
    expect(await tell(peers)).toMatchObject({ logged: true, heard: 0, needed: 3 })
    expect(await tell(peers.slice(2))).toMatchObject({ heard: 2 })
    expect(await tell(peers.slice(0, 3))).toMatchObject({ heard: 4 })
    await endPurposes({ clock, subject, book, note }, ['dpv:SellDataToThirdParties'])
    expect(await tell(peers)).toMatchObject({ heard: 0 })
  })

  it('is told as nothing that the log has, and kept as not logged, where the DAO says so', async () => {
    const { book, note } = await offered()
    const told = async (code: string | null) =>
      withdrawOffer({ mesh: meshOf(new Set(), code), clock, storage: new MemoryStorage(), subject, book, note, dao: 'dao' })
    expect(await told('NOTHING_BROUGHT')).toMatchObject({ logged: false, nothingLogged: true, faults: {} })
    expect(note.logged).toBe(false)
    // whoever gave its parts to all keyholders has joined, or goes on to
    expect(await told('NOT_JOINED')).toMatchObject({ logged: false, nothingLogged: false, faults: { dao: 'NOT_JOINED' } })
    expect(await told(null)).toMatchObject({ logged: true, nothingLogged: false })
  })
})

describe('a newer consent', () => {
  const GIVEN: Purpose[] = ['ai:ModelTraining', 'dpv:DataQualityAssessment', 'ai:Benchmarking']
  async function offered() {
    const kv = new MemoryKv()
    const book = await PoolBook.open(kv)
    const { manifest, salt, shares, commitments } = sealed()
    const jws = signReceipt(receiptFor(poolPolicy(), manifest, { purposes: GIVEN }), subject)
    const given = { manifest, salt, commitSalt: fill(8), receipts: [jws], committee: policy.committee, shares, commitments }
    return { kv, book, jws, note: await book.add({ ...given, source: 'spotify', at: 5 }) }
  }
  const renewed = (before: string, purposes: Purpose[], n = 1): string => {
    const read = readReceipt(before)
    if (!read.ok) throw new Error(read.code)
    const id = `0b8e2e7a-3b5c-4f6e-9a5d-0c1d2e3f4a${String(n).padStart(2, '0')}`
    const facts = { ticked: { purposes, days: 10 }, gpc: false, id, now: NOW + n }
    return signReceipt(renewedReceipt({ jws: before, receipt: read.receipt }, facts), subject)
  }

  it('names the one before, and keeps what was said of the data', async () => {
    const { jws } = await offered()
    const [before, after] = [readReceipt(jws), readReceipt(renewed(jws, GIVEN.slice(0, 2)))]
    if (!before.ok || !after.ok) throw new Error('no receipt')
    expect(after.receipt).toEqual({
      ...before.receipt,
      id: after.receipt.id,
      purposes: GIVEN.slice(0, 2),
      given: NOW + 1,
      expires: NOW + 1 + 864_000,
      prev: receiptId(jws),
    })
  })

  it('leaves the purposes of earlier ones to be withdrawn, which is told of the first', async () => {
    const { book, note, jws } = await offered()
    await keepRenewal(book, note, renewed(jws, GIVEN.slice(0, 2)))
    expect([purposesLeft(note), purposesGiven(note)]).toEqual([GIVEN.slice(0, 2), GIVEN])
    await endPurposes({ clock, subject, book, note }, ['ai:Benchmarking'])
    expect(purposesWithdrawn(note)).toEqual(['ai:Benchmarking'])
  })

  it('is kept 64 times and no more, and the book can be read after that', async () => {
    const { kv, book, note, jws } = await offered()
    for (let n = 1; n < 64; n++) await keepRenewal(book, note, renewed(jws, GIVEN, n))
    await expect(keepRenewal(book, note, renewed(jws, GIVEN, 64))).rejects.toMatchObject({ code: 'TOO_OFTEN' })
    expect((await PoolBook.open(kv)).live?.receipts).toHaveLength(64)
  })

  it('is brought to whoever lacks it until enough have it; then one that is away keeps nobody from the next', async () => {
    const { book, note, jws } = await offered()
    const expires = NOW + 1000
    expect(isUnderWay(note, expires, NOW)).toBe(false)
    await keepRenewal(book, note, renewed(jws, GIVEN))
    expect([note.lacking, isUnderWay(note, expires, NOW), isUnderWay(note, expires, expires)]).toEqual([
      note.committee.members,
      true,
      false,
    ])
    const nobody = { ask: () => Promise.reject(new FatalError('NOT_CONNECTED', 'away')) } as unknown as Pick<Mesh, 'ask'>
    expect(await renewOffer({ mesh: nobody, clock, book, note })).toMatchObject({ held: 0, of: 5, needed: 3 })
    await book.update(note, { lacking: note.committee.members.slice(0, 3) })
    expect(isUnderWay(note, expires, NOW)).toBe(true)
    await book.update(note, { lacking: note.committee.members.slice(0, 2) })
    expect(isUnderWay(note, expires, NOW)).toBe(false)
  })

  it('goes to those who hold the shares by now', async () => {
    const world = new PoolLedgerWorld()
    const person = world.person('ada')
    const [one] = world.gatherPool(() => [world.offer(person)]) as [Contributed]
    const { book } = await offered()
    const given = { manifest: one.manifest, salt: fill(1), commitSalt: one.salt, receipts: ['jws'], shares: [], commitments: [] }
    const note = await book.add({ ...given, committee: { k: 2, members: [subject.did] }, source: 'spotify', at: 6 })
    await learnFromLog(book, note, world.state)
    expect([note.committee.k, note.committee.members.length]).toEqual([3, 5])
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
    former: [],
    lacking: [],
    withdrawals: [],
    shredded: [],
    noted: [],
    heard: [],
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

describe('a seed at two machines', () => {
  it('gets one of two reveals into the log: the other is refused for good, and what was committed before its epoch is only too early', async () => {
    const world = new PoolLedgerWorld()
    const person = world.person('ada')
    world.advanceTo('gather')
    const [first, second] = [world.offer(person), world.offer(person)]
    const files = { read: (named: CID) => world.files.read(named), write: async () => undefined }
    const outbox = await Outbox.open({
      ledgerId: world.id,
      signer: person,
      kv: new MemoryKv(),
      clock,
      logger: silent,
      signal: new AbortController().signal,
      nextN: () => world.state.authors.get(person.did) ?? 0,
      submit: async (entry) => {
        const checked = world.ledger.check(entry)
        if (!checked.ok) return { status: 'refused', code: checked.code, message: checked.message }
        world.apply(entry)
        return { status: 'receipt' }
      },
    })
    const deeds = (): LogDeeds => ({ outbox, signer: person, state: world.state, files })
    const noteOf = (one: Contributed): PoolNote => ({ ...one, commitSalt: one.salt }) as unknown as PoolNote
    const show = (one: Contributed) => reveal(deeds(), noteOf(one), { index: one.commit, epoch: 1 })
    // nothing is shown before its phase
    expect(await show(first)).toBe(false)
    world.advance('reveal')
    expect(await show(first)).toBe(true)
    const refusal = await show(second).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'SEQUENCE_USED' })
    expect(isFinal(noteOf(second), refusal as FatalError, world.state)).toBe(true)
    // what passes is asked again
    expect(
      isFinal(noteOf(second), new FatalError('WRONG_PHASE', 'not now', { detail: { type: 'contribution.reveal' } }), world.state),
    ).toBe(false)
    expect(isFinal(noteOf(second), new FatalError('OTHER_POLICY', 'no', { detail: { type: 'contribution.reveal' } }), world.state)).toBe(
      true,
    )
    // the place is the first one's, and free again when it is withdrawn
    expect(placeOf({ ...noteOf(second), withdrawals: [], depositedAt: 5 }, world.state).stage).toBe('committed')
    world.withdraw(person, { manifest: first.cid })
    expect(liveContributionOf(world.state, person.did)).toBeUndefined()
    expect(world.state.contributors.get(person.did)?.nextSequence).toBe(1)
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
