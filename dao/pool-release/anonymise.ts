/**
 * k-anonymity of what may be put together with other knowledge: time, place, source and language of a row. A row is published as fine as at
 * least k people share, coarser where fewer do, and not at all where even the coarsest is shared by fewer. Counted over people, not rows.
 * Source and language are never left out of a row that is published: what it is of, its link and its words would show them all the same. It says nothing about names, texts and addresses, and nothing about who recognises the sum of somebody's rows.
 */
import { RejectedMessageError } from '../../core/errors/index.ts'
import { type ActivityEvent, coarsePlace } from '../../schemas/activity/index.ts'

export interface Quasi {
  /** `2025-03-09T14:00:00Z`, `2025-03-09`, `2025-03`. */
  time: string | null
  place: { latE7: number; lonE7: number } | null
  source: string | null
  lang: string | null
}

/** From as it is to source and language alone: day and 0.1°, month and 1°, no place, no time. */
export const LEVELS = 5

export const quasiOf = ({ time, object, source, lang }: ActivityEvent): Quasi => ({
  time: time ?? null,
  place: object.place ?? null,
  source,
  lang: lang ?? null,
})

export function generalise(quasi: Quasi, level: number): Quasi {
  const { time, place, source, lang } = quasi
  const cut = (length: number): string | null => time?.slice(0, length) ?? null
  const round = (decimals: number): Quasi['place'] => (place === null ? null : (coarsePlace(place, decimals) ?? null))
  if (level === 0) return quasi
  if (level === 1) return { time: cut(10), place: round(1), source, lang }
  if (level === 2) return { time: cut(7), place: round(0), source, lang }
  return { time: level === 3 ? cut(7) : null, place: null, source, lang }
}

export const cellKey = ({ time, place, source, lang }: Quasi): string => JSON.stringify([time, place?.latE7, place?.lonE7, source, lang])

/** A combination again, from its key. */
function quasiOfKey(key: string): Quasi {
  const [time, latE7, lonE7, source, lang] = JSON.parse(key) as [string | null, number | null, number | null, string | null, string | null]
  return { time, place: latE7 === null || lonE7 === null ? null : { latE7, lonE7 }, source, lang }
}

/** Combinations that differ, of everybody together: each takes some 130 bytes of memory, twice that for a moment, while a release is put together. */
const MAX_COMBINATIONS = 4_000_000
/** Of one person, so that nobody takes the room of all: three of every hour of ten years. */
export const MAX_OF_ONE = 262_144

const tooMany = (most: number): RejectedMessageError =>
  new RejectedMessageError('TOO_MANY_COMBINATIONS', `there is room for ${most} combinations of time, place, service and language`)

/** The different combinations of each person: four bytes for each, whatever the rows, and of everybody together the key of each combination once. */
export class Cells {
  /** In the order of their numbers: none is ever taken out. */
  readonly #numbers = new Map<string, number>()
  readonly #people = new Map<string, Set<number> | Uint32Array>()
  readonly #most: number

  constructor(most = MAX_COMBINATIONS) {
    this.#most = most
  }

  /** Throws RejectedMessageError TOO_MANY_COMBINATIONS. */
  add(person: string, quasi: Quasi): void {
    const own = this.#people.get(person)
    const number = this.#numberOf(cellKey(quasi))
    if (own instanceof Set) own.add(number)
    else this.#people.set(person, new Set([...(own ?? []), number]))
  }

  /** Everything that another count found, of people that this one did not have; or nothing, and RejectedMessageError TOO_MANY_COMBINATIONS. */
  take(other: Cells): void {
    const keys = [...other.#numbers.keys()]
    const fresh = keys.reduce((sum, key) => sum + (this.#numbers.has(key) ? 0 : 1), 0)
    if (this.#numbers.size + fresh > this.#most) throw tooMany(this.#most)
    for (const [person, numbers] of other.#people)
      this.#people.set(
        person,
        Uint32Array.from(numbers, (number) => this.#numberOf(keys[number] as string)),
      )
  }

  #numberOf(key: string): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.#numbers.size
    if (number >= this.#most) throw tooMany(this.#most)
    this.#numbers.set(key, number)
    return number
  }

  drop(person: string): void {
    this.#people.delete(person)
  }

  get people(): number {
    return this.#people.size
  }

  /** How each combination is published so that at least k people share what is published. */
  plan(k: number): Plan {
    const keys = [...this.#numbers.keys()]
    const holders = holdersOf(keys.length, [...this.#people.values()])
    // how fine each is published, and whether it is
    const levels = new Uint8Array(keys.length).fill(LEVELS)
    const classes = new Map<string, Quasi>()
    let shown = 0
    let left = keys.flatMap((_, number) => (holders(number).length > 0 ? [number] : []))
    for (let level = 0; level < LEVELS && left.length > 0; level++) {
      const coarse = (number: number): Quasi => generalise(quasiOfKey(keys[number] as string), level)
      const all = left
      // as it is, each combination is a group of its own
      const groups =
        level === 0
          ? all.values().map((number): [string, number[]] => [keys[number] as string, [number]])
          : Map.groupBy(all, (number) => cellKey(coarse(number)))
      left = []
      for (const [key, numbers] of groups) {
        if (!areSharedBy(k, numbers, holders)) {
          for (const number of numbers) left.push(number)
          continue
        }
        for (const number of numbers) levels[number] = level
        shown += numbers.length
        classes.set(key, coarse(numbers[0] as number))
      }
    }
    const get = (key: string): number | undefined => {
      const level = levels[this.#numbers.get(key) ?? -1] ?? LEVELS
      return level === LEVELS ? undefined : level
    }
    return { levels: { get, size: shown }, classes: [...classes.values()] }
  }
}

/** Of each combination, by its number, whose it is, by the place of the person: all in one piece of memory. */
function holdersOf(combinations: number, people: readonly Iterable<number>[]): (number: number) => Uint32Array {
  const ends = new Uint32Array(combinations + 1)
  for (const numbers of people) for (const number of numbers) ends[number + 1] = (ends[number + 1] as number) + 1
  for (let number = 0; number < combinations; number++) ends[number + 1] = (ends[number + 1] as number) + (ends[number] as number)
  const next = ends.slice()
  const holders = new Uint32Array(ends[combinations] as number)
  for (const [person, numbers] of people.entries())
    for (const number of numbers) {
      holders[next[number] as number] = person
      next[number] = (next[number] as number) + 1
    }
  return (number) => holders.subarray(ends[number], ends[number + 1])
}

/** Whether at least k people have one of these combinations. */
function areSharedBy(k: number, numbers: readonly number[], holders: (number: number) => Uint32Array): boolean {
  const people = new Set<number>()
  for (const number of numbers)
    for (const person of holders(number)) {
      people.add(person)
      // more than k say no more than k
      if (people.size >= k) return true
    }
  return false
}

export interface Plan {
  /** Level of each combination, by `cellKey`; a combination that is missing is not published. */
  levels: Pick<ReadonlyMap<string, number>, 'get' | 'size'>
  /** What is published, each shared by k people or more. */
  classes: readonly Quasi[]
}

/** As it is published; undefined where it is not. */
export function published(quasi: Quasi, { levels }: Plan): { quasi: Quasi; generalised: boolean } | undefined {
  const level = levels.get(cellKey(quasi))
  if (level === undefined) return undefined
  const result = generalise(quasi, level)
  return { quasi: result, generalised: cellKey(result) !== cellKey(quasi) }
}
