/**
 * Patterns that run in linear time whatever the text: a small regular language, matched by following all its states at once (Thompson 1968,
 * with the captures of Pike). There is nothing to backtrack into, and no class depends on the engine's Unicode: they are ASCII.
 *
 * Known: literals, `.` (anything but a line end), `[a-z]`, `[^,]`, `\d \w \s` and their capitals, `^`, `$`, `( )`, `(?: )`, `|`, `* + ?`, `{n}`, `{n,m}`,
 * and each of those lazily with a `?`. Unknown, and refused: back references, look-around, flags, named groups.
 */
import { run } from './pattern-run.ts'
import { emit, type Step } from './pattern-steps.ts'
import { PatternReader } from './pattern-syntax.ts'

export { PatternError } from './pattern-syntax.ts'

export interface Pattern {
  /** The work for one character of a text, at most. */
  steps: number
  /** The first group of the leftmost match, or the whole match where the pattern has no group; null where nothing matches. */
  first(text: string): string | null
}

/** Throws PatternError for anything that is not in the language above, or too large. */
export function compilePattern(source: string): Pattern {
  const parsed = new PatternReader(source)
  const steps: Step[] = []
  emit({ kind: 'group', index: 0, of: parsed.all() }, steps)
  steps.push({ op: 'match' })
  const slots = parsed.groups === 0 ? 0 : 2
  return { steps: steps.length, first: (text) => run(steps, text, slots) }
}
