/** One person's counts: what their owner says of the events on its own machine, cut to what one person may say. */
import type { ActivityEvent } from '../../schemas/activity/index.ts'
import type { CountedGroup } from '../../schemas/wire/index.ts'
import { binsOf, lengthDecile, OTHER, qualityDecile } from './layout.ts'

/** What is looked at of one event. `qualityPpm` is of its texts, by whatever the pool measures with; null: it has none. */
export interface EventFacts {
  event: ActivityEvent
  qualityPpm: number | null
}

/** Counts of all bins, in the order of the groups, clipped. Events come one by one and are not kept. */
export class FeatureCounter {
  readonly #groups: readonly CountedGroup[]
  readonly #places: Map<string, number>
  readonly #counts: number[]

  constructor(groups: readonly CountedGroup[]) {
    this.#groups = groups
    this.#counts = Array.from({ length: binsOf(groups) }, () => 0)
    this.#places = new Map(groups.flatMap(({ name, bins }) => bins.map((bin) => `${name} ${bin}`)).map((key, i) => [key, i]))
    this.#count('people', 'all')
  }

  add({ event, qualityPpm }: EventFacts): void {
    const { object, time, lang, type, source } = event
    if (time !== undefined) this.#count('years', time.slice(0, 4))
    if (time !== undefined) this.#count('months', time.slice(0, 7))
    if (lang !== undefined) this.#count('languages', lang)
    this.#count('types', type)
    this.#count('sources', source)
    const text = object.text ?? object.name
    if (text !== undefined) this.#count('lengths', lengthDecile(text.length))
    if (qualityPpm !== null) this.#count('qualities', qualityDecile(qualityPpm))
  }

  /** 32-bit words, clipped. */
  vector(): Uint32Array {
    const clipped = new Uint32Array(this.#counts.length)
    let at = 0
    for (const group of this.#groups) {
      clipped.set(clip(this.#counts.slice(at, at + group.bins.length), group), at)
      at += group.bins.length
    }
    return clipped
  }

  #count(group: string, bin: string): void {
    const place = this.#places.get(`${group} ${bin}`) ?? this.#places.get(`${group} ${OTHER}`)
    if (place !== undefined) this.#counts[place] = (this.#counts[place] as number) + 1
  }
}

/** At most `perBin` in each bin and `perPerson` in all: the bins with most keep theirs, the first of equals before the next. */
export function clip(counts: readonly number[], { perBin, perPerson }: CountedGroup): number[] {
  const order = counts.map((_, i) => i).toSorted((a, b) => (counts[b] as number) - (counts[a] as number) || a - b)
  const kept = counts.map(() => 0)
  let left = perPerson
  for (const i of order) {
    const taken = Math.min(counts[i] as number, perBin, left)
    kept[i] = taken
    left -= taken
  }
  return kept
}
