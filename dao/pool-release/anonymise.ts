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

/** Combinations that differ, of everybody together: each takes a few hundred bytes of memory while a release is put together. */
const MAX_COMBINATIONS = 4_000_000
/** Of one person, so that nobody takes the room of all: three of every hour of ten years. */
export const MAX_OF_ONE = 262_144

const tooMany = (most: number): RejectedMessageError =>
  new RejectedMessageError('TOO_MANY_COMBINATIONS', `there is room for ${most} combinations of time, place, service and language`)

/** The different combinations of each person: four bytes for each, whatever the rows, and of everybody together each combination once. */
export class Cells {
  readonly #numbers = new Map<string, number>()
  readonly #cells: Quasi[] = []
  readonly #people = new Map<string, Set<number> | Uint32Array>()
  readonly #most: number

  constructor(most = MAX_COMBINATIONS) {
    this.#most = most
  }

  /** Throws RejectedMessageError TOO_MANY_COMBINATIONS. */
  add(person: string, quasi: Quasi): void {
    const own = this.#people.get(person)
    if (own instanceof Set) own.add(this.#numberOf(quasi))
    else this.#people.set(person, new Set([...(own ?? []), this.#numberOf(quasi)]))
  }

  /** Everything that another count found, of people that this one did not have; or nothing, and RejectedMessageError TOO_MANY_COMBINATIONS. */
  take(other: Cells): void {
    const fresh = other.#cells.reduce((sum, quasi) => sum + (this.#numbers.has(cellKey(quasi)) ? 0 : 1), 0)
    if (this.#cells.length + fresh > this.#most) throw tooMany(this.#most)
    for (const [person, numbers] of other.#people)
      this.#people.set(
        person,
        Uint32Array.from(numbers, (number) => this.#numberOf(other.#cells[number] as Quasi)),
      )
  }

  #numberOf(quasi: Quasi): number {
    const key = cellKey(quasi)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    if (this.#cells.length >= this.#most) throw tooMany(this.#most)
    this.#numbers.set(key, this.#cells.length)
    return this.#cells.push(quasi) - 1
  }

  drop(person: string): void {
    this.#people.delete(person)
  }

  get people(): number {
    return this.#people.size
  }

  /** How each combination is published so that at least k people share what is published. */
  plan(k: number): Plan {
    const held = new Map<number, Set<string>>()
    for (const [person, numbers] of this.#people)
      for (const number of numbers) {
        const people = held.get(number) ?? new Set()
        // more than k say no more than k
        if (people.size < k) people.add(person)
        held.set(number, people)
      }
    const levels = new Map<string, number>()
    const classes = new Map<string, Quasi>()
    let left = [...held.keys()]
    for (let level = 0; level < LEVELS && left.length > 0; level++) {
      const groups = Map.groupBy(left, (number) => cellKey(generalise(this.#cells[number] as Quasi, level)))
      left = []
      for (const [key, numbers] of groups) {
        const people = new Set<string>()
        for (const number of numbers) for (const person of held.get(number) as Set<string>) people.add(person)
        if (people.size < k) {
          left.push(...numbers)
          continue
        }
        for (const number of numbers) levels.set(cellKey(this.#cells[number] as Quasi), level)
        classes.set(key, generalise(this.#cells[numbers[0] as number] as Quasi, level))
      }
    }
    return { levels, classes: [...classes.values()] }
  }
}

export interface Plan {
  /** Level of each combination, by `cellKey`; a combination that is missing is not published. */
  levels: ReadonlyMap<string, number>
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
