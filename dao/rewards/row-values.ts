/** What every row of a batch or a contribution is worth, kept for as long as the ledger is: a few bytes a row, where an object takes fifty. */
import type { RecordValue } from './record-value.ts'

/** Whole numbers from 0 on, in as few bytes each as hold them all. */
type Numbers = Uint8Array | Uint16Array | Uint32Array | BigUint64Array

export class RowValues implements Iterable<RecordValue> {
  readonly #values: Numbers
  /** Of all rows alike, or of each. */
  readonly #novelty: number | Numbers
  /** One more than each, and 0 where a row has none; null where no row has any. */
  readonly #attested: Numbers | null

  constructor(rows: readonly RecordValue[]) {
    this.#values = packed(rows.map(({ value }) => value))
    const [first = 0, ...others] = rows.map(({ novelty }) => novelty)
    this.#novelty = others.every((one) => one === first) ? first : packed([first, ...others])
    const hasAny = rows.some(({ attested }) => attested !== undefined)
    this.#attested = hasAny ? packed(rows.map(({ attested }) => (attested === undefined ? 0 : attested + 1))) : null
  }

  get length(): number {
    return this.#values.length
  }

  at(row: number): RecordValue | undefined {
    if (row >= this.length) return undefined
    const value = Number(this.#values[row])
    const novelty = typeof this.#novelty === 'number' ? this.#novelty : Number(this.#novelty[row])
    const attested = this.#attested === null ? 0 : Number(this.#attested[row])
    return attested === 0 ? { value, novelty } : { value, novelty, attested: attested - 1 }
  }

  map<T>(work: (one: RecordValue, row: number) => T): T[] {
    return Array.from(this, work)
  }

  *[Symbol.iterator](): Generator<RecordValue, void> {
    for (let row = 0; row < this.length; row++) yield this.at(row) as RecordValue
  }
}

export const NO_VALUES: RowValues = new RowValues([])

function packed(numbers: readonly number[]): Numbers {
  const most = numbers.reduce((sum, one) => Math.max(sum, one), 0)
  if (most <= 0xff) return Uint8Array.from(numbers)
  if (most <= 0xffff) return Uint16Array.from(numbers)
  return most <= 0xffff_ffff ? Uint32Array.from(numbers) : BigUint64Array.from(numbers, BigInt)
}
