import { describe, expect, it } from 'vitest'
import { type ActivityEvent, activityEvent } from '../../schemas/activity/index.ts'
import { cborCid, encode, type PoolStatistics } from '../../schemas/wire/index.ts'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import { spreadOf } from '../pool-statistics/index.ts'
import { epsilonName } from '../rewards/index.ts'
import { countsFault, PeopleCounts } from './people-counts.ts'

const GROUPS = ['people', 'years', 'languages', 'types', 'sources']
const event = (i: number, changes: Partial<ActivityEvent> = {}): ActivityEvent =>
  activityEvent.parse({
    id: i.toString(16).padStart(32, '0'),
    type: 'Listen',
    time: `${2010 + (i % 12)}-05-03`,
    actor: 'self',
    object: { kind: 'track', name: `Song ${i}` },
    source: 'spotify',
    lang: 'en',
    ...changes,
  })
/** Many events, of more years than one person counts in. */
const whole = Array.from({ length: 300 }, (_, i) => event(i))

function countsOf(people: number, terms: Partial<ConstructorParameters<typeof PeopleCounts>[0]> = {}): PeopleCounts {
  const counts = new PeopleCounts({ groups: GROUPS, epsilonPpm: 1_000_000, minPeople: 20, ...terms })
  for (let i = 0; i < people; i++) {
    const counter = counts.counter()
    counter.add(whole.slice(0, 200))
    counter.add(whole.slice(200))
    counts.take(`p${i}`, counter.counts())
  }
  return counts
}

const told = ({ groups }: PoolStatistics, name: string): (number | null)[] => groups.find((one) => one.name === name)?.counts ?? []

describe('counts of a release', () => {
  it('count people, once in a bin and in no more bins than one person may, whatever they did', () => {
    for (const name of [...GROUPS, 'months', 'lengths', 'qualities']) {
      const counts = new PeopleCounts({ groups: [name], epsilonPpm: 1, minPeople: 1 })
      const counter = counts.counter()
      counter.add(whole)
      // what one person adds is what the noise is made for
      const { perPerson, perBin } = counts.published(new SeededBytes('x')).groups[0] as PoolStatistics['groups'][number]
      const bins = counter.counts()
      expect(Math.max(...bins), name).toBeLessThanOrEqual(perBin)
      expect(
        bins.reduce((sum, one) => sum + one, 0),
        name,
      ).toBeLessThanOrEqual(perPerson)
    }
  })

  it('are near the truth, tell no small bin, and say what they cost and how often noise was added', () => {
    const statistics = countsOf(1000).published(new SeededBytes('release'))
    expect(statistics).toMatchObject({ v: 1, epsilonPpm: 1_000_000, minPeople: 20, mechanism: 'discrete-laplace', noises: 1 })
    for (const group of statistics.groups) {
      const near = spreadOf(group, { epsilonPpm: 1_000_000, groups: GROUPS.length }, 1)
      for (const count of group.counts) expect(count === null || count > 1000 - 3 * near || count < 3 * near, group.name).toBe(true)
    }
    expect(told(statistics, 'people')[0]).toBeGreaterThan(900)
    expect(told(statistics, 'sources').filter((one) => one !== null && one > 500)).toHaveLength(1)
    // six years of each person, the first six
    expect(told(statistics, 'years').filter((one) => one !== null && one > 500)).toHaveLength(6)
    expect(statistics.groups.flatMap(({ counts }) => counts).every((one) => one === null || one >= 20)).toBe(true)
  })

  it('have new noise each time, and none of who was dropped', () => {
    const counts = countsOf(40, { groups: ['people'] })
    const source = new SeededBytes('again')
    const seen = new Set(Array.from({ length: 20 }, () => told(counts.published(source), 'people')[0]))
    expect(seen.size).toBeGreaterThan(1)
    expect(counts.areEnough).toBe(true)
    for (let i = 0; i < 21; i++) counts.drop(`p${i}`)
    expect(counts.areEnough).toBe(false)
  })
})

describe('anybody sees of them', () => {
  const order = cborCid(encode('order'))
  const good = countsOf(50).published(new SeededBytes('seen'))
  const spent = (index: number, amount = '1000000', what = order) => [{ index, budget: epsilonName(2027, what), amount }]
  const fault = (counts: PoolStatistics | undefined, entries?: ReturnType<typeof spent>) =>
    countsFault({ counts, order }, entries && { releasedAt: 10, spent: entries })

  it('that their release paid for them, before', () => {
    expect([fault(undefined), fault(good), fault(good, spent(9)), fault(good, spent(9, '1000001'))]).toEqual(
      Array.from({ length: 4 }, () => undefined),
    )
    const other = cborCid(encode('another order'))
    for (const wrong of [[], spent(10), spent(9, '999999'), spent(9, '1000000', other)]) expect(fault(good, wrong)).toBe('NOT_PAID')
  })

  it('that they are of groups in the bounds that the noise is made for', () => {
    const [people, ...rest] = good.groups as [PoolStatistics['groups'][number]]
    for (const groups of [
      [],
      [people, people],
      [{ ...people, perPerson: 2 }, ...rest],
      [{ ...people, perBin: 5 }, ...rest],
      [{ ...people, name: 'persons' }, ...rest],
      [{ ...people, bins: ['everybody'] }, ...rest],
      [{ ...people, counts: [40, 41] }, ...rest],
    ])
      expect(fault({ ...good, groups })).toBe('OTHER_LAYOUT')
    expect(fault({ ...good, noises: 3 })).toBe('OTHER_LAYOUT')
  })
})
