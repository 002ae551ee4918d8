import { expect, it } from 'vitest'
import { type BatchSpec, account, buildWorld, prose, type WorldSpec } from '../../tests/support/release-world.ts'
import { rawCid, utf8 } from '../../schemas/wire/index.ts'
import { recordsToLookUp, type SelectInput, selectRecords } from './select.ts'
import { describeShares } from './shares.ts'

const page = (url: string, seed = url) => ({ url, text: prose(seed) })
const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (thrown) {
    return (thrown as { code: string }).code
  }
  return 'none'
}
function select(spec: WorldSpec, change: (world: ReturnType<typeof buildWorld>) => void = () => {}, input: Partial<SelectInput> = {}) {
  const world = buildWorld(spec)
  change(world)
  return selectRecords({ state: world.state, files: world.files, ...input })
}
const hosts = (selection: { rows: { host: string }[] }): string[] => selection.rows.map((row) => row.host)

const two: BatchSpec[] = [
  { contributor: 'ada', epoch: 1, pages: [page('https://b.example/1'), page('https://a.example/1')] },
  { contributor: 'bob', epoch: 2, pages: [page('https://c.example/1')] },
]

it('takes every record of vested epochs, sorted by host and then by id', () => {
  const selection = select({ batches: two })
  expect(hosts(selection)).toEqual(['a.example', 'b.example', 'c.example'])
  expect(selection.epochs).toEqual([1, 2])
  expect(selection.at).toBe(1_790_000_000 + 2 * 86_400)
  expect(selection.left).toMatchObject({ 'opt-out': 0, 'exact-duplicate': 0 })
})

it('waits until points have vested', () => {
  const charter = { vestingEpochs: 1 }
  expect(select({ batches: two, charter }).epochs).toEqual([1])
  expect(select({ batches: two, charter, epochs: [1, 2, 3] }).epochs).toEqual([1, 2])
  expect(codeOf(() => select({ batches: two, charter: { vestingEpochs: 4 } }))).toBe('NOT_VESTED')
  expect(codeOf(() => select({ batches: two }, undefined, { throughEpoch: 3 }))).toBe('NOT_VESTED')
  expect(select({ batches: two }, undefined, { throughEpoch: 1 }).epochs).toEqual([1])
})

it('leaves out epochs that no quorum attested', () => {
  const selection = select({ batches: two }, ({ state }) => {
    for (const result of state.results) result.final = result.epoch === 1
  })
  expect(selection.epochs).toEqual([1])
})

it('keeps one copy of a content: the first committed, whatever its epoch', () => {
  const batches: BatchSpec[] = [
    { contributor: 'late', epoch: 1, commitIndex: 9, pages: [page('https://a.example/copy', 'same')] },
    { contributor: 'early', epoch: 2, commitIndex: 3, pages: [page('https://b.example/original', 'same')] },
  ]
  const selection = select({ batches })
  expect(selection.rows.map((row) => row.contributor)).toEqual([account('early')])
  expect(selection.left['exact-duplicate']).toBe(1)
})

it('drops near duplicates by the ledger’s own measure', () => {
  const near = { ...page('https://b.example/1', 'other words'), sketchOf: 'twin' }
  const selection = select({
    batches: [{ contributor: 'ada', epoch: 1, pages: [{ ...page('https://a.example/1'), sketchOf: 'twin' }, near] }],
  })
  expect(hosts(selection)).toEqual(['a.example'])
  expect(selection.left['near-duplicate']).toBe(1)
})

it('obeys opt-outs of a domain, and says which entry took a record out', () => {
  const selection = select({ batches: two }, ({ state }) => {
    state.optouts.push({ index: 77, domain: 'a.example', pattern: null, from: 0, evidence: rawCid(utf8('proof')) })
  })
  expect(hosts(selection)).toEqual(['b.example', 'c.example'])
  expect(selection.removals).toMatchObject([{ host: 'a.example', reason: 'opt-out', index: 77 }])
})

it('obeys opt-outs of a path, and takes an unread address for opted out', () => {
  const batches: BatchSpec[] = [
    {
      contributor: 'ada',
      epoch: 1,
      pages: [page('https://a.example/private/1'), page('https://a.example/open'), page('https://b.example/private/1')],
    },
  ]
  const world = buildWorld({ batches })
  world.state.optouts.push({ index: 5, domain: 'a.example', pattern: '/private/', from: 0, evidence: rawCid(utf8('proof')) })
  const input = { state: world.state, files: world.files }
  const asked = recordsToLookUp(input)
  expect(asked.map((row) => row.host)).toEqual(['a.example', 'a.example'])
  const urls = new Map(
    [asked[0], asked[1]].map((row, i) => [String(row?.record), i === 0 ? 'https://a.example/private/1' : 'https://a.example/open']),
  )
  expect(hosts(selectRecords({ ...input, urlOf: (record) => urls.get(String(record)) }))).toEqual(['a.example', 'b.example'])
  expect(hosts(selectRecords(input))).toEqual(['b.example'])
})

it('leaves out void batches and epochs that earned nothing, and lists them as tombstones', () => {
  const selection = select({ batches: two }, ({ state }) => {
    const bad = [...state.batches.values()][0]
    if (bad) bad.voided = { check: 'D5', index: 60, by: account('v'), row: 0 }
  })
  expect(hosts(selection)).toEqual(['c.example'])
  expect(selection.removals.map(({ reason, index }) => [reason, index])).toEqual([
    ['void', 60],
    ['void', 60],
  ])
  const burnt = select({ batches: two }, ({ state }) => {
    state.contributors.get(account('bob'))?.points.set(2, { points: 5n, cap: 1_000_000, void: 'S3 D3', batches: new Map(), vestsWith: 2 })
  })
  expect(hosts(burnt)).toEqual(['a.example', 'b.example'])
})

it('lists no tombstone for a record that is in the release by another batch', () => {
  const batches: BatchSpec[] = [
    { contributor: 'copycat', epoch: 1, pages: [page('https://a.example/1')] },
    { contributor: 'ada', epoch: 1, pages: [page('https://a.example/1')] },
  ]
  const selection = select({ batches }, ({ state }) => {
    const bad = [...state.batches.values()][0]
    if (bad) bad.voided = { check: 'D9', index: 60, by: account('v'), row: 0 }
  })
  expect(selection.rows.map((row) => row.contributor)).toEqual([account('ada')])
  expect(selection.removals).toEqual([])
})

it('applies the charter’s quality and language rules', () => {
  const batches: BatchSpec[] = [
    {
      contributor: 'ada',
      epoch: 1,
      pages: [
        { ...page('https://a.example/1'), quality: 100 },
        { ...page('https://b.example/1'), language: 'de' },
        page('https://c.example/1'),
      ],
    },
  ]
  const charter = { release: { minQualityPpm: 500_000, languages: ['en'], hostCapPpm: 1_000_000, contributorCapPpm: 1_000_000 } }
  const selection = select({ batches, charter })
  expect(hosts(selection)).toEqual(['c.example'])
  expect(selection.left).toMatchObject({ quality: 1, language: 1 })
  expect(selection.considered).toBe(3)
})

it('says what to change when caps or rules leave nothing', () => {
  expect(codeOf(() => select({ batches: two, charter: { release: { hostCapPpm: 1_000 } } }))).toBe('CAPS_LEAVE_NOTHING')
  expect(codeOf(() => select({ batches: two, charter: { release: { languages: ['fi'] } } }))).toBe('NOTHING_TO_RELEASE')
})

it('pays by points restricted to what is included, copies of a cross-check too', () => {
  const batches: BatchSpec[] = [
    {
      contributor: 'ada',
      epoch: 1,
      pages: [
        { ...page('https://a.example/1', 'same'), value: 600 },
        { ...page('https://a.example/2'), value: 400 },
      ],
    },
    {
      contributor: 'bob',
      epoch: 1,
      pages: [
        { ...page('https://a.example/1', 'same'), value: 600 },
        { ...page('https://out.example/'), value: 400 },
      ],
    },
  ]
  const selection = select({ batches, validators: { vera: 3n, vito: 1n } }, ({ state }) => {
    state.optouts.push({ index: 77, domain: 'out.example', pattern: null, from: 0, evidence: rawCid(utf8('proof')) })
  })
  expect(selection.rows).toHaveLength(2)
  const table = describeShares(selection)
  const of = (name: string) => table.rows.find((row) => row.account === account(name))
  expect(of('ada')).toMatchObject({ points: '1000', ppm: 625_000, records: 2 })
  expect(of('bob')).toMatchObject({ points: '600', ppm: 375_000, records: 0 })
  expect(of('vera')).toMatchObject({ role: 'validator', points: '3', ppm: 750_000 })
  expect(table.totals).toEqual({ contributor: '1600', validator: '4' })
})

it('caps points that later conduct capped', () => {
  const selection = select({ batches: two }, ({ state }) => {
    const earned = state.contributors.get(account('ada'))?.points.get(1)
    if (earned) earned.cap = 250_000
  })
  expect(selection.weights.find((weight) => weight.account === account('ada'))?.points).toBe(500n)
})
