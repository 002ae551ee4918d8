/** `quern pool redact --jsonl`: one line in, one line out, whatever the line holds. */
import { cleanText } from './clean-text.ts'
import { findWith, MAX_TEXT_UNITS } from './find-spans.ts'
import { NameIndex } from './names.ts'
import type { Detector, Span } from './span.ts'

const MAX_LINE_UNITS = 4 << 20

export interface RedactOptions {
  detectors?: readonly Detector[]
  people?: NameIndex
}

/**
 * `spans`: what was found in the text given. `text`: that text with them replaced, and with whatever looks like something once its neighbour is
 * gone; undefined where that does not end, and then nothing of it may go out.
 */
export async function redact(
  text: string,
  { detectors = [], people }: RedactOptions = {},
): Promise<{ text: string | undefined; spans: Span[] }> {
  const spans = await findWith(text, detectors, people)
  return { text: cleanText(text, { spans }), spans }
}

/**
 * `{"id"?, "text", "names"?}` -> `{"id", "text", "spans": [{"start","end","kind"}]}` or `{"id","error":{"code","message"}}`. Offsets are
 * UTF-16 code units of the text that came in; `text` is what is left of it. `names` are people to look for in this line. Never throws.
 * Codes: LINE_TOO_LONG, BAD_JSON, BAD_LINE, TEXT_TOO_LONG, BAD_DETECTOR, NOT_CLEAN.
 */
export async function redactLine(line: string, options: RedactOptions = {}): Promise<string> {
  if (line.length > MAX_LINE_UNITS) return failure(null, 'LINE_TOO_LONG', `a line beyond ${MAX_LINE_UNITS} characters`)
  let input: unknown
  try {
    input = JSON.parse(line)
  } catch {
    return failure(null, 'BAD_JSON', 'the line is not JSON')
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return failure(null, 'BAD_LINE', 'the line is not an object')
  const { id, text, names } = input as Record<string, unknown>
  const known = typeof id === 'string' || typeof id === 'number' || typeof id === 'boolean' ? id : null
  if (typeof text !== 'string') return failure(known, 'BAD_LINE', 'text must be a string')
  if (text.length > MAX_TEXT_UNITS) return failure(known, 'TEXT_TOO_LONG', `a text beyond ${MAX_TEXT_UNITS} characters`)
  if (
    names !== undefined &&
    !(Array.isArray(names) && names.length <= 1000 && names.every((name) => typeof name === 'string' && name.length <= 200))
  )
    return failure(known, 'BAD_LINE', 'names must be a list of at most 1,000 strings')
  const people = Array.isArray(names) ? new NameIndex((names as string[]).map(personOf)) : options.people
  try {
    const result = await redact(text, { ...options, ...(people ? { people } : {}) })
    if (result.text === undefined) return failure(known, 'NOT_CLEAN', 'what is left still looks like personal data; leave this text out')
    return JSON.stringify({ id: known, text: result.text, spans: result.spans.map(({ start, end, kind }) => ({ start, end, kind })) })
  } catch (error) {
    return failure(known, 'BAD_DETECTOR', error instanceof RangeError ? error.message : 'a detector failed')
  }
}

/** `@jane` is a handle, `Jane Doe` a name. */
export function personOf(name: string, i: number): { pseudonym: string; names: string[]; handles: string[] } {
  const isHandle = /^@|^\/?u\/|[\d_]|^[a-z0-9.-]+$/.test(name)
  return { pseudonym: `P${i + 1}`, names: isHandle ? [] : [name], handles: isHandle ? [name] : [] }
}

function failure(id: unknown, code: string, message: string): string {
  return JSON.stringify({ id, error: { code, message } })
}
