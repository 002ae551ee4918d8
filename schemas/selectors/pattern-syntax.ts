/** A pattern's text as a tree. */
export class PatternError extends Error {
  readonly at: number
  readonly fix: string
  constructor(at: number, message: string, fix: string) {
    super(message)
    this.at = at
    this.fix = fix
  }
}

export type Range = readonly [from: number, to: number]
export type PatternNode =
  | { kind: 'set'; ranges: readonly Range[]; negated: boolean }
  | { kind: 'edge'; at: 'start' | 'end' }
  | { kind: 'group'; index: number | null; of: PatternNode }
  | { kind: 'sequence'; parts: PatternNode[] }
  | { kind: 'choice'; options: PatternNode[] }
  | { kind: 'repeat'; of: PatternNode; least: number; most: number; lazy: boolean }

const MAX_REPEAT = 100
const MAX_DEPTH = 32

const DIGIT: Range[] = [[0x30, 0x39]]
const WORD: Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
const SPACE: Range[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
]
const CLASSES: Record<string, [ranges: Range[], negated: boolean]> = {
  d: [DIGIT, false],
  D: [DIGIT, true],
  w: [WORD, false],
  W: [WORD, true],
  s: [SPACE, false],
  S: [SPACE, true],
}

/** Reads a pattern; `groups` counts those that are kept. Throws PatternError. */
export class PatternReader {
  groups = 0
  #at = 0
  #depth = 0
  readonly #source: string

  constructor(source: string) {
    this.#source = source
  }

  all(): PatternNode {
    const node = this.#choice()
    if (this.#at < this.#source.length) throw this.#error('a `)` closes nothing', 'write `\\)` for the character itself')
    return node
  }

  #error(message: string, fix: string): PatternError {
    return new PatternError(this.#at, message, fix)
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #choice(): PatternNode {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`groups nest deeper than ${MAX_DEPTH}`, 'write it with fewer groups')
    const options = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    this.#depth--
    return options.length === 1 ? (options[0] as PatternNode) : { kind: 'choice', options }
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = []
    while (this.#at < this.#source.length && this.#source[this.#at] !== '|' && this.#source[this.#at] !== ')')
      parts.push(this.#repeated(this.#atom()))
    return { kind: 'sequence', parts }
  }

  #atom(): PatternNode {
    const char = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0)
    if (char === '(') return this.#group()
    if (char === '[') return this.#set()
    if ('*+?{'.includes(char))
      throw this.#error(`\`${char}\` has nothing before it to repeat`, `write \`\\${char}\` for the character itself`)
    this.#at += char.length
    if (char === '^' || char === '$') return { kind: 'edge', at: char === '^' ? 'start' : 'end' }
    if (char === '.') return { kind: 'set', ranges: [[0x0a, 0x0a]], negated: true }
    return char === '\\' ? this.#escape() : literal(char)
  }

  #group(): PatternNode {
    this.#at++
    let index: number | null = null
    if (this.#source[this.#at] === '?') {
      if (!this.#take('?:')) {
        const look = /^\?<?[=!]/.test(this.#source.slice(this.#at))
        throw look
          ? this.#error(
              'look-around could backtrack without end, so it is not taken',
              'match what stands around and take the group in the middle',
            )
          : this.#error('named groups and flags are not taken', 'write `(…)`, or `(?:…)` for a group that is not kept')
      }
    } else index = ++this.groups
    const of = this.#choice()
    if (!this.#take(')')) throw this.#error('a `(` is never closed', 'add `)`, or write `\\(` for the character itself')
    return { kind: 'group', index, of }
  }

  #escape(): PatternNode {
    const char = this.#source[this.#at] ?? ''
    const known = CLASSES[char]
    if (known !== undefined) {
      this.#at++
      return { kind: 'set', ranges: known[0], negated: known[1] }
    }
    if (/[1-9k]/.test(char))
      throw this.#error(`the back reference \`\\${char}\` could backtrack without end, so it is not taken`, 'write out what it stands for')
    return literal(this.#escaped())
  }

  /** The character that an escape stands for. */
  #escaped(): string {
    const char = this.#source[this.#at] ?? ''
    this.#at++
    if (char === 'n') return '\n'
    if (char === 't') return '\t'
    if (char === '' || /[A-Za-z0-9]/.test(char))
      throw this.#error(`\`\\${char}\` means nothing here`, 'known are \\d \\w \\s \\D \\W \\S \\n \\t, and \\ before a sign')
    return char
  }

  #set(): PatternNode {
    this.#at++
    const negated = this.#take('^')
    const ranges: Range[] = []
    for (let first = true; first || this.#source[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#source.length) throw this.#error('a `[` is never closed', 'add `]`, or write `\\[` for the character itself')
      const known = this.#source[this.#at] === '\\' ? CLASSES[this.#source[this.#at + 1] ?? ''] : undefined
      if (known !== undefined) {
        if (known[1]) throw this.#error('a class of exceptions inside `[ ]` is not taken', 'write `[^…]` instead')
        this.#at += 2
        ranges.push(...known[0])
        continue
      }
      const from = this.#member()
      const isRange = this.#source[this.#at] === '-' && ![']', undefined].includes(this.#source[this.#at + 1])
      if (isRange) this.#at++
      const to = isRange ? this.#member() : from
      if (to < from) throw this.#error('a range runs backwards', 'write the smaller character first')
      ranges.push([from, to])
    }
    this.#at++
    return { kind: 'set', ranges, negated }
  }

  #member(): number {
    if (this.#take('\\')) return this.#escaped().codePointAt(0) ?? 0
    const code = this.#source.codePointAt(this.#at) ?? 0
    this.#at += code > 0xffff ? 2 : 1
    return code
  }

  #repeated(of: PatternNode): PatternNode {
    const range = this.#count()
    if (range === undefined) return of
    if (of.kind === 'edge') throw this.#error('`^` and `$` cannot repeat', 'remove the sign behind')
    const [least, most] = range
    const lazy = this.#take('?')
    if (this.#count() !== undefined) throw this.#error('two repetitions stand in a row', 'keep one, or put the first in `(?: )`')
    return { kind: 'repeat', of, least, most, lazy }
  }

  #count(): [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    const braces = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(this.#source.slice(this.#at))
    if (braces === null) return undefined
    const least = Number(braces[1])
    const most = braces[2] === undefined ? least : braces[3] === '' ? Number.POSITIVE_INFINITY : Number(braces[3])
    if (least > MAX_REPEAT || (most !== Number.POSITIVE_INFINITY && most > MAX_REPEAT))
      throw this.#error(`more than ${MAX_REPEAT} repetitions`, `write {n,m} with numbers up to ${MAX_REPEAT}, or \`+\``)
    if (most < least) throw this.#error('{n,m} runs backwards', 'write the smaller number first')
    this.#at += braces[0].length
    return [least, most]
  }
}

function literal(char: string): PatternNode {
  const code = char.codePointAt(0) ?? 0
  return { kind: 'set', ranges: [[code, code]], negated: false }
}
