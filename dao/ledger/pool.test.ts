/** Contributions to the personal pool beside batches of web records: what they earn, what ends them, and that a stranger gets the same numbers. */
import { describe, expect, it } from 'vitest'
import { signObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { chunk, type Contributed, policy, PoolLedgerWorld, tokensOf } from '../../tests/unit/pool-ledger-world.ts'
import { anyCid, LedgerWorld, pages, seeded } from '../../tests/unit/ledger-world.ts'
import { cborCid, encode, fileCid, PPM, type Purpose, rawCid, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { sampledChunks } from '../rewards/index.ts'
import {
  createLedger,
  custodyOf,
  drawsFor,
  explain,
  includedBatches,
  includedContributions,
  ledgerFilesNamed,
  liveContributionOf,
  readPoolIndex,
  vested,
} from './index.ts'

const replayed = (world: LedgerWorld, light = false) => {
  const ledger = createLedger({ files: world.files, light })
  for (const entry of world.entries) ledger.apply(entry)
  return ledger
}

describe('a pool contribution beside web ones', () => {
  const world = new PoolLedgerWorld()
  const [ann] = world.contributors
  const [listener, reader] = [world.person('listener'), world.person('reader')]
  world.advance('gather')
  const batch = world.commit(ann!, pages('ann', 5))
  const songs = world.offer(listener, { rows: Array.from({ length: 128 }, () => chunk()) })
  const books = world.offer(reader, { rows: [chunk({ quality: 500_000 }), chunk({ tokens: 0 })], tokens: tokensOf('books') })
  world.advance('reveal')
  world.reveal(ann!, batch)
  const refused = [songs, books].map((one) => world.show(one))
  for (const validator of world.validators) world.available(validator, [batch.sealed.manifestCid, songs.cid, books.cid])
  world.testAndClose()

  it('earns by the tokens and quality of its chunks, and as much as its novelty is known', () => {
    expect(refused).toEqual([undefined, undefined])
    // without tokens one half: nobody can say whether it was there before
    expect(world.rowOf(listener)).toMatchObject({ records: 1280, value: '6400000', credibility: PPM, points: '6400000', note: null })
    expect(world.rowOf(reader)).toMatchObject({ records: 20, value: '50000', points: '50000', draws: 5 * 2, fails: 0 })
    expect(world.rowOf(ann!)).toMatchObject({ records: 5, value: '500000', points: '500000' })
  })

  it('is drawn as the beacon says, the same chunks for the whole committee', () => {
    const drawn = new PoolLedgerWorld()
    const person = drawn.person('one')
    const [one] = drawn.gatherPool(() => [drawn.offer(person, { rows: Array.from({ length: 100 }, () => chunk()) })]) as [Contributed]
    drawn.advance('beacon')
    for (const validator of drawn.validators) drawn.openBeacon(validator)
    drawn.advance('test')
    const picks = drawn.validators.map((validator) => drawsFor(drawn.state, validator.signer.did, drawn.samplePreimage(validator)))
    const wanted = sampledChunks(drawn.state.epoch?.beacon ?? sha256(), one.cid, 100)
    expect(wanted.length).toBe(32)
    for (const draw of picks) expect(draw).toEqual([{ contributor: person.did, picks: wanted.map((row) => ({ manifest: one.cid, row })) }])
  })

  it('never stands among the batches of a web release', () => {
    expect(includedBatches(world.state, 1)).toEqual([batch.sealed.manifestCid.toString()])
    expect(includedContributions(world.state, 1).map(({ manifestCid }) => manifestCid)).toEqual([songs.cid, books.cid])
    expect(vested(world.state, 1).map(({ points }) => points)).toContain(6_400_000n)
  })

  it('is explained chunk by chunk', () => {
    const why = explain(world.state, books.cid.toString(), world.files)
    expect(why?.about).toBe('contribution')
    const text = why?.reasons.map((one) => one.text).join('\n')
    expect(text).toContain('20 events in 2 chunks')
    expect(text).toContain('5 of 5 keyholders said that they hold it; any 3 open it')
    expect(text).toContain('100 tokens × quality 500000 × novelty 1000000 (0 of 16 bands known)')
    expect(text).toContain('= 50000')
    expect(explain(world.state, reader.did)?.reasons.map(({ code }) => code)).toEqual(expect.arrayContaining(['contribution', 'row']))
  })

  it('gives every replica the same table, and a light one the same batches', () => {
    const again = replayed(world)
    expect(toHex(again.state.results[0]?.root ?? sha256())).toBe(toHex(world.state.results[0]?.root ?? utf8('none')))
    expect(again.state.invalid).toEqual([])
    const light = replayed(world, true)
    expect(light.state.invalid).toEqual([])
    expect(light.state.results[0]?.batches).toEqual(world.state.results[0]?.batches)
    expect(light.state.contributors.get(reader.did)?.credibility).toBe(PPM)
  })

  it('names its index, policy and notice as ledger files', () => {
    const entry = world.ledger.peek(world.entries.find((bytes) => world.ledger.peek(bytes)?.t === 'contribution.reveal') ?? utf8(''))
    expect(entry?.t).toBe('contribution.reveal')
    const all = world.entries.flatMap((bytes) => {
      const one = world.ledger.peek(bytes)
      return one ? ledgerFilesNamed(one, world.files).map(String) : []
    })
    expect(all).toEqual(
      expect.arrayContaining([songs.manifest.index, policy.cid, policy.policy.notice.cid, batch.sealed.manifest.index].map(String)),
    )
  })
})

describe('value of chunks', () => {
  const earned = (terms: object, rows: Parameters<typeof chunk>[0][], tokens = tokensOf('x'), demand = {}) => {
    const world = new PoolLedgerWorld({ charter: { pool: terms, ...demand } })
    const person = world.person('one')
    world.gatherPool(() => [world.offer(person, { rows: rows.map(chunk), tokens })])
    world.testAndClose()
    return world.rowOf(person)?.value
  }
  it.each([
    ['a tenth by default, because nothing attests it', {}, [{}], '10000'],
    ['its source as the charter weighs it', { unattestedPpm: PPM, sources: { spotify: 250_000 } }, [{}, { source: 'own' }], '125000'],
    ['no chunk below the least tokens', { unattestedPpm: PPM, minTokens: 101 }, [{}, { tokens: 101 }], '101000'],
    ['no more tokens than counted at most', { unattestedPpm: PPM, maxTokens: 50 }, [{}], '50000'],
  ])('%s', (_, terms, rows, value) => expect(earned(terms, rows)).toBe(value))

  it('half without tokens, and as the charter asks for its language', () => {
    expect(earned({ unattestedPpm: PPM }, [{}], [])).toBe('50000')
    expect(earned({ unattestedPpm: PPM, withoutTokensPpm: 0 }, [{}], [])).toBe('0')
    const demand = { demand: { defaultPpm: PPM, rules: [{ language: 'de', host: null, ppm: 2 * PPM }] } }
    expect(earned({ unattestedPpm: PPM }, [{}, { language: 'de' }], tokensOf('x'), demand)).toBe('300000')
  })
})

it('a newcomer’s quota counts events, not chunks', () => {
  const world = new PoolLedgerWorld({ charter: { contributors: { quota: { newcomer: 25, cap: 100 } } } })
  const person = world.person('one')
  world.gatherPool(() => [world.offer(person, { rows: Array.from({ length: 4 }, () => chunk()), tokens: tokensOf('x') })])
  world.testAndClose()
  // ten, ten, and half of the third chunk
  expect(world.rowOf(person)?.value).toBe('250000')
})

describe('duplicates across people', () => {
  it('earn nothing: whoever committed first owns the novelty', () => {
    const world = new PoolLedgerWorld()
    const [first, copier, near, later] = ['first', 'copier', 'near', 'later'].map((name) => world.person(name)) as [
      never,
      never,
      never,
      never,
    ]
    const half = [...tokensOf('export').slice(0, 2), ...tokensOf('near').slice(2)]
    world.gatherPool(() => [
      world.offer(first, { tokens: tokensOf('export') }),
      world.offer(copier, { tokens: tokensOf('export') }),
      world.offer(near, { tokens: half }),
    ])
    world.testAndClose()
    expect([first, copier, near].map((one) => world.rowOf(one)?.points)).toEqual(['100000', '0', '50000'])
    // in a later epoch as well
    world.gatherPool(() => [world.offer(later, { tokens: tokensOf('export') })])
    world.testAndClose()
    expect(world.rowOf(later)?.points).toBe('0')
    expect(replayed(world).state.results.map(({ root }) => toHex(root))).toEqual(world.state.results.map(({ root }) => toHex(root)))
  })
})

describe('a sealer of garbage', () => {
  it('loses the epoch and its credibility; one bad chunk of many costs less', () => {
    const world = new PoolLedgerWorld()
    const [garbage, slip] = [world.person('garbage'), world.person('slip')]
    const rows = Array.from({ length: 40 }, () => chunk())
    const [bad, fair] = world.gatherPool(() => [world.offer(garbage, { rows }), world.offer(slip, { rows })]) as [Contributed, Contributed]
    const unlucky = new Set<number>()
    world.testAndClose({
      judge: (_validator, _account, manifest, row) => {
        if (manifest.equals(bad.cid)) return 'D1'
        if (unlucky.size < 3) unlucky.add(row)
        return manifest.equals(fair.cid) && unlucky.has(row) ? 'D2' : null
      },
    })
    expect(world.rowOf(garbage)).toMatchObject({ points: '0', credibility: 0, note: 'void T1', draws: 160, fails: 160 })
    const { credibility, points, fails } = world.rowOf(slip) ?? { credibility: 0, points: '', fails: 0 }
    expect(fails).toBe(15)
    // 3 of 32: no host hides it, as a cap would on the web; and the three themselves are worth nothing
    expect(credibility).toBeLessThan(500_000)
    expect(Number(points)).toBe(Math.floor((1_850_000 * credibility) / PPM))
    const why = explain(world.state, slip.did)?.reasons.filter(({ code }) => code === 'fail')
    expect(why?.[0]?.text).toContain('fails D2, nobody could open it')
    expect(world.state.bases).toEqual(world.charter.credibility.basePpm)
    expect(world.state.hosts.size).toBe(0)
  })
})

describe('what a committee finds', () => {
  const rows = Array.from({ length: 4 }, () => chunk())
  const few = ['validator-0', 'validator-1']
  const judged = (judge: Parameters<PoolLedgerWorld['testAndClose']>[0] & object) => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    const [one] = world.gatherPool(() => [world.offer(person, { rows, tokens: tokensOf('x') })])
    world.testAndClose(judge)
    const strikes = world.validators.map(({ signer }) => world.state.validators.get(signer.did)?.strikes)
    return { world, row: world.rowOf(person), strikes, key: one?.cid.toString() ?? '' }
  }

  it('a chunk that most of it failed is worth nothing, however few were drawn', () => {
    const { world, row, key } = judged({ judge: (_validator, _account, _manifest, chunkRow) => (chunkRow === 2 ? 'D1' : null) })
    expect(row).toMatchObject({ value: '300000', points: '300000', credibility: PPM })
    // releases divide by these
    expect(world.state.results[0]?.values.get(key)?.map(({ value }) => value)).toEqual([100_000, 100_000, 0, 100_000])
    expect(
      explain(world.state, key, world.files)
        ?.reasons.map(({ text }) => text)
        .join('\n'),
    ).toContain('most of its testers failed it')
    expect(replayed(world).state.results[0]?.root).toEqual(world.state.results[0]?.root)
  })

  it('a chunk that fewer failed keeps its worth', () => {
    const { row } = judged({
      judge: (validator, _account, _manifest, chunkRow) => (chunkRow === 2 && few.includes(validator.name) ? 'D1' : null),
    })
    expect(row?.value).toBe('400000')
  })

  it('what most of it could not open earns nothing, and is held against nobody', () => {
    const { row, strikes } = judged({ judge: () => 'D2' })
    expect(row).toMatchObject({ points: '0', credibility: PPM, draws: 0, fails: 0, note: 'unopened' })
    expect(strikes).toEqual([0, 0, 0, 0, 0])
  })

  it('testers that were shut out are not struck, and bring nobody’s epoch to the whole roster', () => {
    const { row, strikes } = judged({ judge: (validator) => (few.includes(validator.name) ? 'D2' : null) })
    expect(row).toMatchObject({ points: '400000', note: null })
    expect(strikes).toEqual([0, 0, 0, 0, 0])
  })
})

describe('a withdrawal', () => {
  it('before the close: it earns nothing, and fails since then are nobody’s', () => {
    const world = new PoolLedgerWorld()
    const [gone, stays] = [world.person('gone'), world.person('stays')]
    const [one] = world.gatherPool(() => [
      world.offer(gone, { rows: Array.from({ length: 40 }, () => chunk()), tokens: tokensOf('gone') }),
      world.offer(stays, { tokens: tokensOf('s') }),
    ])
    world.advance('beacon')
    for (const validator of world.validators) world.openBeacon(validator)
    world.advance('test')
    const reports = world.validators.map((validator) => {
      const report = world.report(validator, (account) => (account === gone.did ? 'D2' : null))
      return { validator, ...report, index: world.commitReport(validator, report) }
    })
    expect(world.withdraw(gone)).toBeUndefined()
    world.advance('report')
    for (const report of reports) expect(world.revealReport(report.validator, report).invalid).toBeNull()
    // draws did not change with it, so no report is void
    expect(world.state.epoch?.voidReports.size).toBe(0)
    world.advance('probe')
    world.advance('close')
    world.close()
    for (const validator of world.validators) world.attest(validator)
    expect(world.rowOf(gone)).toMatchObject({ records: 0, points: '0', credibility: PPM, draws: 0, fails: 0, note: 'withdrawn' })
    expect(world.rowOf(stays)).toMatchObject({ points: '100000', note: null })
    expect(includedContributions(world.state, 1).map(({ contributor }) => contributor)).toEqual([stays.did])
    expect(explain(world.state, one?.cid.toString() ?? '')?.reasons.map(({ code }) => code)).toContain('withdrawn')
  })

  it('before the cut: nobody draws it; later everybody does, so that the beacon is nothing to choose by', () => {
    const world = new PoolLedgerWorld()
    const [gone, sorry, stays] = [world.person('gone'), world.person('sorry'), world.person('stays')]
    world.gatherPool(() => [world.offer(gone), world.offer(sorry), world.offer(stays)])
    expect(world.withdraw(gone, {}, gone)).toBeUndefined()
    world.advance('beacon')
    expect(world.withdraw(sorry, {}, sorry)).toBeUndefined()
    for (const validator of world.validators) world.openBeacon(validator)
    world.advance('test')
    expect([...(world.state.epoch?.committees.keys() ?? [])]).toEqual([sorry.did, stays.did])
  })

  it('takes back no fail that was found, and heals none', () => {
    const world = new PoolLedgerWorld()
    const [caught, late] = [world.person('caught'), world.person('late')]
    const rows = Array.from({ length: 40 }, () => chunk())
    const offerBoth = (receipt: string, month: string) =>
      world.gatherPool(() =>
        [caught, late].map((one) =>
          world.offer(one, { rows: rows.map((row) => ({ ...row, month })), tokens: tokensOf(`${one.did}/${receipt}`) }, { to: month }),
        ),
      )
    const [, slip] = offerBoth('first', '2025-03')
    const bad = new Set<number>()
    world.testAndClose({
      judge: (_validator, _account, manifest, row) => {
        if (manifest.equals(slip?.cid) && bad.size < 3) bad.add(row)
        return manifest.equals(slip?.cid) && bad.has(row) ? 'D1' : null
      },
    })
    const before = structuredClone({ ...world.state.contributors.get(late.did), points: null })
    expect(before.credibility).toBeLessThan(PPM)
    for (const one of [caught, late]) world.withdraw(one)
    offerBoth('second', '2025-04')
    world.advance('beacon')
    for (const validator of world.validators) world.openBeacon(validator)
    world.advance('test')
    // before anybody was given a key, so that all its draws are D2; the other after its testers had looked
    world.withdraw(late)
    const reports = world.validators.map((validator) => {
      const report = world.report(validator, (account) => (account === late.did ? 'D2' : 'D1'))
      return { validator, ...report, index: world.commitReport(validator, report) }
    })
    world.withdraw(caught)
    world.advance('report')
    for (const report of reports) world.revealReport(report.validator, report)
    world.advance('probe')
    world.advance('close')
    world.close()
    for (const validator of world.validators) world.attest(validator)
    expect(world.rowOf(caught)).toMatchObject({ points: '0', credibility: 0, draws: 160, fails: 160 })
    expect(world.rowOf(late)).toMatchObject({ points: '0', credibility: before.credibility, draws: 0, note: 'withdrawn' })
    const after = { ...world.state.contributors.get(late.did), points: null }
    const { epochs, tallies, quota } = before
    expect(after).toMatchObject({ epochs, tallies, quota })
    const light = replayed(world, true).state.contributors
    for (const one of [caught, late]) {
      const { credibility, epochs: counted } = world.state.contributors.get(one.did) ?? {}
      expect(light.get(one.did)).toMatchObject({ credibility, epochs: counted })
    }
  })

  it('later: pay stays, no release takes it any more, and the slot is free', () => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    const [first] = world.gatherPool(() => [world.offer(person, { tokens: tokensOf('a') })]) as [Contributed]
    world.testAndClose()
    expect(includedContributions(world.state, 1)).toHaveLength(1)
    expect(world.withdraw(person)).toBeUndefined()
    expect(includedContributions(world.state, 1)).toHaveLength(0)
    expect(vested(world.state, 1).map(({ points }) => points)).toEqual([100_000n])
    expect(liveContributionOf(world.state, person.did)).toBeUndefined()
    const next = { rows: [chunk({ month: '2026-01' })], tokens: tokensOf('b') }
    const [again] = world.gatherPool(() => [world.offer(person, next, { to: '2026-01' })])
    // the old words again do not end what was offered since
    expect(world.withdraw(person, { manifest: first.cid })).toBe('REPEATED')
    world.testAndClose()
    expect(world.rowOf(person)).toMatchObject({ points: '100000' })
    expect(liveContributionOf(world.state, person.did)?.manifestCid).toEqual(again?.cid)
    // what was paid once is not paid again under the same words
    expect(world.withdraw(person)).toBeUndefined()
    world.gatherPool(() => [world.offer(person, { rows: [chunk({ month: '2026-02' })], tokens: tokensOf('a') }, { to: '2026-02' })])
    world.testAndClose()
    expect(world.rowOf(person)).toMatchObject({ points: '0', value: '0' })
  })

  it.each([
    ['without tokens', []],
    ['with tokens of its own making', tokensOf('b')],
  ])('and the same years offered again %s earn nothing; only what came since does', (_, tokens) => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    world.gatherPool(() => [world.offer(person, { tokens: tokensOf('a') })])
    world.testAndClose()
    world.withdraw(person)
    const rows = ['2025-03', '2025-12', '2026-01', null].map((month) => chunk({ month }))
    world.gatherPool(() => [world.offer(person, { rows, tokens }, { to: '2026-01' })])
    world.testAndClose()
    expect(world.rowOf(person)?.points).toBe(tokens.length > 0 ? '100000' : '50000')
  })

  it('before it earned leaves its tokens with its subject: copies of them are copies', () => {
    const world = new PoolLedgerWorld()
    const [gone, copier] = [world.person('gone'), world.person('copier')]
    world.gatherPool(() => [world.offer(gone, { tokens: tokensOf('a') })])
    world.withdraw(gone)
    world.advance('beacon')
    for (const phase of ['test', 'report', 'probe', 'close'] as const) {
      if (phase === 'test') for (const validator of world.validators) world.openBeacon(validator)
      world.advance(phase)
    }
    world.close()
    for (const validator of world.validators) world.attest(validator)
    world.gatherPool(() => [world.offer(copier, { tokens: tokensOf('a') }), world.offer(gone, { tokens: tokensOf('a') })])
    world.testAndClose()
    expect([copier, gone].map((one) => world.rowOf(one)?.points)).toEqual(['0', '100000'])
  })

  it('of an optional purpose keeps the contribution, out of releases for that purpose', () => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    world.gatherPool(() => [world.offer(person)])
    world.testAndClose()
    const counts = (...purposes: Purpose[]): number => includedContributions(world.state, 1, purposes).length
    expect(world.withdraw(person, { scope: ['ai:Benchmarking'] })).toBeUndefined()
    expect([counts('ai:ModelTraining'), counts('ai:Benchmarking')]).toEqual([1, 0])
    expect(world.withdraw(person, { scope: ['ai:Benchmarking'] })).toBe('REPEATED')
    expect(world.withdraw(person, { scope: ['ai:ModelTraining'] })).toBeUndefined()
    expect([counts('ai:ModelTraining'), counts()]).toEqual([0, 0])
  })

  it.each<[string, 'all' | Purpose[], string | undefined]>([
    ['all ends what its subject had committed to before', 'all', 'WITHDRAWN'],
    ['a needed purpose is one of what its subject had committed to before', ['ai:ModelTraining'], 'WITHDRAWN'],
    ['an optional one counts for what its subject had committed to before', ['ai:Benchmarking'], undefined],
  ])('of %s', (_, scope, code) => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    world.advance('gather')
    const one = world.offer(person)
    world.withdraw(person, { scope })
    world.advance('reveal')
    expect(world.show(one)).toBe(code)
    if (code !== undefined) return
    for (const validator of world.validators) world.available(validator, [one.cid])
    world.testAndClose()
    const counts = (...purposes: Purpose[]): number => includedContributions(world.state, 1, purposes).length
    expect([counts('ai:ModelTraining'), counts('ai:Benchmarking')]).toEqual([1, 0])
  })

  it('of an optional purpose says nothing of what is committed to afterwards', () => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    world.gatherPool(() => [world.offer(person)])
    world.withdraw(person, { scope: ['ai:Benchmarking'] })
    world.testAndClose()
    world.withdraw(person)
    world.gatherPool(() => [world.offer(person, { rows: [chunk({ month: '2026-01' })] }, { to: '2026-01' })])
    world.testAndClose()
    expect(includedContributions(world.state, 2, ['ai:Benchmarking'])).toHaveLength(1)
  })

  it('of somebody who brought nothing is not written down, unless it says so itself, having joined', () => {
    const world = new PoolLedgerWorld()
    world.advance('gather')
    const [stranger, joined] = [seeded('stranger'), world.person('joined')]
    for (const by of [stranger, world.operator]) expect(world.withdraw(stranger, {}, by)).toBe('NOTHING_BROUGHT')
    expect(world.withdraw(joined)).toBe('NOTHING_BROUGHT')
    expect(world.state.withdrawals.count).toBe(0)
    const before = { manifest: rawCid(utf8('withdrawn from keyholders alone')) }
    expect(world.withdraw(joined, before, joined)).toBeUndefined()
    // neither these words nor others of it end what is offered after that
    const offered = world.offer(joined)
    expect(world.withdraw(joined, before)).toBe('REPEATED')
    world.advance('reveal')
    expect(world.show(offered)).toBeUndefined()
  })

  it('is logged of one account 256 times, whoever writes it, and of what the log has its end besides', () => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    world.gatherPool(() => [world.offer(person)])
    const invented = (i: number) => ({ manifest: rawCid(utf8(`invented ${i}`)) })
    for (let i = 0; i < 255; i++)
      world.state.withdrawals.add({ index: i, by: person.did, subject: person.did, scope: 'all', ...invented(i) })
    expect(world.withdraw(person, invented(255), person)).toBeUndefined()
    expect(world.withdraw(person, invented(256), person)).toBe('TOO_MANY')
    expect(world.withdraw(person, { scope: ['ai:Benchmarking'] })).toBe('TOO_MANY')
    expect(world.withdraw(person, {}, person)).toBeUndefined()
    expect(liveContributionOf(world.state, person.did)).toBeUndefined()
  })

  it('ends the one contribution that it names, and only for its own subject, whenever it is said', () => {
    const world = new PoolLedgerWorld()
    const [person, other] = [world.person('one'), world.person('other')]
    world.advanceTo('gather')
    const [forgotten, shown, neighbour] = [world.offer(person), world.offer(person), world.offer(other)]
    world.advance('reveal')
    for (const one of [shown, neighbour]) world.show(one)
    for (const validator of world.validators) world.available(validator, [shown.cid, neighbour.cid])
    expect(world.withdraw(person, { manifest: forgotten.cid }, person)).toBeUndefined()
    expect(world.withdraw(person, { manifest: neighbour.cid }, person)).toBeUndefined()
    for (const one of [shown, neighbour]) expect(world.state.contributions.get(one.cid.toString())?.withdrawn).toBeNull()
    world.testAndClose()
    expect([person, other].map((one) => BigInt(world.rowOf(one)?.points ?? 0) > 0n)).toEqual([true, true])
  })

  it('of an optional purpose takes no points: what is paid does not know of purposes', () => {
    const world = new PoolLedgerWorld()
    const [less, more] = [world.person('less'), world.person('more')]
    world.gatherPool(() => [world.offer(less, { tokens: tokensOf('a') }), world.offer(more, { tokens: tokensOf('b') })])
    expect(world.withdraw(less, { scope: ['ai:Benchmarking'] })).toBeUndefined()
    world.testAndClose()
    const { points } = world.rowOf(less) ?? {}
    expect(points).toBe('100000')
    expect(world.rowOf(more)?.points).toBe(points)
  })

  it('is told by its subject, the operator or a validator, and signed by its subject', () => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    world.gatherPool(() => [world.offer(person)])
    expect(world.withdraw(person, {}, world.contributors[0])).toBe('NOT_SEATED')
    const forged = { ...(world.ledger.state, {}), withdrawal: world.withdrawal(person).map((byte, i) => (i === 200 ? byte ^ 1 : byte)) }
    expect(world.say(world.operator, 'consent.withdrawn', forged).invalid).not.toBeNull()
    expect(liveContributionOf(world.state, person.did)).toBeDefined()
    expect(world.withdraw(person, {}, world.validators[0]?.signer)).toBeUndefined()
    expect(liveContributionOf(world.state, person.did)).toBeUndefined()
  })
})

describe('a change of committee', () => {
  const people = (world: PoolLedgerWorld) => world.validators.map(({ signer }) => signer)
  /** The order, and what these signed of it. */
  function reshare(world: PoolLedgerWorld, one: Contributed, to: Signer[], { k = 3, generation = 0, by = to, change = {} } = {}) {
    const from = { k: 3, members: people(world).map(({ did }) => did) }
    const draft = {
      v: 1,
      dao: world.id,
      manifest: one.cid,
      generation,
      from,
      to: { k, members: to.map(({ did }) => did) },
      dealers: [1, 2, 3],
    }
    const order = encode(signObject('reshare-order', { ...draft, at: world.now, by: world.operator.did, ...change }, world.operator))
    const ready = by.map((signer, i) =>
      encode(
        signObject('reshare-ready', { v: 1, order: cborCid(order), x: i + 1, commitments: sha256(utf8('new')), by: signer.did }, signer),
      ),
    )
    return world.say(world.operator, 'custody.reshare', { order, ready }).invalid?.code
  }
  const begun = () => {
    const world = new PoolLedgerWorld()
    const [one] = world.gatherPool(() => [world.offer(world.person('one'))]) as [Contributed]
    return { world, one, state: () => world.state.contributions.get(one.cid.toString()) }
  }

  it('counts when all of the new one signed that they hold their shares, and once', () => {
    const { world, one, state } = begun()
    const [, ...four] = people(world) as [Signer, ...Signer[]]
    expect(reshare(world, one, four)).toBeUndefined()
    expect(state()).toMatchObject({ committee: { k: 3, members: four.map(({ did }) => did) }, generation: 1 })
    // whoever left does not count among those that hold it
    expect([...(state()?.available ?? [])].toSorted()).toEqual(four.map(({ did }) => did).toSorted())
    expect(custodyOf(world.state).map(({ live }) => live.length)).toEqual([4])
    expect(reshare(world, one, four)).toBe('OTHER_GENERATION')
    const gone = people(world)[0] as Signer
    expect(world.say(gone, 'contribution.available', { epoch: 1, manifests: [one.cid] }).invalid?.code).toBe('NOT_KEYHOLDER')
    expect(replayed(world, true).state.contributions.get(one.cid.toString())?.committee.members).toEqual(four.map(({ did }) => did))
  })

  it.each<[string, string, (world: PoolLedgerWorld, one: Contributed) => string | undefined]>([
    ['one of them did not sign', 'NOT_READY', (world, one) => reshare(world, one, people(world), { by: people(world).slice(1) })],
    [
      'somebody else signed for one',
      'NOT_READY',
      (world, one) => reshare(world, one, people(world), { by: people(world).with(2, seeded('stranger')) }),
    ],
    ['fewer could read it', 'QUORUM_LOWERED', (world, one) => reshare(world, one, people(world), { k: 2 })],
    ['a stranger were among them', 'NOT_SEATED', (world, one) => reshare(world, one, people(world).with(0, seeded('stranger')))],
    ['it came from another committee', 'OTHER_GENERATION', (world, one) => reshare(world, one, people(world), { generation: 1 })],
    ['its subject withdrew', 'UNKNOWN', (world, one) => (world.withdraw(one.signer), reshare(world, one, people(world)))],
  ])('does not where %s', (_, code, play) => {
    const { world, one, state } = begun()
    expect(play(world, one)).toBe(code)
    expect(state()).toMatchObject({ generation: 0, reshared: null })
  })

  it('goes to nobody whom the policy does not name, though the ledger seats it', () => {
    const { world, one } = begun()
    const other = world.validator('newcomer')
    world.ok(world.operator, 'roster', { add: [other.statement], remove: [] })
    world.testAndClose()
    world.advanceTo('gather')
    expect(reshare(world, one, people(world).slice(0, 4).concat(other.signer))).toBe('RECIPIENT_NOT_NAMED')
  })
})

describe('a reveal of a contribution is refused', () => {
  const cases: [name: string, code: string, offer: (world: PoolLedgerWorld) => Contributed, charter?: object][] = [
    ['where the charter has no policy', 'NO_POOL', (w) => w.offer(w.person('a')), { consent: null }],
    ['for another ledger', 'WRONG_LEDGER', (w) => w.offer(w.person('a'), {}, { dao: 'quern/other' })],
    ['of somebody else', 'NOT_YOURS', (w) => w.offer(w.person('a'), {}, { subject: seeded('b').did })],
    ['under another policy', 'OTHER_POLICY', (w) => w.offer(w.person('a'), {}, { policy: cborCid(encode('other')) })],
    ['of a schema that the pool does not list', 'UNLISTED_SCHEMA', (w) => w.offer(w.person('a'), {}, { schema: 'activity@2' })],
    ['that ends before it begins', 'BAD_DATES', (w) => w.offer(w.person('a'), {}, { from: '2026-01' })],
    ['with fewer rows than chunks', 'WRONG_COUNT', (w) => w.offer(w.person('a'), {}, { chunks: [anyCid('a'), anyCid('b')] })],
    ['that counts other events', 'WRONG_COUNT', (w) => w.offer(w.person('a'), {}, { records: 11 })],
    ['by measures that nobody here has', 'UNLISTED_MEASURES', (w) => w.offer(w.person('a'), { index: { measures: 'activity@1/9' } })],
    ['with one token', 'BAD_TOKENS', (w) => w.offer(w.person('a'), { tokens: tokensOf('a').slice(1) })],
    ['with tokens of no key', 'BAD_TOKENS', (w) => w.offer(w.person('a'), { tokens: tokensOf('a'), index: { key: null } })],
    ['with a key and no tokens', 'BAD_TOKENS', (w) => w.offer(w.person('a'), { index: { key: anyCid('key') } })],
    ['with a token said twice', 'BAD_TOKENS', (w) => w.offer(w.person('a'), { tokens: [...tokensOf('a').slice(1), sha256(utf8('a/3'))] })],
    [
      'with an index that is a file of leaves',
      'BAD_FILE_CODEC',
      (w) => w.offer(w.person('a'), {}, { index: fileCid(new Uint8Array(3 << 20)) }),
    ],
    ...['constructor', 'toString', 'orkut'].map((source): (typeof cases)[number] => [
      `with a chunk of ${source}, which is no service`,
      'BAD_FILE_BAD_SHAPE',
      (w) => w.offer(w.person('a'), { rows: [chunk({ source })] }),
    ]),
    ['with an index of another shape', 'BAD_FILE_BAD_SHAPE', (w) => w.offer(w.person('a'), { index: { rows: [] } })],
  ]
  it.each(cases)('%s', (_, code, offer, charter = {}) => {
    const world = new PoolLedgerWorld({ charter })
    world.advance('gather')
    const one = offer(world)
    world.advance('reveal')
    expect(world.show(one)).toBe(code)
    expect(world.state.contributions.size).toBe(0)
    expect(replayed(world, true).state.invalid.map((found) => found.code)).toEqual([code])
  })

  it('of somebody who brings web records, and web records of somebody who brings to the pool', () => {
    const world = new PoolLedgerWorld()
    const [ann] = world.contributors
    const person = world.person('one')
    world.playEpoch([[ann!, pages('ann', 2)]])
    world.advance('gather')
    const own = world.commit(person, pages('own', 3))
    const offered = [world.offer(person, {}, { sequence: 1 }), world.offer(ann!)]
    world.advance('reveal')
    const batch = { epoch: 2, commit: own.index, manifest: own.sealed.manifestCid, salt: own.salt }
    expect(world.say(person, 'contribution.reveal', batch).invalid?.code).toBe('SUBJECT_ONLY')
    expect(offered.map((one) => world.show(one))).toEqual([undefined, 'NOT_A_SUBJECT'])
  })

  it('when its subject has one in the pool', () => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    world.advance('gather')
    const both = [world.offer(person), world.offer(person, {}, { sequence: 1 })]
    world.advance('reveal')
    expect(both.map((one) => world.show(one))).toEqual([undefined, 'SLOT_TAKEN'])
    // taken back, it leaves the slot
    const world2 = new PoolLedgerWorld()
    const other = world2.person('one')
    world2.advance('gather')
    const [a, b] = [world2.offer(other), world2.offer(other, {}, { sequence: 1 })]
    world2.advance('reveal')
    world2.show(a)
    world2.ok(other, 'retract', { commit: a.commit })
    expect(world2.show(b)).toBeUndefined()
  })

  it('before anything changed, while a file it needs is missing', () => {
    const world = new PoolLedgerWorld()
    world.advance('gather')
    const one = world.offer(world.person('a'))
    world.advance('reveal')
    world.files.map.delete(one.manifest.index.toString())
    const entry = world.bytes(one.signer, 'contribution.reveal', { epoch: 1, commit: one.commit, manifest: one.cid, salt: one.salt })
    expect(world.ledger.needs(entry)).toEqual([one.manifest.index])
    expect(() => world.ledger.apply(entry)).toThrow(/is needed here/)
  })
})

describe('a subject', () => {
  it('holds no lease, and who crawls brings no personal data', () => {
    const world = new PoolLedgerWorld()
    const person = world.person('one')
    const crawls = world.contributors[0]!
    world.gatherPool(() => [world.offer(person)])
    world.testAndClose()
    world.advance('gather')
    const accounts = world.state.leases.get(2)?.accounts ?? []
    expect(accounts).toContain(crawls.did)
    expect(accounts).not.toContain(person.did)
    const one = world.offer(crawls)
    world.advance('reveal')
    expect(world.show(one)).toBe('NOT_A_SUBJECT')
  })
})

describe('the cut', () => {
  it('counts a contribution that enough keyholders hold, and moves one that too few do', () => {
    const world = new PoolLedgerWorld()
    const [a, b] = [world.person('a'), world.person('b')]
    world.advance('gather')
    const [one, other] = [world.offer(a), world.offer(b)]
    world.advance('reveal')
    for (const offered of [one, other]) world.show(offered)
    for (const [i, validator] of world.validators.entries()) {
      if (i < 4) world.available(validator, [one.cid])
      if (i < 3) world.available(validator, [other.cid])
    }
    world.testAndClose()
    expect(world.rowOf(a)?.points).toBe('50000')
    expect(world.rowOf(b)).toBeUndefined()
    expect(world.state.contributions.get(other.cid.toString())).toMatchObject({ epoch: 2, moved: true })
    world.advance('gather')
    world.advance('reveal')
    world.available(world.validators[3]!, [other.cid])
    world.testAndClose()
    expect(world.rowOf(b)?.points).toBe('50000')
  })

  it('hears of keyholders only', () => {
    const world = new PoolLedgerWorld({ validators: 6 })
    world.advance('gather')
    const one = world.offer(world.person('a'))
    world.advance('reveal')
    world.show(one)
    const stranger = world.validators[5]!
    expect(world.say(stranger.signer, 'contribution.available', { epoch: 1, manifests: [one.cid] }).invalid?.code).toBe('NOT_KEYHOLDER')
  })
})

it('knows a manifest of a contribution from that of a batch, and reads its index', () => {
  const world = new PoolLedgerWorld()
  world.advance('gather')
  const one = world.offer(world.person('a'))
  expect(readPoolIndex(world.files, one.manifest.index)).toEqual({ ok: true, value: one.index })
})
