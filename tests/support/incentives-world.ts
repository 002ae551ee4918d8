/**
 * A statistical world around the real mechanism: contributors with honest or fabricated pages, validators that tell the truth or do not, and every
 * decision about them made by `dao/rewards`. Only the world rolls dice; nothing here knows a formula. Costs and pay are in thousandths of a page.
 */
import {
  afterStrike,
  type Bases,
  burnUnvested,
  capUnvested,
  type ClassCount,
  contributorOutcome,
  type FreshDraw,
  type FreshReport,
  GOOD_STANDING,
  type HostClass,
  nextQuota,
  isVested,
  outliers,
  paidPoints,
  points,
  type Tally,
  updateBases,
  type Vesting,
} from '../../dao/rewards/index.ts'
import type { Charter } from '../../schemas/wire/index.ts'
import { type SeededWorld, seededWorld } from './seeded.ts'

const PPM = 1_000_000
/** True fail rates, ppm, of honest static, normal and dynamic pages. */
const TRUE_RATES = [10_000, 30_000, 100_000] as const
const FABRICATED_FAILS = 960_000
const HOSTS = 100
const UPKEEP = 50_000
const NEW_IDENTITY = 250_000
const BUDGET = 5_050_000

/** What one identity does in one epoch. */
export interface Conduct {
  /** Cost of a page, thousandths of an honest one. */
  cost: number
  /** ppm of its pages that are made up. */
  bad?: number
  /** A deterministic check fails on so many of its pages, ppm. */
  det?: number
  /** Value of a page, ppm of an honest one. */
  value?: number
  idle?: boolean
}
export interface Attack {
  conduct: (epoch: number) => Conduct
  identities?: number
  /** Its pages lie on so many hosts; 100 when not given. */
  hosts?: number
  /** A caught identity is thrown away for a new one. */
  whitewash?: boolean
}
/** What a validator says instead of the truth. */
export type Lie = (about: { attacker: boolean; id: number; fails: boolean; roll: (ppm: number) => boolean }) => boolean

export interface Scenario {
  seed: number
  charter: Charter
  epochs?: number
  honest?: number
  validators?: number
  attack?: Attack
  /** How many of the validators lie, and how. */
  liars?: { count: number; lie: Lie }
  /** ppm of the pages of honest contributor 0 lie on one host that fails every re-fetch. */
  hostile?: number
  /** ppm of the pages of honest contributor 0 that are broken in epoch 12. */
  accident?: number
}

export interface Result {
  /** Attackers' pay per cost against honest pay per cost. */
  roi: number
  /** Attackers' part of all pay. */
  leak: number
  /** Total variation of honest shares from what honest work deserves, and the worst single relative error. */
  distortion: number
  worst: number
  /** Part of its ideal pay that honest contributor 0 keeps. */
  victimKeeps: number
  /** Epochs of honest contributors, and those in which m was below PPM. */
  honestEpochs: number
  belowOne: number
  /** Seats suspended: of honest validators, of liars. */
  suspended: { honest: number; liars: number }
}

interface Contributor {
  id: number
  attacker: boolean
  pages: number
  /** One good and one failing draw per host, shared by all draws of it. */
  hosts: { pass: FreshDraw; fail: FreshDraw; rate: number }[]
  m: number
  quota: number
  tallies: Map<string, Tally>
  earned: Map<number, Vesting & { points: bigint }>
  revoked: boolean
  cost: number
  ideal: number
}

export function runWorld(scenario: Scenario): Result {
  const { seed, charter, epochs = 24, honest = 12, validators = 15, attack, liars } = scenario
  const world = seededWorld(seed)
  const roll = (ppm: number): boolean => world.int(PPM) < ppm
  const seats = Array.from({ length: validators }, (_, i) => ({
    name: `v${String(i).padStart(2, '0')}`,
    lies: i < (liars?.count ?? 0),
    strikes: 0,
    suspended: false,
  }))
  const everyone: Contributor[] = []
  const join = (attacker: boolean, quota: number): Contributor => {
    const one = contributor(
      everyone.length,
      attacker,
      attacker ? 0 : 3000 + world.int(4000),
      quota,
      world,
      attacker ? attack?.hosts : undefined,
    )
    everyone.push(one)
    return one
  }
  for (let i = 0; i < honest; i++) join(false, 20_000)
  let active = Array.from({ length: attack?.identities ?? 1 }, () => (attack ? join(true, 20_000) : undefined)).filter(
    (c) => c !== undefined,
  )
  if (scenario.hostile)
    everyone[0]?.hosts.splice(
      0,
      Math.trunc((HOSTS * scenario.hostile) / PPM),
      ...hostileHosts(Math.trunc((HOSTS * scenario.hostile) / PPM)),
    )
  let bases: Bases = [...TRUE_RATES]
  const result = { honestEpochs: 0, belowOne: 0 }

  for (let epoch = 0; epoch < epochs; epoch++) {
    const seated = seats.filter((s) => !s.suspended)
    const weights = new Map(seated.map((s) => [s.name, PPM]))
    const classes = new Map(seated.map((s) => [s.name, [count(), count(), count()] as [ClassCount, ClassCount, ClassCount]]))
    const struck = new Set<string>()
    const present = everyone.filter((c) => !c.revoked && (!c.attacker || active.includes(c)))
    for (const c of present) {
      const conduct =
        c.attacker && attack ? attack.conduct(epoch) : { cost: 1000, bad: c.id === 0 && epoch === 12 ? (scenario.accident ?? 0) : 0 }
      if (conduct.idle) continue
      const pages = c.attacker ? Math.min(c.quota, Math.trunc((BUDGET / active.length - UPKEEP) / conduct.cost)) : c.pages
      c.cost += pages * conduct.cost + UPKEEP
      c.ideal += pages
      let fraud = false
      const reports = world
        .shuffled(seated)
        .slice(0, charter.testing.committee)
        .map((seat): FreshReport => {
          const draws = Array.from({ length: charter.testing.draws }, () => {
            const host = c.hosts[world.int(HOSTS)] as Contributor['hosts'][0]
            const truth = roll(conduct.bad ?? 0) ? roll(FABRICATED_FAILS) : roll(host.rate)
            fraud ||= !seat.lies && roll(conduct.det ?? 0)
            const fails = seat.lies && liars ? liars.lie({ attacker: c.attacker, id: c.id, fails: truth, roll }) : truth
            return fails ? host.fail : host.pass
          })
          return { validator: seat.name, draws }
        })
      const outcome = contributorOutcome({ charter, tallies: c.tallies, reports, mPrev: c.m, bases, weights })
      for (const validator of outliers(outcome.freshRates, outcome.freshMed, charter)) struck.add(validator)
      if (!c.attacker) {
        result.honestEpochs++
        if (outcome.m < PPM) result.belowOne++
        if (outcome.m >= GOOD_STANDING) for (const r of reports) tallyClasses(classes.get(r.validator), r.draws)
      }
      settle(c, epoch, pages, conduct, outcome, fraud, charter)
      if (attack?.whitewash && c.attacker && (c.revoked || c.m < 300_000 || outcome.voided)) {
        const fresh = join(true, charter.contributors.quota?.newcomer ?? 0)
        fresh.cost += NEW_IDENTITY
        active = active.map((one) => (one === c ? fresh : one))
      }
    }
    bases = updateBases(
      bases,
      seated.map((s) => ({ validator: s.name, weight: PPM, classes: classes.get(s.name) ?? [count(), count(), count()] })),
    )
    for (const seat of seated) Object.assign(seat, afterStrike(seat.strikes, struck.has(seat.name), charter))
  }
  return { ...result, ...measure(everyone, epochs, charter), suspended: suspensions(seats) }
}

/** Everything that the close of an epoch does to one contributor. */
function settle(
  c: Contributor,
  epoch: number,
  pages: number,
  conduct: Conduct,
  outcome: ReturnType<typeof contributorOutcome>,
  fraud: boolean,
  charter: Charter,
): void {
  c.m = outcome.m
  c.tallies = outcome.tallies
  if (fraud) {
    c.revoked = true
    burnUnvested(c.earned, epoch - 1, 'S3')
    return
  }
  // pages lie evenly on the hosts, so each host cut takes its share of them
  const kept = c.hosts.reduce((sum, host) => sum + (outcome.hostCuts.get(host.pass.host ?? '') ?? PPM), 0)
  const value = (BigInt(pages * (conduct.value ?? PPM)) * BigInt(kept)) / BigInt(HOSTS * PPM)
  capUnvested(c.earned, epoch - 1, c.m, charter)
  const vestsWith = epoch + charter.vestingEpochs
  c.earned.set(epoch, { points: outcome.voided ? 0n : points(value, c.m), cap: PPM, void: null, vestsWith })
  c.quota = nextQuota(c.quota, c.m, outcome.voided, charter) ?? Number.MAX_SAFE_INTEGER
}

function measure(
  everyone: readonly Contributor[],
  epochs: number,
  charter: Charter,
): Omit<Result, 'honestEpochs' | 'belowOne' | 'suspended'> {
  const last = epochs + charter.vestingEpochs
  const pay = (c: Contributor): number =>
    [...c.earned.values()].reduce((all, one) => all + (isVested(one, last) ? Number(paidPoints(one.points, one)) : 0), 0) / PPM
  const honest = everyone.filter((c) => !c.attacker)
  const attackers = everyone.filter((c) => c.attacker)
  const sum = (list: readonly Contributor[], of: (c: Contributor) => number): number => list.reduce((total, c) => total + of(c), 0)
  const [paid, ideal] = [sum(honest, pay), sum(honest, (c) => c.ideal)]
  const errors = honest.map((c) => pay(c) / paid - c.ideal / ideal)
  const spent = sum(attackers, (c) => c.cost)
  const first = honest[0] as Contributor
  return {
    roi: spent === 0 ? 0 : sum(attackers, pay) / spent / (paid / sum(honest, (c) => c.cost)),
    leak: sum(attackers, pay) / (sum(attackers, pay) + paid),
    distortion: errors.reduce((total, e) => total + Math.abs(e), 0) / 2,
    worst: Math.max(...honest.map((c, i) => Math.abs((errors[i] ?? 0) / (c.ideal / ideal)))),
    victimKeeps: pay(first) / first.ideal,
  }
}

function contributor(id: number, attacker: boolean, pages: number, quota: number, world: SeededWorld, names = HOSTS): Contributor {
  const still = 35 + world.int(30)
  const dynamic = 5 + world.int(20)
  const hosts = Array.from({ length: HOSTS }, (_, h) => {
    const kind: HostClass = h < still ? 0 : h < HOSTS - dynamic ? 1 : 2
    return { ...drawsOf(`c${id}h${h % names}.org`, kind), rate: TRUE_RATES[kind] }
  })
  return { id, attacker, pages, hosts, m: PPM, quota, tallies: new Map(), earned: new Map(), revoked: false, cost: 0, ideal: 0 }
}

const drawsOf = (host: string, kind: HostClass): { pass: FreshDraw; fail: FreshDraw } => ({
  pass: { host, class: kind, pass: true },
  fail: { host, class: kind, pass: false },
})
const hostileHosts = (pages: number): Contributor['hosts'] =>
  Array.from({ length: pages }, () => ({ ...drawsOf('hostile.net', 1), rate: PPM }))
const count = (): ClassCount => ({ fails: 0, draws: 0 })

function tallyClasses(into: [ClassCount, ClassCount, ClassCount] | undefined, draws: readonly FreshDraw[]): void {
  for (const draw of draws) {
    const tally = into?.[draw.class]
    if (!tally) continue
    tally.draws++
    if (!draw.pass) tally.fails++
  }
}

function suspensions(seats: readonly { lies: boolean; suspended: boolean }[]): Result['suspended'] {
  const of = (lies: boolean): number => seats.filter((s) => s.lies === lies && s.suspended).length
  return { honest: of(false), liars: of(true) }
}
