import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LedgerWorld, pages, type WorldOptions } from '../../tests/unit/ledger-world.ts'
import { cborCid, encode, PHASES, sha256, utf8 } from '../../schemas/wire/index.ts'
import { leafHash, rootOfLeaves } from '../log/index.ts'
import {
  beaconOf,
  createLedger,
  dateWindow,
  drawsFor,
  explain,
  hostHolders,
  includedBatches,
  isAssigned,
  ledgerFilesNamed,
  type LedgerState,
  type PaceShare,
  paceShare,
  RULES_VERSION,
  RootHistory,
  vested,
} from './index.ts'

const withLeases: WorldOptions = {
  contributors: ['ann', 'bob', 'cyd', 'dan'],
  charter: {
    epoch: Object.fromEntries([...PHASES.map((phase) => [phase, { minSeconds: 0, maxSeconds: 3600 }]), ['leases', 'hash']]) as never,
  },
}

describe('roots', () => {
  it('are those of RFC 6962 at every size', () => {
    const tree = new RootHistory()
    const leaves: Uint8Array[] = []
    for (let size = 0; size <= 70; size++) {
      expect(tree.root).toEqual(rootOfLeaves(leaves))
      tree.append(utf8(`entry ${size}`))
      leaves.push(leafHash(utf8(`entry ${size}`)))
    }
    for (let size = 0; size <= 70; size++) expect(tree.rootAt(size)).toEqual(rootOfLeaves(leaves.slice(0, size)))
    for (const size of [-1, 72, 1.5]) expect(tree.rootAt(size)).toBeUndefined()
  })
})

describe('the beacon', () => {
  it('is fixed by the preimages and the root at the cut, in no order', () => {
    const world = new LedgerWorld()
    for (const phase of ['gather', 'reveal'] as const) world.advance(phase)
    expect(beaconOf(world.state)).toBeNull()
    world.advance('beacon')
    for (const validator of world.validators.toReversed()) world.openBeacon(validator)
    const preimages = world.validators.map(
      (validator) => [validator.signer.did, world.state.validators.get(validator.signer.did)!.beaconTip] as const,
    )
    const sorted = preimages.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, preimage]) => preimage)
    const expected = sha256(utf8('quern/beacon/v1\0'), ...sorted, world.ledger.rootAt(world.state.epoch!.cut + 1)!)
    expect(beaconOf(world.state)).toEqual(expected)
    world.advance('test')
    expect(world.state.epoch?.beacon).toEqual(expected)
  })
})

describe('draws', () => {
  it('are each validator’s own, over all of a contributor’s batches, and empty before the test phase', () => {
    const world = new LedgerWorld({ charter: { testing: { draws: 6 } } })
    const [ann] = world.contributors
    world.advance('gather')
    const committed = [world.commit(ann!, pages('one', 30)), world.commit(ann!, pages('two', 30))]
    world.advance('reveal')
    for (const one of committed) world.reveal(ann!, one)
    for (const validator of world.validators)
      world.available(
        validator,
        committed.map((one) => one.sealed.manifestCid),
      )
    const drawn = () => world.validators.map((validator) => drawsFor(world.state, validator.signer.did, world.samplePreimage(validator)))
    expect(drawn().flat()).toEqual([])
    world.advance('beacon')
    for (const validator of world.validators) world.openBeacon(validator)
    world.advance('test')
    const lists = drawn().map((draws) => draws.flatMap(({ picks }) => picks.map(({ manifest, row }) => `${manifest.toString()} ${row}`)))
    expect(lists.every((list) => list.length === 6 && new Set(list).size === 6)).toBe(true)
    expect(new Set(lists.map(String)).size).toBe(4)
    expect(new Set(lists.flat().map((pick) => pick.split(' ')[0])).size).toBe(2)
  })
})

describe('leases', () => {
  it('give each host two holders among those who joined before the last cut, who divide its URLs', () => {
    const world = new LedgerWorld(withLeases)
    const accounts = world.contributors.map((one) => one.did)
    const shares = (): PaceShare[] => accounts.map((account) => paceShare(world.state, 'a.example', account))
    expect(hostHolders(world.state, 'a.example')).toEqual([])
    expect(shares()).toEqual(accounts.map((_, place) => ({ times: accounts.length, place })))
    world.advance('gather')
    const holders = hostHolders(world.state, 'a.example')
    expect(holders).toHaveLength(2)
    // whoever comes by without a lease, because a start page leads there, is one more
    expect(shares()).toEqual(
      accounts.map((account) => (holders.includes(account) ? { times: 2, place: holders.indexOf(account) } : { times: 3, place: 2 })),
    )
    const urls = Array.from({ length: 400 }, (_, i) => `https://a.example/${i}`)
    const counts = urls.map((url) => world.contributors.filter((one) => isAssigned(world.state, one.did, url)).map((one) => one.did))
    expect(counts.every((who) => who.length >= 1 && who.every((account) => holders.includes(account)))).toBe(true)
    const both = counts.filter((who) => who.length === 2).length
    expect(both).toBeGreaterThan(5)
    expect(both).toBeLessThan(60)
    expect(() => isAssigned(world.state, 'x', 'no url')).toThrow(expect.objectContaining({ code: 'BAD_URL' }))
  })

  it('are not needed: without them all who gather keep one pace together', () => {
    const world = new LedgerWorld({ ...withLeases, charter: { epoch: { ...withLeases.charter!.epoch!, leases: 'none' } } })
    world.advance('gather')
    const [first] = world.contributors
    const accounts = world.contributors.map((one) => one.did)
    expect(accounts.length).toBeGreaterThan(2)
    expect(hostHolders(world.state, 'a.example')).toEqual([])
    expect(accounts.map((account) => paceShare(world.state, 'a.example', account))).toEqual(
      accounts.map((_, place) => ({ times: accounts.length, place })),
    )
    expect(paceShare(world.state, 'a.example', 'a late joiner')).toEqual({ times: accounts.length + 1, place: accounts.length })
    expect(isAssigned(world.state, first!.did, 'https://a.example/')).toBe(true)
  })

  it('make off-lease records worth the charter’s share, and a late joiner waits', () => {
    const world = new LedgerWorld(withLeases)
    world.advance('gather')
    const page = { text: 'a page of one host', host: 'a.example' }
    const holders = hostHolders(world.state, page.host)
    const [on, off] = [
      world.contributors.find((one) => holders.includes(one.did))!,
      world.contributors.find((one) => !holders.includes(one.did))!,
    ]
    world.playEpoch([
      [on, [page]],
      [off, [{ text: 'another page of that host', host: 'a.example' }]],
    ])
    const pointsOf = (account: string) => world.state.results[0]!.rows.find((row) => row.account === account)?.points
    expect([pointsOf(on.did), pointsOf(off.did)]).toEqual(['100000', '40000'])
    expect(explain(world.state, includedBatches(world.state, 1)[1]!, world.files)?.reasons.at(-1)).toMatchObject({
      code: 'value',
      facts: { lease: 400_000, value: 40_000 },
    })
  })
})

describe('dates', () => {
  it('bound a batch by the notes of its own epoch and the one before', () => {
    const world = new LedgerWorld()
    expect(dateWindow(world.state, { gathered: 1 })).toEqual({ after: null, before: null })
    world.advance('gather')
    const first = world.now
    expect(dateWindow(world.state, { gathered: 1 })).toEqual({ after: null, before: null })
    for (const phase of ['reveal', 'beacon'] as const) world.advance(phase)
    expect(dateWindow(world.state, { gathered: 1 })).toEqual({ after: null, before: world.now + 300 })
    expect(dateWindow(world.state, { gathered: 2 })).toEqual({ after: first - 300, before: null })
  })
})

describe('explain', () => {
  const world = new LedgerWorld()
  const [ann, bob] = world.contributors
  let drawn = 0
  const [manifest] = world.playEpoch(
    [
      [ann!, pages('ann', 200)],
      [bob!, pages('bob', 3)],
    ],
    { judge: (_validator, contributor) => (contributor === ann!.did && drawn++ % 10 === 0 ? 'T1' : null) },
  )

  it('shows an account every number of its row, and every fail that made it', () => {
    const told = explain(world.state, ann!.did)!
    const row = world.state.results[0]!.rows.find((one) => one.account === ann!.did)!
    expect(told.reasons.find((one) => one.code === 'row')?.facts).toEqual({ ...row })
    const { facts } = told.reasons.find((one) => one.code === 'formula')!
    expect(facts).toMatchObject({ med: facts['freshMed'], before: 1_000_000, m: row.credibility, reports: 4 })
    expect(row.credibility).toBeLessThan(1_000_000)
    // m = PPM - slope * e
    expect(row.credibility).toBe(1_000_000 - 10 * Number(facts['e']))
    // sixteen failed draws; a record that several validators drew is named once, with all of them
    const fails = told.reasons.filter((one) => one.code === 'fail')
    expect(fails.reduce((sum, one) => sum + Number(one.facts['validators']), 0)).toBe(16)
    expect(new Set(fails.map((one) => one.facts['row'])).size).toBe(fails.length)
    for (const { facts: fact } of fails) expect(String(fact['by']).split(' ')).toHaveLength(Number(fact['validators']))
    expect(BigInt(row.points)).toBe((BigInt(row.value) * BigInt(row.credibility)) / 1_000_000n)
    const all = world.state.results[0]!.rows.filter((one) => one.role === 'contributor').reduce((sum, one) => sum + BigInt(one.points), 0n)
    expect(told.reasons.find((one) => one.code === 'share')?.facts).toEqual({
      stated: row.points,
      left: row.points,
      ppm: Number((BigInt(row.points) * 1_000_000n) / all),
      contributors: 2,
    })
  })

  it('shows a validator its duties, an epoch its rows, a batch its way', () => {
    expect(explain(world.state, world.validators[0]!.signer.did)?.reasons.map((one) => one.code)).toEqual(['seated', 'duty'])
    expect(explain(world.state, 1)?.reasons.filter((one) => one.code === 'row')).toHaveLength(6)
    expect(explain(world.state, manifest!.toString())?.reasons.map((one) => one.code)).toEqual(['batch', 'available', 'counted'])
    expect(explain(world.state, manifest!.toString(), world.files)?.reasons.filter((one) => one.code === 'value')).toHaveLength(200)
  })

  it('knows nothing of strangers', () => {
    for (const subject of ['did:key:z6Mk', 'bafy', 9]) expect(explain(world.state, subject)).toBeUndefined()
  })
})

describe('a light fold', () => {
  it('follows phases, rosters and batches with a fraction of the files, and takes the rest from tables that a quorum attested', () => {
    const world = new LedgerWorld({ validators: 5, charter: { contributors: { quota: { newcomer: 10, cap: 80 } } } })
    const gone = world.validators[4]!
    for (let epoch = 0; epoch < 4; epoch++)
      world.playEpoch(
        world.contributors.map((signer, i) => [signer, pages(`${i}-${epoch}`, 3 + epoch)]),
        epoch === 0 ? {} : { silent: [gone] },
      )
    const needed = new Set<string>()
    const light = createLedger({ light: true, files: { read: (cid) => (needed.add(cid.toString()), world.files.read(cid)) } })
    for (const entry of world.entries) expect(light.apply(entry).invalid).toBeNull()
    // the charter, twelve manifests and four tables
    expect(needed.size).toBe(1 + 12 + 4)
    const seen = ({ state }: { state: LedgerState }) => ({
      results: state.results.map(({ root, final, batches, rows }) => ({ root, final, batches, rows })),
      seats: [...state.validators.values()].map(({ active, strikes, beaconTip, sampleTip }) => ({ active, strikes, beaconTip, sampleTip })),
      standing: [...state.contributors.values()].map(({ credibility, epochs, quota }) => ({ credibility, epochs, quota })),
      batches: [...state.batches.values()].map(({ epoch, settled, moved, deferrals }) => ({ epoch, settled, moved, deferrals })),
      authors: state.authors,
    })
    expect(seen(light)).toEqual(seen(world))
    expect(light.state.validators.get(gone.signer.did)).toMatchObject({ active: false, strikes: 3 })
  })

  it('refuses a table that does not give the root it comes with', () => {
    const world = new LedgerWorld({ light: true })
    world.playEpochWithoutClose()
    const bytes = encode([])
    const table = world.files.put(cborCid(bytes), bytes)
    const cut = world.state.epoch!.cut
    const close = { epoch: 1, cut, root: new Uint8Array(32), table, rules: RULES_VERSION }
    expect(world.ledger.check(world.bytes(world.operator, 'epoch.close', close))).toMatchObject({ code: 'WRONG_ROOT' })
    expect(world.ledger.check(world.bytes(world.operator, 'epoch.close', { ...close, root: rootOfLeaves([]) }))).toMatchObject({ ok: true })
  })
})

describe('the files an entry names', () => {
  it('are those a mirror keeps: an audit needs nothing else', () => {
    const world = new LedgerWorld()
    world.playEpoch([[world.contributors[0]!, pages('ann', 2)]])
    const named = new Set<string>()
    const replica = createLedger({ files: world.files })
    for (const bytes of world.entries) {
      const { entry } = replica.apply(bytes)
      if (entry) for (const cid of ledgerFilesNamed(entry, world.files)) named.add(cid.toString())
    }
    expect([...named].toSorted()).toEqual([...world.files.map.keys()].toSorted())
  })
})

describe('any run of the ledger', () => {
  it('folds to the same state from its entries, and pays what was earned to the last unit', () => {
    const epochs = fc.array(fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 5 }), fc.nat(3)), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(epochs, fc.array(fc.nat(3), { maxLength: 1 }), fc.nat(9), (plan, silent, spread) => {
        const world = new LedgerWorld()
        plan.forEach((work, e) => {
          let draws = 0
          world.playEpoch(
            work.map(([who, count, topic]) => [world.contributors[who]!, pages(`topic ${topic}-${e % 2}`, count)]),
            { silent: silent.map((i) => world.validators[i]!), judge: () => (draws++ % (spread + 2) === 0 ? 'T1' : null) },
          )
        })
        const replica = createLedger({ ledgerId: world.id, files: world.files })
        for (const entry of world.entries) expect(replica.check(entry).ok).toBe(replica.apply(entry).invalid === null)
        expect(replica.state.results).toEqual(world.state.results)
        expect(replica.state.contributors).toEqual(world.state.contributors)
        expect(replica.state.hosts).toEqual(world.state.hosts)
        for (const result of world.state.results) {
          expect(cborCid(encode(result.rows)).equals(result.table)).toBe(true)
          expect(rootOfLeaves(result.rows.map((row) => leafHash(encode(row))))).toEqual(result.root)
        }
        for (const { points, batches } of vested(world.state, plan.length))
          expect([...batches.values()].reduce((sum, one) => sum + one, 0n)).toBe(points)
      }),
      { numRuns: 12 },
    )
  })
})
