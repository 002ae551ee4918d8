import { expect, it } from 'vitest'
import { LedgerWorld, pages, type Said, type TestRecord, type TestValidator } from '../../tests/unit/ledger-world.ts'
import type { Check, Report } from '../../schemas/wire/index.ts'
import { drawsFor, sameDraws } from './draws.ts'
import { selectRecords } from '../release/index.ts'
import { createLedger, explain } from './index.ts'

const closed = (count: number): TestRecord[] => pages('closed', count).map((page) => ({ ...page, host: 'closed.example' }))

/** An epoch in which ann brings pages of a host of its own each, and some of one host; `said` is what a validator says of the rows of that host. */
function play(open: number, shut: number, said: (validator: TestValidator, row: number) => Said) {
  const world = new LedgerWorld({ charter: { release: { hostCapPpm: 1_000_000, contributorCapPpm: 1_000_000 } } })
  const ann = world.contributors[0]!
  world.playEpoch([[ann, [...pages('ann', open), ...closed(shut)]]], {
    judge: (validator, _contributor, _manifest, row) => (row < open ? null : said(validator, row - open)),
  })
  return { world, ann, row: world.state.results[0]?.rows.find(({ account }) => account === ann.did) }
}

it('neither passes nor fails what was left out, and pays for none of it', () => {
  const { world, ann, row } = play(6, 4, () => 'left-out')
  expect(world.state.invalid).toEqual([])
  expect(row).toMatchObject({ records: 10, draws: 24, fails: 0, credibility: 1_000_000, points: '600000', note: 'left out in part' })
  expect(world.state.contributors.get(ann.did)?.credibility).toBe(1_000_000)
  const said = explain(world.state, ann.did)?.reasons.find(({ code }) => code === 'left-out')
  expect(said?.facts).toEqual({ host: 'closed.example', keeps: 0 })
})

it('pays for the part of a host’s pages that could be looked at', () => {
  const { world, row } = play(6, 4, (_, at) => (at < 1 ? 'left-out' : null))
  expect(row).toMatchObject({ draws: 36, points: '900000' })
  expect(selectRecords(world).rows).toHaveLength(10)
})

it('releases nothing of a host where nobody could look', () => {
  const { world } = play(6, 4, () => 'left-out')
  const hosts = selectRecords(world).rows.map(({ host }) => host)
  expect(hosts).toHaveLength(6)
  expect(hosts).not.toContain('closed.example')
})

it('lets less than half of a committee take nothing from anybody by leaving out', () => {
  expect(play(6, 4, ({ name }) => (name === 'validator-1' ? 'left-out' : null)).row).toMatchObject({ points: '1000000', note: null })
})

it('teaches nothing of whom nothing was looked at, so that nobody waits in its shade for a bad name to fade', () => {
  const world = new LedgerWorld({ charter: { credibility: { hostCapPpm: 1_000_000 } } })
  const ann = world.contributors[0]!
  world.playEpoch([[ann, pages('ann', 40)]], { judge: () => 'T1' })
  const before = world.state.contributors.get(ann.did)
  const tallies = new Map(before?.tallies)
  const credibility = before?.credibility
  expect(credibility).toBe(0)
  for (let epoch = 2; epoch <= 4; epoch++)
    world.playEpoch([[ann, closed(10).map((page) => ({ ...page, text: `${page.text} ${epoch}` }))]], { judge: () => 'left-out' })
  const after = world.state.contributors.get(ann.did)
  expect(world.state.results.at(-1)?.rows.find(({ account }) => account === ann.did)).toMatchObject({
    draws: 0,
    points: '0',
    note: 'left out',
  })
  expect([after?.credibility, after?.tallies, after?.epochs]).toEqual([credibility, tallies, 1])
  // a light fold takes the same from the table
  const light = createLedger({ files: world.files, light: true })
  for (const entry of world.entries) light.apply(entry)
  const seen = light.state.contributors.get(ann.did)
  expect([seen?.credibility, seen?.epochs]).toEqual([credibility, 1])
})

it('takes no report that leaves a draw out and fails it', () => {
  const world = new LedgerWorld()
  const [ann] = world.contributors
  world.advanceTo('gather')
  const batch = world.commit(ann!, pages('ann', 4))
  world.advance('reveal')
  world.reveal(ann!, batch)
  for (const validator of world.validators) world.available(validator, [batch.sealed.manifestCid])
  world.advance('beacon')
  for (const validator of world.validators) world.openBeacon(validator)
  world.advance('test')
  const draws = drawsFor(world.state, world.validators[0]!.signer.did, world.samplePreimage(world.validators[0]!))
  const reportOf = (check: Check | null, pass: boolean | null): Report => ({
    v: 1,
    epoch: 1,
    validator: '',
    contributions: draws.map(({ contributor, picks }) => ({
      contributor,
      results: picks.map(({ manifest, row }) => ({ manifest, row, pass, check, evidence: null })),
    })),
  })
  expect(sameDraws(reportOf(null, null), draws)).toBeUndefined()
  for (const [check, pass] of [
    ['T1', null],
    ['T1', true],
    [null, false],
  ] as const)
    expect(sameDraws(reportOf(check, pass), draws), `${check} ${pass}`).toMatch(/names a check without failing it, or fails without one/)
})
