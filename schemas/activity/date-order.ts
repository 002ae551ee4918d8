/** 3/1/25: the third of January or the first of March? One line cannot say; a whole file mostly can. */
export class DateOrder {
  readonly #asked: 'dmy' | 'mdy' | undefined
  #first = 0
  #second = 0
  readonly #before = { dmy: 0, mdy: 0 }
  /** How often time ran forwards and backwards under each reading; a file runs one way. */
  readonly #turns = { dmy: [0, 0] as [number, number], mdy: [0, 0] as [number, number] }
  #dots = 0
  #halves = 0
  #seen = 0

  constructor(asked?: 'dmy' | 'mdy') {
    this.#asked = asked
  }

  /** A date of the file, in the file's order; whatever is none is passed over. */
  see(text: string): void {
    const match = /(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{2,4})(?!\d)/.exec(text)
    if (!match) return
    const [first, second, year] = [Number(match[1]), Number(match[3]), Number(match[4])]
    this.#seen++
    this.#first = Math.max(this.#first, first)
    this.#second = Math.max(this.#second, second)
    if (match[2] === '.') this.#dots++
    if (/[ap]\.?\s?m/i.test(text)) this.#halves++
    this.#step('dmy', year * 400 + second * 32 + first)
    this.#step('mdy', year * 400 + first * 32 + second)
  }

  #step(order: 'dmy' | 'mdy', day: number): void {
    const before = this.#before[order]
    if (before !== 0 && day !== before) this.#turns[order][day > before ? 0 : 1]++
    this.#before[order] = day
  }

  /** The order; where nothing tells, day first, and the owner is told. */
  decide(warn: (code: string, message: string) => void): 'dmy' | 'mdy' {
    if (this.#asked) return this.#asked
    if (this.#first > 12 && this.#second > 12) {
      warn('DATES_MIXED', 'some dates put the day first and some the month; each is read as it can be, others day first')
      return 'dmy'
    }
    if (this.#first > 12) return 'dmy'
    if (this.#second > 12) return 'mdy'
    if (this.#seen === 0 || this.#dots === this.#seen) return 'dmy'
    const [dmy, mdy] = [Math.min(...this.#turns.dmy), Math.min(...this.#turns.mdy)]
    if (dmy !== mdy) return dmy < mdy ? 'dmy' : 'mdy'
    if (this.#halves === this.#seen) return 'mdy'
    warn('DATES_AMBIGUOUS', 'nothing in this file tells day from month; days are taken to come first. Say --dates mdy if months do')
    return 'dmy'
  }
}
