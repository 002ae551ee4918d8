import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testCharter } from '../../tests/support/charter.ts'
import { seededWorld } from '../../tests/support/seeded.ts'
import {
  type Bases,
  contributorOutcome,
  countedValue,
  type FreshReport,
  type HostClass,
  multiplier,
  type Outcome,
  points,
  rateOf,
  type Tally,
  updateBases,
  updateTally,
} from './index.ts'

const charter = testCharter({})
const PPM = 1_000_000
const bases: Bases = [10_000, 30_000, 100_000]
const validators = Array.from({ length: 21 }, (_, i) => `v${String(i).padStart(2, '0')}`)

interface Judged {
  /** Fail rate, ppm, of a page on each host; hosts are drawn evenly. */
  hosts: { host: string; class: HostClass; ppm: number }[]
  draws?: number
  tallies?: Map<string, Tally>
  mPrev?: number
  rules?: typeof charter
  /** What some validators say instead of the truth. */
  lie?: (validator: string, host: string, fails: boolean) => boolean
  committee?: string[]
}

/** One epoch of one contributor under chance that `seed` fixes. */
function epochOf(
  seed: number,
  { hosts, draws = 40, tallies = new Map(), mPrev = PPM, rules = charter, lie, committee = validators }: Judged,
): Outcome {
  const world = seededWorld(seed)
  const reports = committee.map(
    (validator): FreshReport => ({
      validator,
      draws: Array.from({ length: draws }, () => {
        const page = hosts[world.int(hosts.length)] as Judged['hosts'][number]
        const fails = world.int(PPM) < page.ppm
        return { host: page.host, class: page.class, pass: !(lie?.(validator, page.host, fails) ?? fails) }
      }),
    }),
  )
  return contributorOutcome({ charter: rules, tallies, reports, mPrev, bases })
}
const site = (count: number, ppm: number, kind: HostClass = 1): Judged['hosts'] =>
  Array.from({ length: count }, (_, i) => ({ host: `site-${ppm}-${i}.org`, class: kind, ppm }))
const honest = [...site(50, 10_000, 0), ...site(40, 30_000, 1), ...site(10, 100_000, 2)]

describe('a tally', () => {
  it('forgets an eighth per epoch and never counts more than 30 % fails', () => {
    const one = updateTally({ a: 0, b: 0, x: 0 }, { fails: 40, draws: 40, expected: 1_200_000 }, charter)
    expect(one).toEqual({ a: 12_000_000, b: 40_000, x: 1_200_000_000 })
    expect(rateOf(one)).toBe(300_000)
    expect(updateTally(one, null, charter)).toEqual({ a: 10_500_000, b: 35_000, x: 1_050_000_000 })
    expect(updateTally(one, { fails: 1, draws: 40, expected: 0 }, charter)).toEqual({ a: 11_500_000, b: 75_000, x: 1_050_000_000 })
    expect(rateOf({ a: 0, b: 0, x: 0 })).toBe(0)
  })
})

describe('the multiplier', () => {
  it('falls in one epoch, climbs 12.5 points per epoch, and never passes one', () => {
    expect(multiplier(300_000, 30_000, 300, PPM, charter)).toBe(0)
    let m = 0
    const climb = Array.from({ length: 10 }, () => (m = multiplier(0, 30_000, 300, m, charter)))
    expect(climb).toEqual([125_000, 250_000, 375_000, 500_000, 625_000, 750_000, 875_000, PPM, PPM, PPM])
  })

  it('stays between nothing and one, and never rises with more fails', () => {
    const ppm = fc.nat({ max: PPM })
    fc.assert(
      fc.property(ppm, ppm, fc.nat({ max: 10_000 }), ppm, ppm, (med, base, n, previous, more) => {
        const m = multiplier(med, base, n, previous, charter)
        expect(m).toBeGreaterThanOrEqual(0)
        expect(m).toBeLessThanOrEqual(Math.min(PPM, previous + 125_000))
        expect(multiplier(Math.min(PPM, med + more), base, n, previous, charter)).toBeLessThanOrEqual(m)
      }),
    )
  })

  it('is one in at least 99.9 % of ten thousand honest epochs', () => {
    let below = 0
    for (let node = 0; node < 400; node++) {
      let last: Outcome | undefined
      for (let epoch = 0; epoch < 25; epoch++) {
        const before = last ? { tallies: last.tallies, mPrev: last.m } : {}
        last = epochOf(node * 1000 + epoch, { hosts: honest, committee: validators.slice(0, 7), ...before })
        if (last.m < PPM) below++
      }
    }
    expect(below).toBeLessThanOrEqual(10)
  })
})

describe('the outcome of an epoch', () => {
  it('does not depend on the order of reports, draws or tallies (1,000 shuffles)', () => {
    const world = seededWorld(5)
    const first = epochOf(1, { hosts: honest })
    const reports = validators.map((validator) => ({
      validator,
      draws: Array.from({ length: 20 }, () => ({ ...(honest[world.int(100)] as (typeof honest)[0]), pass: world.int(5) > 0 })),
    }))
    const outcome = (r: FreshReport[], tallies: Map<string, Tally>): string => {
      const o = contributorOutcome({ charter, tallies, reports: r, mPrev: 600_000, bases })
      return JSON.stringify([
        o.m,
        o.voided,
        o.med,
        o.b,
        o.n,
        o.e,
        o.freshMed,
        o.draws,
        o.fails,
        [...o.tallies].toSorted(byKey),
        [...o.hostCuts].toSorted(byKey),
      ])
    }
    const right = outcome(reports, first.tallies)
    for (let i = 0; i < 1000; i++) {
      const shuffled = world.shuffled(reports).map((r) => ({ ...r, draws: i % 10 === 0 ? world.shuffled(r.draws) : r.draws }))
      expect(outcome(shuffled, new Map(world.shuffled([...first.tallies])))).toBe(right)
    }
  })

  it('voids an epoch of which the median validator failed 30 %, and no honest one', () => {
    expect(epochOf(1, { hosts: site(100, 400_000) })).toMatchObject({ voided: true, m: 0 })
    expect(epochOf(1, { hosts: honest })).toMatchObject({ voided: false, m: PPM })
    expect(contributorOutcome({ charter, tallies: new Map(), reports: [], mPrev: 500_000, bases })).toMatchObject({
      voided: false,
      med: 0,
      draws: 0,
      m: 625_000,
    })
  })

  it('hears only those that weigh something and drew enough', () => {
    const liars = new Set(validators.slice(0, 15))
    const reports = validators.map((validator) => ({
      validator,
      draws: Array.from({ length: 30 }, (_, i) => ({ host: `h${i}`, class: 1 as const, pass: !liars.has(validator) })),
    }))
    const rules = testCharter({ credibility: { hostCapPpm: PPM } })
    const weights = new Map(validators.slice(14).map((v) => [v, PPM]))
    expect(contributorOutcome({ charter: rules, tallies: new Map(), reports, mPrev: PPM, bases }).voided).toBe(true)
    expect(contributorOutcome({ charter: rules, tallies: new Map(), reports, mPrev: PPM, bases, weights })).toMatchObject({
      voided: false,
      m: PPM,
      med: 0,
    })
    const few = reports.map((r) => ({ ...r, draws: r.draws.slice(0, 19) }))
    expect(contributorOutcome({ charter: rules, tallies: new Map(), reports: few, mPrev: PPM, bases }).med).toBe(0)
  })

  it('is not moved by a third of validators that fail everything, nor by a third that pass everything', () => {
    const third = new Set(validators.slice(0, 7))
    let faker: Outcome | undefined
    for (let seed = 0; seed < 20; seed++) {
      expect(epochOf(seed, { hosts: honest, lie: (v, _, fails) => third.has(v) || fails }).m).toBeGreaterThanOrEqual(970_000)
      const before = faker ? { tallies: faker.tallies, mPrev: faker.m } : {}
      faker = epochOf(seed, { hosts: site(100, 150_000), lie: (v, _, fails) => !third.has(v) && fails, ...before })
    }
    expect(faker?.m).toBeLessThan(300_000)
  })
})

describe('one host', () => {
  const hostile = [...honest, ...Array.from({ length: 5 }, () => ({ host: 'hostile.net', class: 1 as const, ppm: PPM }))]
  const rows = hostile.map(({ host }) => ({ host }))
  const values = rows.map(() => ({ value: 1000 }))

  it('that fails every re-fetch costs an honest crawler that host, and of the rest less than one percent', () => {
    for (let seed = 0; seed < 20; seed++) {
      const outcome = epochOf(seed, { hosts: hostile })
      expect(outcome.m).toBe(PPM)
      expect([...outcome.hostCuts.keys()]).toEqual(['hostile.net'])
      const earned = points(countedValue(rows, values, outcome.hostCuts), outcome.m)
      expect(earned).toBeGreaterThanOrEqual((100_000n * 99n) / 100n)
    }
  })

  it('would cost it dearly without the cap, epoch after epoch', () => {
    const after = (rules: typeof charter): number => {
      let last = epochOf(0, { hosts: hostile, rules })
      for (let epoch = 1; epoch < 10; epoch++) last = epochOf(epoch, { hosts: hostile, rules, tallies: last.tallies, mPrev: last.m })
      return last.m
    }
    expect(after(charter)).toBe(PPM)
    expect(after(testCharter({ credibility: { hostCapPpm: PPM } }))).toBeLessThan(850_000)
  })

  it('counts as one however many names it has', () => {
    const farm = [...honest, ...Array.from({ length: 5 }, (_, i) => ({ host: `page${i}.github.io`, class: 1 as const, ppm: PPM }))]
    const outcome = epochOf(3, { hosts: farm })
    expect([...outcome.hostCuts.keys()]).toEqual(['github.io'])
    expect(outcome.m).toBe(PPM)
  })

  it('does not hide what was fabricated on it, nor on a handful of them', () => {
    for (const hosts of [1, 3, 5, 10]) {
      for (const ppm of [150_000, 290_000, 900_000]) {
        const outcome = epochOf(hosts, { hosts: site(hosts, ppm) })
        const kept = points(
          countedValue(
            site(hosts, ppm),
            site(hosts, ppm).map(() => ({ value: 1000 })),
            outcome.hostCuts,
          ),
          outcome.voided ? 0 : outcome.m,
        )
        // what honest work of the same size would have earned, less what was fabricated
        expect(Number(kept)).toBeLessThan(hosts * 1000 * (1 - ppm / PPM))
      }
    }
  })

  it('of an honest crawler is not taken away by a third of validators that fail it', () => {
    const third = new Set(validators.slice(0, 7))
    for (let seed = 0; seed < 20; seed++) {
      const outcome = epochOf(seed, {
        hosts: site(5, 30_000),
        lie: (v, host, fails) => (third.has(v) && host === 'site-30000-0.org') || fails,
      })
      expect(outcome.hostCuts.get('site-30000-0.org') ?? PPM).toBe(PPM)
    }
  })
})

describe('expected rates', () => {
  const rates = (rate: number): Parameters<typeof updateBases>[1] =>
    validators.map((validator) => ({
      validator,
      weight: PPM,
      classes: [
        { fails: 0, draws: 50 },
        { fails: rate, draws: 1000 },
        { fails: 1, draws: 0 },
      ],
    }))

  it('move a quarter of the way to what the median validator saw, where it saw enough', () => {
    expect(updateBases(bases, rates(50))).toEqual([10_000, 35_000, 100_000])
  })

  it('are not moved beyond what the honest saw by less than half', () => {
    const some = rates(30).map((r, i) =>
      i < 10 ? { ...r, classes: [r.classes[0], { fails: 1000, draws: 1000 }, r.classes[2]] as typeof r.classes } : r,
    )
    expect(updateBases(bases, some)).toEqual(bases)
  })
})

it('pays the same for the same records under one identity or many, to a micro-point each', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 40n }), { minLength: 1, maxLength: 200 }),
      fc.nat({ max: PPM }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(),
      (list, m, k, seed) => {
        const world = seededWorld(seed)
        const parts = Array.from({ length: k }, () => 0n)
        for (const value of list) {
          const part = world.int(k)
          parts[part] = (parts[part] ?? 0n) + value
        }
        const whole = points(
          list.reduce((a, b) => a + b, 0n),
          m,
        )
        const split = parts.reduce((sum, value) => sum + points(value, m), 0n)
        expect(split <= whole && whole - split < BigInt(k)).toBe(true)
      },
    ),
  )
})

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1)
