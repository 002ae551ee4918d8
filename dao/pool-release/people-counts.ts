/**
 * Counts of those in one release, under differential privacy. The assembler reads every row anyway: it counts each person as their device did for the
 * pool's statistics (layout 1, one person adds `perPerson` to a group at most), adds exact noise once, and leaves out what is small. Counted are the
 * events as they were opened: what is published of them depends on others through k-anonymity, and nobody's part of that could be bounded.
 */
import { type ActivityEvent, measureEvents } from '../../schemas/activity/index.ts'
import type { CID, CountedGroup, PoolRelease, PoolStatistics } from '../../schemas/wire/index.ts'
import { epsilonBudget, isPaid } from '../rewards/index.ts'
import {
  addAt,
  addNoise,
  type ByteSource,
  centred,
  describeCounts,
  FeatureCounter,
  groupsNamed,
  LAYOUT_1,
} from '../pool-statistics/index.ts'

/** What is counted, and at what price. */
export interface CountingTerms {
  /** Names of groups of layout 1. */
  groups: readonly string[]
  /** For all groups together. */
  epsilonPpm: number
  /** Fewer people than these are not told of, in a bin or in all. */
  minPeople: number
}

/** One person's bins, clipped to 0 and 1. */
export type PersonCounts = Uint8Array

export class PeopleCounts {
  readonly #terms: CountingTerms
  readonly #groups: CountedGroup[]
  readonly #people = new Map<string, PersonCounts>()

  /** Throws InvalidInputError BAD_GROUPS. */
  constructor(terms: CountingTerms) {
    this.#terms = terms
    this.#groups = groupsNamed(terms.groups).map(({ group }) => group)
  }

  /** Of one person: takes the events of each chunk, and gives what it counts. */
  counter(): { add(events: readonly ActivityEvent[]): void; counts(): PersonCounts } {
    const counter = new FeatureCounter(this.#groups)
    const byQuality = this.#terms.groups.includes('qualities')
    return {
      add: (events) => {
        const qualityPpm = byQuality ? measureEvents(events).quality : null
        for (const event of events) counter.add({ event, qualityPpm })
      },
      counts: () => Uint8Array.from(counter.vector()),
    }
  }

  take(person: string, counts: PersonCounts): void {
    this.#people.set(person, counts)
  }

  /** Whoever is not in the release is not in its counts. */
  drop(person: string): void {
    this.#people.delete(person)
  }

  get areEnough(): boolean {
    return this.#people.size >= this.#terms.minPeople
  }

  /** The counts with new noise: to be published once, whoever is asked again pays again. */
  published(source: ByteSource): PoolStatistics {
    const asked = { ...this.#terms, groups: this.#groups }
    const sum = new Uint32Array(this.#groups.reduce((bins, group) => bins + group.bins.length, 0))
    for (const counts of this.#people.values()) for (const [i, count] of counts.entries()) if (count > 0) addAt(sum, i, BigInt(count))
    addNoise(sum, asked, source)
    return describeCounts(centred(sum), asked, 1)
  }
}

/**
 * What of a release's counts anybody can see to be so, whether they were paid for with a copy of the log alone: undefined for good ones. OTHER_LAYOUT:
 * they are not of groups of layout 1 in its bounds, so that the noise says nothing; NOT_PAID: no entry before the release spends as much ε on its
 * order. Whether the assembler counted who was in it and drew the noise, and whether it did so for one release of that order alone, nobody else can.
 */
export function countsFault(
  { counts, order }: Pick<PoolRelease, 'counts' | 'order'>,
  log?: { releasedAt: number; spent: readonly { index: number; budget: string; amount: string }[] },
): 'OTHER_LAYOUT' | 'NOT_PAID' | undefined {
  if (counts === undefined) return undefined
  const isOfLayout = counts.groups.every(({ counts: told, ...group }) => {
    const known = LAYOUT_1.find(({ name }) => name === group.name)
    return (
      known !== undefined &&
      group.perBin === known.perBin &&
      group.perPerson === known.perPerson &&
      group.bins.join('\n') === known.bins.join('\n') &&
      told.length === known.bins.length
    )
  })
  const names = counts.groups.map(({ name }) => name)
  if (!isOfLayout || names.length === 0 || new Set(names).size !== names.length || counts.noises !== 1) return 'OTHER_LAYOUT'
  if (log === undefined) return undefined
  const before = log.spent.filter(({ index }) => index < log.releasedAt)
  return isPaid(before, order, counts.epsilonPpm) ? undefined : 'NOT_PAID'
}

/** The entry that pays for a release's counts. */
export const paymentOf = <T extends { budget: string }>(order: CID, spent: readonly T[]): T | undefined =>
  spent.find(({ budget }) => epsilonBudget(budget)?.what === order.toString())
