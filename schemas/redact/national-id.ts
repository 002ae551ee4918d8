import { ID_RULES, type IdRule } from './id-table.ts'
import { saysOtherwise, saysPersonal, saysPhone } from './labels.ts'
import type { Span } from './span.ts'

/** Whatever could be one: digits, with letters at either end or inside, with single separators. */
const CANDIDATE = /(?<![\p{L}\p{N}_])[A-Z\d]+(?:[ .\-/+][A-Z\d]+){0,6}(?:\([A\d]\))?(?![\p{L}\p{N}_])/giu
const whole = (pattern: RegExp): RegExp => new RegExp(`^(?:${pattern.source})$`, pattern.flags)
const rules = ID_RULES.map((rule) => ({
  ...rule,
  written: rule.written && whole(rule.written),
  bare: rule.bare && whole(rule.bare),
}))

/** Numbers by which a state knows a person: the shape, and where there is one the check digit, and for weak ones a word that says so. */
export function findNationalIds(text: string): Span[] {
  const found: Span[] = []
  for (const { 0: run, index } of text.matchAll(CANDIDATE)) {
    if (!/\d{2}/.test(run)) continue
    for (const { start, end } of piecesOf(run)) {
      const value = run.slice(start, end)
      if (isId(value, text, index + start, index + end)) found.push({ start: index + start, end: index + end, kind: 'national-id' })
    }
  }
  return found
}

function isId(value: string, text: string, start: number, end: number): boolean {
  const digits = value.replace(/\D/g, '').length
  if (digits < 6 || value.length < 8 || value.length > 24) return false
  let personal: boolean | undefined
  let otherwise: boolean | undefined
  const isPersonal = (): boolean => (personal ??= saysPersonal(text, start, end))
  // its own label outweighs an "order" that happens to stand near
  const isOtherwise = (): boolean => (otherwise ??= saysOtherwise(text, start) && !isPersonal())
  return rules.some((rule) => {
    if (rule.written?.test(value) === true && passes(rule, value)) return !isOtherwise()
    if (rule.bare?.test(value) !== true) return false
    if (!isPersonal() && (rule.strong !== true || isOtherwise() || saysPhone(text, start, end))) return false
    return passes(rule, value)
  })
}

function passes({ isOne }: IdRule | (typeof rules)[number], value: string): boolean {
  try {
    return isOne(value)
  } catch {
    return false
  }
}

/** The run itself and, longest first, its contiguous groups: `PESEL 44051401359` is one run, and the number is its second group. */
function* piecesOf(run: string): Generator<{ start: number; end: number }> {
  const bounds: [number, number][] = []
  for (const part of run.matchAll(/[A-Z\d]+(?:\([A\d]\))?/gi)) bounds.push([part.index, part.index + part[0].length])
  for (let size = bounds.length; size > 0; size--)
    for (let first = 0; first + size <= bounds.length; first++)
      yield { start: (bounds[first] as [number, number])[0], end: (bounds[first + size - 1] as [number, number])[1] }
}
