/** One epoch with one of each: what the table says of honest, copying, lazy, fabricating and vanishing peers, to the last unit. */
import { describe, expect, it } from 'vitest'
import { LedgerWorld, pages, seeded } from '../../tests/unit/ledger-world.ts'
import { commitHash, fileCid, PPM, sha256 } from '../../schemas/wire/index.ts'
import { createLedger, vested } from './index.ts'

const people = ['honest', 'other', 'copycat', 'fabricator', 'vanisher', 'newcomer']

function rowsOf(world: LedgerWorld, epoch = 1) {
  const names = new Map([
    ...people.map((name) => [seeded(name).did, name] as const),
    ...world.validators.map((v) => [v.signer.did, v.name] as const),
  ])
  const result = world.state.results.find((one) => one.epoch === epoch)!
  return Object.fromEntries(result.rows.map((row) => [names.get(row.account) ?? row.account, row]))
}

describe('an epoch with one of each', () => {
  const world = new LedgerWorld({ contributors: people, validators: 5 })
  const [honest, other, copycat, fabricator, vanisher] = world.contributors
  world.advance('gather')
  const theirs = pages('honest', 10)
  const good = world.commit(honest!, theirs)
  const fine = world.commit(other!, pages('other', 4, { quality: 500_000 }))
  // the same pages, committed later: whoever was first owns the novelty
  const copied = world.commit(copycat!, theirs)
  const made = world.commit(fabricator!, pages('made-up', 200))
  const held = world.commit(vanisher!, pages('held back', 10))
  const unrevealed = world.commit(vanisher!, pages('never shown', 10))
  world.advance('reveal')
  for (const [signer, one] of [
    [honest, good],
    [other, fine],
    [copycat, copied],
    [fabricator, made],
    [vanisher, held],
  ] as const)
    world.reveal(signer!, one)
  const served = [good, fine, copied, made].map((one) => one.sealed.manifestCid)
  for (const validator of world.validators) world.available(validator, served)
  // one validator alone saw the vanisher's files
  world.available(world.validators[0]!, [held.sealed.manifestCid])
  const lazy = world.validators[4]!
  world.testAndClose({
    judge: (_validator, contributor) => (contributor === fabricator!.did ? 'T1' : null),
    silent: [lazy],
  })
  const rows = rowsOf(world)

  it('pays the honest in full: 100 tokens of whole quality are 100,000 points a record', () => {
    expect(rows.honest).toMatchObject({
      records: 10,
      value: '1000000',
      credibility: PPM,
      points: '1000000',
      draws: 40,
      fails: 0,
      note: null,
    })
    expect(rows.other).toMatchObject({ records: 4, value: '200000', points: '200000', draws: 16, note: null })
  })

  it('gives a copy nothing, and nobody has to say so', () => {
    expect(rows.copycat).toMatchObject({ records: 10, value: '0', points: '0', draws: 0, credibility: PPM })
  })

  it('voids the epoch of one whose pages nobody finds again', () => {
    expect(rows.fabricator).toMatchObject({ records: 200, draws: 160, fails: 160, points: '0', note: 'void T1' })
    expect(rows.fabricator!.credibility).toBe(0)
  })

  it('carries a batch that too few could read to the next epoch, and drops a commit that was not revealed', () => {
    expect(rows.vanisher).toBeUndefined()
    expect(world.state.batches.get(held.sealed.manifestCid.toString())).toMatchObject({ epoch: 2, moved: true })
    expect(world.state.commits.has(unrevealed.index)).toBe(false)
  })

  it('gives validators that did their duty a whole seat, and the silent one a strike', () => {
    expect(rows['validator-0']).toMatchObject({ role: 'validator', points: String(PPM), note: null, draws: 54, fails: 40 })
    expect(rows['validator-4']).toMatchObject({ points: '0', note: 'strike: no report' })
    expect(world.state.validators.get(lazy.signer.did)?.strikes).toBe(1)
  })

  it('vests the same points, split over batches to the last unit', () => {
    const all = vested(world.state, 1)
    expect(all.map((one) => [one.account, one.points])).toEqual(
      [[honest!.did, 1_000_000n] as const, [other!.did, 200_000n] as const].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
    for (const one of all) expect([...one.batches.values()].reduce((sum, points) => sum + points, 0n)).toBe(one.points)
  })

  it('drops a batch that misses a second cut, and nothing else changes', () => {
    world.playEpoch([[other!, pages('second', 3)]])
    expect(rowsOf(world, 2).vanisher).toBeUndefined()
    expect(world.state.batches.get(held.sealed.manifestCid.toString())).toMatchObject({ moved: true, dropped: true })
  })

  it('gives every replica the same root, whatever the order its files came in', () => {
    const shuffled = [...world.files.map].toSorted(([a], [b]) => (a < b ? 1 : -1))
    const replica = createLedger({ files: { read: (cid) => new Map(shuffled).get(cid.toString()) } })
    for (const entry of world.entries) expect(replica.apply(entry).invalid?.code).toBe(undefined)
    expect(replica.state.results).toEqual(world.state.results)
  })
})

describe('commit and reveal', () => {
  it('lets nobody reveal what another committed, and a copied commit cannot be opened by the copier', () => {
    const world = new LedgerWorld()
    const [ann, bob] = world.contributors
    world.advance('gather')
    const { sealed, salt, index } = world.commit(ann!, pages('ann', 3))
    const copied = world.ok(bob!, 'contribution.commit', { epoch: 1, hash: commitHash(sealed.manifestCid, salt, ann!.did) })
    world.advance('reveal')
    const reveal = (commit: number) => world.bytes(bob!, 'contribution.reveal', { epoch: 1, commit, manifest: sealed.manifestCid, salt })
    expect(world.ledger.check(reveal(index))).toMatchObject({ code: 'NOT_YOURS' })
    expect(world.ledger.check(reveal(copied))).toMatchObject({ code: 'COMMIT_MISMATCH' })
    world.reveal(ann!, { sealed, salt, index })
  })

  it('counts a commit that came after the reveals began for the next epoch', () => {
    const world = new LedgerWorld()
    const [ann] = world.contributors
    world.playEpoch([[ann!, pages('one', 2)]])
    const late = world.commit(ann!, pages('two', 2))
    expect(world.state.commits.get(late.index)?.epoch).toBe(2)
    world.advance('gather')
    world.advance('reveal')
    world.reveal(ann!, late)
    for (const validator of world.validators) world.available(validator, [late.sealed.manifestCid])
    world.testAndClose()
    expect(rowsOf(world, 2)[ann!.did] ?? world.state.results[1]!.rows.find((row) => row.account === ann!.did)).toMatchObject({
      points: '200000',
    })
  })

  it('earns nothing by committing again what was revealed before, also in another epoch', () => {
    const world = new LedgerWorld()
    const [ann, bob] = world.contributors
    const text = pages('ann', 3)
    world.playEpoch([[ann!, text]])
    world.playEpoch([[bob!, text]])
    expect(world.state.results[1]!.rows.find((row) => row.account === bob!.did)).toMatchObject({ records: 3, points: '0' })
  })

  it('takes a manifest that is named as a file of blocks for a bad entry, never for a broken copy of its own', () => {
    const world = new LedgerWorld()
    const [ann] = world.contributors
    world.advance('gather')
    const [large, salt] = [new Uint8Array(2 << 20), new Uint8Array(32)]
    const manifest = world.files.put(fileCid(large), large)
    const commit = world.ok(ann!, 'contribution.commit', { epoch: 1, hash: commitHash(manifest, salt, ann!.did) })
    world.advance('reveal')
    expect(world.say(ann!, 'contribution.reveal', { epoch: 1, commit, manifest, salt }).invalid).toMatchObject({ code: 'BAD_FILE_CODEC' })
  })

  it('forgets a batch that its author took back before the beacon', () => {
    const world = new LedgerWorld()
    const [ann, bob] = world.contributors
    const text = pages('ann', 3)
    world.advance('gather')
    const first = world.commit(ann!, text)
    const second = world.commit(bob!, text)
    world.advance('reveal')
    world.reveal(ann!, first)
    world.reveal(bob!, second)
    for (const validator of world.validators) world.available(validator, [first.sealed.manifestCid, second.sealed.manifestCid])
    world.ok(ann!, 'retract', { commit: first.index })
    world.testAndClose()
    const rows = world.state.results[0]!.rows.filter((row) => row.role === 'contributor')
    expect(rows.map((row) => [row.account, row.points])).toEqual([[bob!.did, '300000']])
  })
})

describe('too few reports', () => {
  it('puts an epoch off, with its values, until enough validators report', () => {
    const world = new LedgerWorld({
      validators: 4,
      charter: { validators: { admission: 'open', independence: 'none', minimum: 0, quorum: 2 } },
    })
    const [ann] = world.contributors
    const [manifest] = [...world.playEpoch([[ann!, pages('ann', 5)]], { silent: world.validators.slice(0, 2) })]
    expect(world.state.results[0]!.rows.find((row) => row.account === ann!.did)).toMatchObject({ points: '0', note: 'no quorum' })
    expect(world.state.results[0]!.batches).toEqual([])
    expect(world.state.batches.get(manifest!.toString())).toMatchObject({ epoch: 2, deferrals: 1, settled: null })
    world.playEpoch([])
    expect(world.state.results[1]!.rows.find((row) => row.account === ann!.did)).toMatchObject({
      points: '500000',
      note: null,
      credibility: PPM,
    })
    expect(world.state.results[1]!.batches).toEqual([manifest!.toString()])
  })

  it('lets nobody take a batch back that was tested and put off', () => {
    const rules = { admission: 'open', independence: 'none', minimum: 0, quorum: 2 } as const
    const world = new LedgerWorld({ validators: 4, charter: { validators: rules } })
    const [ann] = world.contributors
    const [manifest] = world.playEpoch([[ann!, pages('ann', 5)]], { silent: world.validators.slice(0, 2) })
    world.advance('gather')
    const { commitIndex } = world.state.batches.get(manifest!.toString())!
    expect(world.say(ann!, 'retract', { commit: commitIndex }).invalid).toMatchObject({ code: 'TOO_LATE' })
  })

  it('asks the whole roster after three times, then lets the batch go', () => {
    const rules = { admission: 'open', independence: 'none', minimum: 0, quorum: 1 } as const
    const world = new LedgerWorld({
      validators: 4,
      charter: { validators: rules, testing: { committee: 2 }, validatorRules: { strikes: 0 } },
    })
    const [ann] = world.contributors
    const silent = world.validators.slice(1)
    const [manifest] = world.playEpoch([[ann!, pages('ann', 5)]], { silent })
    for (let epoch = 2; epoch <= 4; epoch++) world.playEpoch([], { silent })
    const batch = world.state.batches.get(manifest!.toString())!
    const asked = world.state.epoch!.committees.get(ann!.did)!
    expect(asked).toHaveLength(4)
    expect(batch).toMatchObject({ deferrals: 3, settled: 4 })
    expect(world.state.results.map((result) => result.rows.find((row) => row.account === ann!.did)?.note)).toEqual(
      Array(4).fill('no quorum'),
    )
  })
})

describe('validators', () => {
  it('voids a report about other records than were drawn, and moves its chain on all the same', () => {
    const world = new LedgerWorld()
    const [ann] = world.contributors
    const [liar] = world.validators
    world.advance('gather')
    const one = world.commit(ann!, pages('ann', 50))
    world.advance('reveal')
    world.reveal(ann!, one)
    for (const validator of world.validators) world.available(validator, [one.sealed.manifestCid])
    world.advance('beacon')
    for (const validator of world.validators) world.openBeacon(validator)
    world.advance('test')
    // the liar reports on the draws of somebody else
    const stolen = world.report({ ...world.validators[1]!, signer: liar!.signer }, () => null)
    const reports = world.validators.map((validator) => {
      const report = validator === liar ? stolen : world.report(validator, () => null)
      return { validator, ...report, index: world.commitReport(validator, report) }
    })
    world.advance('report')
    for (const report of reports) expect(world.revealReport(report.validator, report).invalid).toBeNull()
    expect([...world.state.epoch!.voidReports.keys()]).toEqual([liar!.signer.did])
    expect(sha256(world.state.validators.get(liar!.signer.did)!.sampleTip)).toEqual(liar!.statement.sampleTip)
    world.advance('probe')
    world.advance('close')
    world.close()
    for (const validator of world.validators) world.attest(validator)
    expect(rowsOf(world)[liar!.name]).toMatchObject({ points: '0', note: 'strike: no report' })
  })

  it('tests on, and counts, when it is removed after the cut: whoever knows the beacon must not choose the committee', () => {
    const world = new LedgerWorld({ validators: 5 })
    const [ann] = world.contributors
    const [gone] = world.validators
    world.advance('gather')
    const one = world.commit(ann!, pages('ann', 3))
    world.advance('reveal')
    world.reveal(ann!, one)
    for (const validator of world.validators) world.available(validator, [one.sealed.manifestCid])
    world.advance('beacon')
    for (const validator of world.validators) world.openBeacon(validator)
    world.ok(world.operator, 'roster', { add: [], remove: [gone!.signer.did] })
    world.advance('test')
    expect(world.state.epoch?.committees.get(ann!.did)).toContain(gone!.signer.did)
    const report = world.report(gone!, () => null)
    world.commitReport(gone!, report)
  })

  it('loses its seat after three strikes, and comes back where its chains stood', () => {
    const world = new LedgerWorld({ validators: 5 })
    const gone = world.validators[4]!
    const [ann] = world.contributors
    world.playEpoch([[ann!, pages('with all', 2)]])
    const tip = world.state.validators.get(gone.signer.did)!.beaconTip
    for (let epoch = 2; epoch <= 4; epoch++) world.playEpoch([[ann!, pages(`${epoch}`, 2)]], { silent: [gone] })
    expect(world.state.validators.get(gone.signer.did)).toMatchObject({ active: false, strikes: 3 })
    world.ok(world.operator, 'roster', { add: [gone.statement], remove: [] })
    expect(world.state.validators.get(gone.signer.did)).toMatchObject({ active: true, strikes: 0, beaconTip: tip })
  })

  it('strikes one that fails what everybody else passes, and the contributor keeps its pay', () => {
    const world = new LedgerWorld({ validators: 5 })
    const [ann] = world.contributors
    const grudge = world.validators[0]!
    world.playEpoch([[ann!, pages('ann', 60)]], { judge: (validator) => (validator === grudge ? 'T1' : null) })
    expect(rowsOf(world)[grudge.name]).toMatchObject({ note: 'strike: apart', points: '0' })
    expect(world.state.results[0]!.rows.find((row) => row.account === ann!.did)).toMatchObject({ credibility: PPM, points: '6000000' })
  })

  it('is not heard any more once it lost its seat, whatever it tallied before', () => {
    const world = new LedgerWorld({ validators: 5, charter: { validatorRules: { strikes: 1 } } })
    const [ann] = world.contributors
    const [first, second, third] = world.validators
    const liars = [first!, second!]
    world.playEpoch([[ann!, pages('ann', 60)]], { judge: (validator) => (liars.includes(validator) ? 'T1' : null) })
    expect(liars.map(({ signer }) => world.state.validators.get(signer.did)?.active)).toEqual([false, false])
    // one of the three that stay adds 15 % of fails: a minority of the roster, and with the two of old it would be the median
    let drawn = 0
    world.playEpoch([[ann!, pages('more', 60)]], {
      silent: liars,
      judge: (validator) => (validator === third && drawn++ % 40 < 6 ? 'T1' : null),
    })
    expect(drawn).toBe(40)
    expect(world.state.results[1]!.rows.find((row) => row.account === ann!.did)).toMatchObject({ credibility: PPM })
  })
})

describe('rules that change', () => {
  it('hold a contributor to its quota, in commit order', () => {
    const world = new LedgerWorld({ charter: { contributors: { quota: { newcomer: 6, cap: 24 } } } })
    const [ann] = world.contributors
    world.playEpoch([
      [ann!, pages('first', 4)],
      [ann!, pages('second', 4)],
    ])
    const result = world.state.results[0]!
    expect(result.rows.find((row) => row.account === ann!.did)).toMatchObject({ records: 8, points: '600000' })
    expect([...result.values.values()].map((values) => values.map((one) => one.value))).toEqual([
      [100_000, 100_000, 100_000, 100_000],
      [100_000, 100_000, 0, 0],
    ])
    expect(world.state.contributors.get(ann!.did)?.quota).toBe(12)
  })

  it('caps what has not vested when credibility falls', () => {
    const world = new LedgerWorld({ charter: { vestingEpochs: 2 } })
    const [ann] = world.contributors
    world.playEpoch([[ann!, pages('good', 10)]])
    expect(vested(world.state, 1)).toEqual([])
    // each of four validators fails 4 of 40 draws: beyond the noise, far below what voids an epoch
    let count = 0
    world.playEpoch([[ann!, pages('worse', 400)]], { judge: () => (count++ % 40 < 4 ? 'T1' : null) })
    const { credibility, points } = world.state.contributors.get(ann!.did)!
    expect(credibility).toBeGreaterThan(0)
    expect(credibility).toBeLessThan(800_000)
    expect(points.get(1)).toMatchObject({ points: 1_000_000n, cap: credibility })
    world.playEpoch([])
    expect(vested(world.state, 1).map((one) => one.points)).toEqual([(1_000_000n * BigInt(credibility)) / BigInt(PPM)])
  })
})
