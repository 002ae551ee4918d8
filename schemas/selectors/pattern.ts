/**
 * Patterns that run in linear time whatever the text: a small regular language, matched by following all its states at once (Thompson 1968,
 * with the captures of Pike). There is nothing to backtrack into, and no class depends on the engine's Unicode: they are ASCII.
 *
 * Known: literals, `.` (anything but a line end), `[a-z]`, `[^,]`, `\d \w \s` and their capitals, `^`, `$`, `( )`, `(?: )`, `|`, `* + ?`, `{n}`, `{n,m}`,
 * and each of those lazily with a `?`. Unknown, and refused: back references, look-around, flags, named groups.
 */
export class PatternError extends Error {
  readonly at: number
  readonly fix: string
  constructor(at: number, message: string, fix: string) {
    super(message)
    this.at = at
    this.fix = fix
  }
}

export interface Pattern {
  /** The work for one character of a text, at most. */
  steps: number
  /** The first group of the leftmost match, or the whole match where the pattern has no group; null where nothing matches. */
  first(text: string): string | null
}

type Range = readonly [from: number, to: number]
type Node =
  | { kind: 'set'; ranges: readonly Range[]; negated: boolean }
  | { kind: 'edge'; at: 'start' | 'end' }
  | { kind: 'group'; index: number | null; of: Node }
  | { kind: 'sequence'; parts: Node[] }
  | { kind: 'choice'; options: Node[] }
  | { kind: 'repeat'; of: Node; least: number; most: number; lazy: boolean }

type Step =
  | { op: 'set'; ranges: readonly Range[]; negated: boolean }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'save'; slot: number }
  | { op: 'edge'; at: 'start' | 'end' }
  | { op: 'match' }

/** Steps of a compiled pattern: the work for a text is at most this many for each of its characters. */
const MAX_STEPS = 1000
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

/** Throws PatternError for anything that is not in the language above, or too large. */
export function compilePattern(source: string): Pattern {
  const parsed = new Reader(source)
  const steps: Step[] = []
  emit({ kind: 'group', index: 0, of: parsed.all() }, steps)
  steps.push({ op: 'match' })
  const slots = parsed.groups === 0 ? 0 : 2
  return { steps: steps.length, first: (text) => run(steps, text, slots) }
}

class Reader {
  groups = 0
  #at = 0
  #depth = 0
  readonly #source: string

  constructor(source: string) {
    this.#source = source
  }

  all(): Node {
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

  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`groups nest deeper than ${MAX_DEPTH}`, 'write it with fewer groups')
    const options = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    this.#depth--
    return options.length === 1 ? (options[0] as Node) : { kind: 'choice', options }
  }

  #sequence(): Node {
    const parts: Node[] = []
    while (this.#at < this.#source.length && this.#source[this.#at] !== '|' && this.#source[this.#at] !== ')')
      parts.push(this.#repeated(this.#atom()))
    return { kind: 'sequence', parts }
  }

  #atom(): Node {
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

  #group(): Node {
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

  #escape(): Node {
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

  #set(): Node {
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

  #repeated(of: Node): Node {
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

function literal(char: string): Node {
  const code = char.codePointAt(0) ?? 0
  return { kind: 'set', ranges: [[code, code]], negated: false }
}

function emit(node: Node, steps: Step[]): void {
  if (steps.length > MAX_STEPS)
    throw new PatternError(0, 'the pattern is too large once its repetitions are written out', 'use smaller numbers in { }')
  switch (node.kind) {
    case 'set':
      steps.push({ op: 'set', ranges: node.ranges, negated: node.negated })
      return
    case 'edge':
      steps.push({ op: 'edge', at: node.at })
      return
    case 'sequence':
      for (const part of node.parts) emit(part, steps)
      return
    case 'group': {
      // only the whole match and the first group are ever asked for
      const kept = node.index !== null && node.index <= 1 ? node.index : null
      if (kept !== null) steps.push({ op: 'save', slot: kept * 2 })
      emit(node.of, steps)
      if (kept !== null) steps.push({ op: 'save', slot: kept * 2 + 1 })
      return
    }
    case 'choice':
      emitChoice(node.options, steps)
      return
    case 'repeat':
      emitRepeat(node, steps)
  }
}

function emitChoice(options: Node[], steps: Step[]): void {
  const ends: { op: 'jump'; to: number }[] = []
  for (const [i, option] of options.entries()) {
    if (i === options.length - 1) {
      emit(option, steps)
      break
    }
    const split = { op: 'split' as const, first: steps.length + 1, second: 0 }
    steps.push(split)
    emit(option, steps)
    const jump = { op: 'jump' as const, to: 0 }
    steps.push(jump)
    ends.push(jump)
    split.second = steps.length
  }
  for (const end of ends) end.to = steps.length
}

function emitRepeat({ of, least, most, lazy }: Extract<Node, { kind: 'repeat' }>, steps: Step[]): void {
  for (let i = 0; i < least; i++) emit(of, steps)
  const split = (): { enter: () => void; leave: (to: number) => void } => {
    const step = { op: 'split' as const, first: 0, second: 0 }
    steps.push(step)
    return {
      enter: () => {
        if (lazy) step.second = steps.length
        else step.first = steps.length
      },
      leave: (to) => {
        if (lazy) step.first = to
        else step.second = to
      },
    }
  }
  if (most === Number.POSITIVE_INFINITY) {
    const start = steps.length
    const loop = split()
    loop.enter()
    emit(of, steps)
    steps.push({ op: 'jump', to: start })
    loop.leave(steps.length)
    return
  }
  const open: ReturnType<typeof split>[] = []
  for (let i = least; i < most; i++) {
    const maybe = split()
    maybe.enter()
    emit(of, steps)
    open.push(maybe)
  }
  for (const maybe of open) maybe.leave(steps.length)
}

interface Thread {
  step: number
  saved: readonly number[]
}

/** Follows all threads at once, in order of preference: the first to match at a place is what a backtracking engine would have found. */
function run(steps: readonly Step[], text: string, slot: number): string | null {
  let threads: Thread[] = []
  let best: readonly number[] | null = null
  const seen = new Int32Array(steps.length).fill(-1)
  const add = (list: Thread[], from: number, saved: readonly number[], at: number): void => {
    const waiting: Thread[] = [{ step: from, saved }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen[next.step] === at) continue
      seen[next.step] = at
      const step = steps[next.step] as Step
      if (step.op === 'jump') waiting.push({ step: step.to, saved: next.saved })
      else if (step.op === 'split') waiting.push({ step: step.second, saved: next.saved }, { step: step.first, saved: next.saved })
      else if (step.op === 'save') waiting.push({ step: next.step + 1, saved: next.saved.with(step.slot, at) })
      else if (step.op === 'edge') {
        if (at === (step.at === 'start' ? 0 : text.length)) waiting.push({ step: next.step + 1, saved: next.saved })
      } else list.push(next)
    }
  }
  for (let at = 0; ; ) {
    // a match that begins later is worse than any that has begun
    if (best === null) add(threads, 0, [-1, -1, -1, -1], at)
    const code = at < text.length ? (text.codePointAt(at) as number) : -1
    const width = code > 0xffff ? 2 : 1
    const next: Thread[] = []
    for (const { step: index, saved } of threads) {
      const step = steps[index] as Step
      if (step.op === 'match') {
        best = saved
        break
      }
      if (step.op === 'set' && code >= 0 && step.ranges.some(([from, to]) => code >= from && code <= to) !== step.negated)
        add(next, index + 1, saved, at + width)
    }
    if (code < 0 || (best !== null && next.length === 0)) break
    threads = next
    at += width
  }
  if (best === null) return null
  const [from, to] = [best[slot] as number, best[slot + 1] as number]
  return from < 0 || to < 0 ? null : text.slice(from, to)
}
