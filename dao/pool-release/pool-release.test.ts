import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RejectedMessageError } from '../../core/errors/index.ts'
import { type CID, encode, MAX_MEMBERS, MAX_ORDER_BYTES, merkleTreeHash, rawCid, toHex, utf8 } from '../../schemas/wire/index.ts'
import { signEntry } from '../../core/envelope/index.ts'
import type { LedgerState } from '../ledger/index.ts'
import { LogReader, LogTail, MemoryLogStore } from '../log/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { signWithdrawal, subjectKey } from '../consent/index.ts'
import { fill, LEDGER, operator, trainer } from '../../tests/support/pool-world.ts'
import {
  canaryCommit,
  canaryKeyOf,
  cellKey,
  Cells,
  dueAt,
  describeLicence,
  FeedDesk,
  isMember,
  makeCanaries,
  memberCommit,
  memberLines,
  memberTag,
  membershipRoot,
  oneOrder,
  personOf,
  proveMembership,
  published,
  readFeed,
  readMembers,
  readOrder,
  readTags,
  type Quasi,
  recognise,
  rowLine,
  rowOf,
  signOrders,
  staleMembers,
  TagDesk,
  tagsOf,
  tarFile,
  TAR_END,
  tombstoneRoot,
  untar,
} from './index.ts'

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

describe('k-anonymity', () => {
  const quasi = fc.record<Quasi>({
    time: fc.constantFrom(null, '2025-03-09T14:00:00Z', '2025-03-09T15:00:00Z', '2025-03-10', '2025-04-01', '2026-01-01T01:00:00Z'),
    place: fc.constantFrom(
      null,
      { latE7: 531_200_000, lonE7: -62_600_000 },
      { latE7: 531_400_000, lonE7: -62_600_000 },
      { latE7: 0, lonE7: 0 },
    ),
    source: fc.constantFrom('spotify', 'reddit', 'own'),
    lang: fc.constantFrom(null, 'en', 'mt'),
  })

  it('leaves nothing that fewer than k people share: property', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(quasi, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 2, max: 6 }),
        (people, k) => {
          const cells = new Cells()
          for (const [n, rows] of people.entries()) for (const row of rows) cells.add(`p${n}`, row)
          const plan = cells.plan(k)
          const classes = new Map<string, Set<number>>()
          for (const [n, rows] of people.entries())
            for (const row of rows) {
              const shown = published(row, plan)
              if (shown === undefined) continue
              const key = cellKey(shown.quasi)
              classes.set(key, (classes.get(key) ?? new Set()).add(n))
            }
          expect([...classes.values()].every((sharing) => sharing.size >= k)).toBe(true)
          expect(plan.classes.every((one) => (classes.get(cellKey(one))?.size ?? 0) >= k)).toBe(true)
          expect(people.length >= k || classes.size === 0).toBe(true)
        },
      ),
    )
  })

  it('changes nothing that k people share, and counts people, not rows', () => {
    const row: Quasi = { time: '2025-03-09', place: null, source: 'spotify', lang: 'en' }
    const [five, one] = [new Cells(), new Cells()]
    for (let i = 0; i < 5; i++) {
      five.add(`p${i}`, row)
      one.add('p0', row)
    }
    expect(published(row, five.plan(5))).toEqual({ quasi: row, generalised: false })
    expect(published(row, one.plan(5))).toBeUndefined()
    five.drop('p3')
    expect(published(row, five.plan(5))).toBeUndefined()
  })

  it('leave out what a single person did very often, and tell nothing by it', () => {
    const cells = new Cells()
    for (let i = 0; i < 150_000; i++) cells.add('p1', { time: '2025-03', place: { latE7: i, lonE7: 0 }, source: 'spotify', lang: null })
    cells.add('p2', { time: null, place: null, source: 'reddit', lang: null })
    expect(cells.plan(2)).toMatchObject({ levels: { size: 0 }, classes: [] })
  })

  it('takes nothing of somebody for whom there is no room, and goes on with the others', () => {
    const cells = new Cells(3)
    const of = (person: string, ...days: number[]) => {
      const found = new Cells(3)
      for (const day of days) found.add(person, { time: `2025-03-0${day}`, place: null, source: 'own', lang: null })
      return found
    }
    cells.take(of('p0', 1, 2))
    expect(() => cells.take(of('p1', 2, 3, 4))).toThrow(expect.objectContaining({ code: 'TOO_MANY_COMBINATIONS' }))
    cells.take(of('p2', 1, 2, 3))
    expect(cells.people).toBe(2)
    expect(() => of('p3', 1, 2, 3, 4)).toThrow(RejectedMessageError)
  })

  it('leaves out what fewer than k people say in a language or bring from a service, whatever else they share', () => {
    const cells = new Cells()
    const row = (source: string, lang: string): Quasi => ({ time: '2025-03-09', place: null, source, lang })
    for (let i = 0; i < 5; i++) {
      cells.add(`p${i}`, row('spotify', 'en'))
      cells.add(`p${i}`, { ...row('reddit', 'en'), time: `2025-0${i + 1}-09` })
      // five people, and of each service or language one alone
      cells.add(`p${i}`, row(['own', 'tiktok', 'x', 'netflix', 'facebook'][i] as string, 'en'))
      cells.add(`p${i}`, row('spotify', ['mt', 'fi', 'et', 'lv', 'ga'][i] as string))
    }
    const plan = cells.plan(5)
    expect(plan.classes).toEqual([row('spotify', 'en'), { ...row('reddit', 'en'), time: null }])
    expect(published(row('own', 'en'), plan)).toBeUndefined()
    expect(published(row('spotify', 'mt'), plan)).toBeUndefined()
  })

  it('takes the path of a link away where the time or the place that it may hold was made coarser', () => {
    const event = { type: 'View' as const, time: '2025-03-09', object: { kind: 'page', url: 'https://news.example/2025/03/09/rain' } }
    const exact: Quasi = { time: '2025-03-09', place: null, source: 'own', lang: null }
    const urlOf = (shown: Quasi, seen = event) => rowOf(rowLine('p0123456789abcdef', seen, shown)).object.url
    expect(urlOf(exact)).toBe(event.object.url)
    for (const time of ['2025-03', null]) expect(urlOf({ ...exact, time })).toBe('https://news.example')
    const place = { latE7: 531_200_000, lonE7: -62_600_000 }
    const there = { ...event, object: { ...event.object, place } }
    expect(urlOf({ ...exact, place }, there)).toBe(event.object.url)
    expect(urlOf(exact, there)).toBe('https://news.example')
  })

  it('makes a place coarser before a time goes', () => {
    const cells = new Cells()
    for (let i = 0; i < 5; i++)
      cells.add(`p${i}`, {
        time: `2025-03-0${i + 1}T0${i}:00:00Z`,
        place: { latE7: 531_000_000 + i * 500_000, lonE7: -62_000_000 },
        source: 'own',
        lang: 'en',
      })
    const shown = published(
      { time: '2025-03-01T00:00:00Z', place: { latE7: 531_000_000, lonE7: -62_000_000 }, source: 'own', lang: 'en' },
      cells.plan(5),
    )
    expect(shown?.quasi).toEqual({ time: '2025-03', place: { latE7: 530_000_000, lonE7: -60_000_000 }, source: 'own', lang: 'en' })
  })
})

describe('canaries', () => {
  const names = { dao: LEDGER, name: 'pool-1', trainer: trainer.did }
  const releaseKey = canaryKeyOf(fill(8), names)
  const classes: Quasi[] = [
    { time: '2025-03', place: null, source: 'spotify', lang: null },
    { time: null, place: null, source: 'netflix', lang: 'en' },
    { time: '2025-04', place: null, source: 'reddit', lang: 'mt' },
  ]
  const lines = [...makeCanaries({ releaseKey, secret: fill(3), count: 24 }, classes).values()].flat()

  it('are rows like others, in combinations that people share, and of words of one language', () => {
    expect(lines).toHaveLength(24)
    const shown = new Set(classes.map(cellKey))
    for (const line of lines) {
      const { time, place, source, lang } = rowOf(line)
      expect(shown.has(cellKey({ time, place, source, lang }))).toBe(true)
      expect(lang).not.toBe('mt')
    }
    expect(makeCanaries({ releaseKey, secret: fill(3), count: 24 }, classes.slice(2)).size).toBe(0)
  })

  it('are found again with the key alone, also in what a model says, and by no other key', async () => {
    expect(await recognise({ releaseKey, count: 24 }, lines)).toEqual({ found: 24, of: 24 })
    const [name] = lines.map((line) => rowOf(line).object).flatMap(({ name: one, text }) => one ?? text ?? [])
    expect((await recognise({ releaseKey, count: 24 }, [`I recall somebody who liked ${name?.toUpperCase()}, or so.`])).found).toBe(1)
    for (const other of [
      { ...names, name: 'pool-2' },
      { ...names, trainer: operator.did },
    ])
      expect((await recognise({ releaseKey: canaryKeyOf(fill(8), other), count: 24 }, lines)).found).toBe(0)
    expect(canaryCommit(releaseKey)).not.toEqual(canaryCommit(canaryKeyOf(fill(9), names)))
  })
})

describe('the tree of a release', () => {
  it.each([1, 32, 33, 100])('proves each of %d contributions, and tells only a power of two', async (count) => {
    const manifests = Array.from({ length: count }, (_, i) => rawCid(utf8(`contribution ${i}`)))
    const [secret, cid] = [fill(5), rawCid(utf8('release'))]
    const contributions = membershipRoot(secret, manifests)
    expect(contributions.size).toBe(Math.max(32, 2 ** Math.ceil(Math.log2(count))))
    for (const manifest of [manifests[0], manifests.at(-1)]) {
      const proof = await proveMembership({ secret, release: cid, manifests }, manifest as typeof cid)
      expect(proof && isMember(proof, { cid, value: { contributions } })).toBe(true)
    }
    // whoever guesses that somebody is in it has no salt to try it with
    expect(toHex(membershipRoot(fill(6), manifests).root)).not.toBe(toHex(contributions.root))
  })
})

describe('withdrawals', () => {
  const [ann, bob] = [subjectKey(fill(1), LEDGER), subjectKey(fill(2), LEDGER)]
  const of = ({ did }: typeof ann): CID => rawCid(utf8(`of ${did}`))
  const said = (subject: typeof ann, at: number, scope: 'all' | ['ai:Benchmarking' | 'dpv:DataQualityAssessment'] = 'all') =>
    encode(signWithdrawal({ manifest: of(subject), at, scope, ask: ['stop'] }, subject))
  const carol = subjectKey(fill(3), LEDGER)
  const kept = {
    secret: fill(7),
    members: [ann, bob].map((one, i) => ({
      person: personOf(fill(1), String(i)),
      subject: one.did,
      manifest: of(one),
    })),
  }
  const members = readMembers(memberLines(kept, ['p0123456789abcdef']))
  const bobAsMember = members.find(({ person }) => person === personOf(fill(1), '1'))
  const purposes = ['ai:ModelTraining' as const]
  const tags = (...subjects: (typeof ann)[]) =>
    tagsOf(
      kept,
      purposes,
      subjects.map((one) => ({ manifest: of(one), subject: one.did, scope: 'all' })),
    )

  const benchmarking = (one: typeof ann) => tagsOf(kept, purposes, [{ manifest: of(one), subject: one.did, scope: ['ai:Benchmarking'] }])

  it('count from the release on, for its purposes, of its members', () => {
    // ann withdrew an earlier contribution before
    const before = [said(ann, 1)]
    const release = { tombstones: { ...tombstoneRoot(before), at: 1 } }
    expect(staleMembers(members, release, before, [])).toEqual([])
    expect(staleMembers(members, release, [...before, said(bob, 2, ['ai:Benchmarking'])], benchmarking(bob))).toEqual([])
    // the operator's word: its pool cannot do without that purpose
    expect(staleMembers(members, release, [...before, said(bob, 2, ['dpv:DataQualityAssessment'])], tags(bob))).toEqual([
      { ...bobAsMember, said: 2 },
    ])
    expect(staleMembers(members, release, [...before, said(bob, 2)], tags(bob))).toEqual([{ ...bobAsMember, said: 2 }])
    expect(staleMembers(members, release, [...before, said(carol, 2)], tags(carol))).toEqual([])
    expect(staleMembers(members, release, [...before, said(carol, 2), said(bob, 2)], tags(carol, bob))).toEqual([
      { ...bobAsMember, said: 2 },
    ])
    // what nobody signed is nobody's withdrawal
    expect(staleMembers(members, release, [...before, said(bob, 2).with(30, 1)], tags(bob))).toEqual([])
    expect(() => staleMembers(members, release, [...before, said(carol, 2), said(bob, 2)], tags(carol))).toThrow(
      expect.objectContaining({ code: 'TAGS_OLD' }) as Error,
    )
  })

  it('are a member’s to its trainer alone: neither list nor tags name an account, and both have room for who is none', async () => {
    const list = Buffer.from(memberLines(kept, ['p0123456789abcdef'])).toString()
    for (const { did } of [ann, bob]) expect(list).not.toContain(did)
    expect(members).toHaveLength(3)
    // whoever is in it opens its own commitment with its proof of inclusion
    const [first] = kept.members
    if (first === undefined) throw new Error('nobody')
    const manifests = kept.members.map(({ manifest }) => manifest)
    const proof = await proveMembership({ secret: kept.secret, release: rawCid(utf8('r')), manifests }, first.manifest)
    const commit = memberCommit(memberTag(proof?.salt as Uint8Array))
    expect(members.find((one) => toHex(one.commit) === toHex(commit))?.person).toBe(first.person)
    // of who withdrew a tag tells nothing to whoever has no list, and the same to whoever asks again
    expect(tags(ann, carol, ann).map((tag) => tag.byteLength)).toEqual([32, 32, 32])
    expect(tags(carol)).toEqual(tags(carol))
    const [elsewhere] = tagsOf({ ...kept, secret: fill(8) }, purposes, [{ manifest: of(ann), subject: ann.did, scope: 'all' }])
    // of a purpose that the release is not for nobody is told apart, in it or not
    const stays = [ann, carol].flatMap((one) => benchmarking(one))
    // who names another's contribution, or an earlier one of its own, is told apart from nobody
    const others = tagsOf(kept, purposes, [
      { manifest: of(ann), subject: carol.did, scope: 'all' },
      { manifest: of(carol), subject: ann.did, scope: 'all' },
    ])
    expect(others.some((tag) => members.some((one) => toHex(one.commit) === toHex(memberCommit(tag))))).toBe(false)
    expect(stays.some((tag) => members.some((one) => toHex(one.commit) === toHex(memberCommit(tag))))).toBe(false)
    expect(new Set([...tags(ann, bob, carol), elsewhere as Uint8Array, ...stays].map(toHex)).size).toBe(6)
  })

  it('are told by a desk for releases that are kept, and dated', async () => {
    const [cid, other] = [rawCid(utf8('release')), rawCid(utf8('other'))]
    let seconds = 50
    let all = [said(carol, 9), said(bob, 2)]
    let looked = 0
    const desk = new TagDesk({
      dao: () => LEDGER,
      withdrawals: async () => all,
      kept: async (release) => {
        looked++
        const value = { purposes, policies: [], tombstones: { ...tombstoneRoot([]), count: 1, at: 1 } }
        return release.equals(cid) ? { secret: { v: 1, release: cid, recipient: '', ...kept }, value } : undefined
      },
      endsFor: (release) => [...release.purposes, 'dpv:DataQualityAssessment'],
      operator,
      clock: { ...realClock, now: () => seconds * 1000 },
    })
    const read = async () => {
      const found = readTags((await desk.tags(cid)) as Uint8Array)
      return found.ok ? found.value : undefined
    }
    expect(await desk.tags(other)).toBeUndefined()
    expect(await read()).toMatchObject({ from: 1, tags: tags(bob), at: 50, by: operator.did, dao: LEDGER })
    seconds = 100
    expect((await read())?.at).toBe(50)
    expect(looked).toBe(2)
    all = [...all, said(ann, 3)]
    expect(await read()).toMatchObject({ from: 1, tags: tags(bob, ann), at: 100 })
    all = [all[0] as Uint8Array, all[1] as Uint8Array, said(ann, 3, ['dpv:DataQualityAssessment'])]
    seconds = 160
    expect(await read()).toMatchObject({ tags: tags(bob, ann) })
    expect((await read())?.at).toBe(160)
    expect(readTags(((await desk.tags(cid)) as Uint8Array).with(60, 1))).toMatchObject({ ok: false })
  })

  it('give so many days from when they were said, whatever clock said it', () => {
    const [day, release] = [86_400, { at: 100 * 86_400, deleteWithinDays: 14 }]
    expect(dueAt(release, 103 * day, 105 * day)).toBe(117 * day)
    // a clock that runs ahead puts nothing off, one that is years behind makes nothing due before it could be known
    expect(dueAt(release, 900 * day, 105 * day)).toBe(119 * day)
    expect(dueAt(release, 0, 105 * day)).toBe(114 * day)
  })

  it('are signed and dated as one list, in the order of the log and no further than it', async () => {
    const list = [said(ann, 1), said(bob, 2), said(ann, 3)]
    const entries = list.map((withdrawal, n) => signEntry({ t: 'consent.withdrawn', p: { withdrawal }, n }, LEDGER, operator))
    const store = new MemoryLogStore()
    const tail = LogTail.empty()
    await store.write(tail.append(entries.slice(0, 2)).files)
    const known = { since: (from: number) => [0, 1, 2].slice(from).map((index) => ({ index })) }
    let [size, seconds] = [2, 50]
    const desk = new FeedDesk({
      state: () => ({ id: LEDGER, withdrawals: known }) as unknown as LedgerState,
      reader: new LogReader(store, () => size),
      operator,
      clock: { ...realClock, now: () => seconds * 1000 },
    })
    const read = async () => {
      const feed = readFeed(await desk.feed())
      return feed.ok ? { ...feed.value, withdrawals: feed.value.withdrawals.map(toHex) } : undefined
    }
    const [first, same] = await Promise.all([read(), read()])
    expect(first).toMatchObject({ size: 2, at: 50, by: operator.did, withdrawals: list.slice(0, 2).map(toHex) })
    expect(same).toEqual(first)
    await store.write(tail.append(entries.slice(2)).files)
    size = 3
    seconds = 51
    expect(await read()).toMatchObject({ size: 3, at: 51, withdrawals: list.map(toHex) })
    seconds = 110
    expect((await read())?.at).toBe(51)
    seconds = 111
    expect((await read())?.at).toBe(111)
  })

  it('are refused as the answer when they are older than the release, or of another log', () => {
    const release = { tombstones: { ...tombstoneRoot([said(ann, 1)]), at: 1 } }
    const other = expect.objectContaining({ code: 'OTHER_LOG' }) as Error
    expect(() => staleMembers(members, release, [], [])).toThrow(other)
    expect(() => staleMembers(members, release, [said(bob, 2)], tags(bob))).toThrow(other)
    expect(toHex(tombstoneRoot([]).root)).toBe(toHex(merkleTreeHash([])))
  })
})

describe('orders', () => {
  const draft = {
    dao: LEDGER,
    name: 'pool-1',
    purposes: ['ai:ModelTraining' as const],
    assembler: operator.did,
    trainer: trainer.did,
    recipient: `age1pq1${'q'.repeat(1953)}`,
    at: 10,
    expires: 20,
    deleteWithinDays: 14,
    canaries: 24,
    canaryKey: fill(8),
  }
  const manifests = Array.from({ length: 2100 }, (_, i) => rawCid(utf8(`contribution ${i}`)))
  const given = { dao: LEDGER, operator: operator.did, assembler: operator.did, now: 15, deleteWithinDays: 14, canaryKey: fill(8) }

  it('of one release are as many as its contributions need, of the same terms', () => {
    const orders = signOrders({ ...draft, manifests }, operator).map((bytes) => ({ bytes, value: readOrder(bytes, given) }))
    expect(orders.map(({ value }) => value.manifests.length)).toEqual([1024, 1024, 52])
    expect(orders.every(({ bytes }) => bytes.byteLength <= MAX_ORDER_BYTES)).toBe(true)
    const { manifests: all, name } = oneOrder(orders)
    expect([name, all.map(String)]).toEqual(['pool-1', manifests.map(String)])
    const other = signOrders({ ...draft, purposes: ['ai:Benchmarking'], manifests: [rawCid(utf8('another'))] }, operator)
    const strange = other.map((bytes) => ({ bytes, value: readOrder(bytes, given) }))
    for (const wrong of [[], [...orders, ...strange], [...orders, ...orders]])
      expect(() => oneOrder(wrong)).toThrow(expect.objectContaining({ code: 'BAD_ORDER' }) as Error)
  })

  it.each<[string, number, string]>([
    ['nobody', 0, 'BAD_SHAPE'],
    ['more than a release takes', MAX_MEMBERS + 1, 'TOO_MANY_CONTRIBUTIONS'],
  ])('are not signed for %s', (_, count, code) => {
    const many = Array.from({ length: count }, () => manifests[0] as (typeof manifests)[0])
    expect(() => signOrders({ ...draft, manifests: many }, operator)).toThrow(expect.objectContaining({ code }) as Error)
  })
})

describe('an archive', () => {
  const files = [
    { name: 'data/part-00000.jsonl.gz', bytes: new Uint8Array(1000).fill(7) },
    { name: 'README.txt', bytes: utf8('x') },
    { name: 'empty', bytes: new Uint8Array() },
  ]
  const whole = Buffer.concat([...files.map(tarFile), TAR_END])
  const read = async (bytes: Uint8Array, most = 10_000): Promise<unknown> => Array.fromAsync(untar(pieces(bytes, 333), most))

  it('gives its files back, in whatever pieces it comes', async () => {
    expect(await read(whole)).toEqual(files)
  })

  it.each<[string, () => Promise<unknown>, string]>([
    ['cut', () => read(whole.subarray(0, 1200)), 'BAD_BUNDLE'],
    ['without an end', () => read(whole.subarray(0, 4096 - 1024)), 'BAD_BUNDLE'],
    ['changed in a header', () => read(Buffer.from(whole.with(3, 65))), 'BAD_BUNDLE'],
    ['with a file too large', () => read(whole, 999), 'TOO_LARGE'],
    ['with a path that leads out', async () => tarFile({ name: '../evil', bytes: new Uint8Array() }), 'BAD_NAME'],
  ])('is refused %s', async (_, attempt, code) => {
    await expect(attempt()).rejects.toMatchObject({ code })
  })
})

it('says the same licence in the same bytes, whatever the order of purposes', () => {
  const terms = { dao: LEDGER, name: 'pool 1', operator: operator.did, trainer: trainer.did, deleteWithinDays: 14 }
  const first = describeLicence({ ...terms, purposes: ['ai:ModelTraining', 'ai:Benchmarking'] })
  expect(first.cid.equals(describeLicence({ ...terms, purposes: ['ai:Benchmarking', 'ai:ModelTraining'] }).cid)).toBe(true)
  expect(first.cid.equals(describeLicence({ ...terms, purposes: ['ai:ModelTraining'] }).cid)).toBe(false)
  expect(JSON.parse(Buffer.from(first.bytes).toString())).toMatchObject({
    '@type': 'Agreement',
    permission: [{ action: 'use', constraint: [{ leftOperand: 'purpose', operator: 'isAnyOf' }] }],
    prohibition: [{ action: 'distribute' }],
    obligation: [{ action: 'delete', constraint: [{}, { rightOperand: { '@value': 'P14D' } }] }],
  })
})
