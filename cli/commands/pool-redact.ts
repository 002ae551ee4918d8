import { codeOf, InvalidInputError } from '../../core/errors/index.ts'
import { NameIndex, personOf, redact, redactLine } from '../../schemas/redact/index.ts'
import { answerLines, print, printJson, readTextAtMost, type Run } from '../program/index.ts'
import { detectorsOf } from './pool-options.ts'

const MAX_TEXT_BYTES = 4 << 20
/** 200,000 names of 200 characters. */
const MAX_NAMES_BYTES = 64 << 20

export const run: Run = async ([file = '-'], flags) => {
  const detectors = await detectorsOf(flags)
  const people = typeof flags['names'] === 'string' ? await namesIn(flags['names']) : undefined
  const options = { detectors, ...(people ? { people } : {}) }
  if (flags['jsonl'] === true) return answerLines(file, (line) => redactLine(line, options))
  const given = await readTextAtMost(file, MAX_TEXT_BYTES).catch((cause: unknown) => {
    if (codeOf(cause) !== 'TOO_LARGE') throw cause
    throw new InvalidInputError('TOO_LARGE', `a text of more than ${MAX_TEXT_BYTES} bytes is not taken; give it as lines with --jsonl`)
  })
  const { text, spans } = await redact(given, options)
  if (text === undefined)
    throw new InvalidInputError('NOT_CLEAN', 'what is left of this text still looks like personal data; leave it out, or give it in parts')
  if (flags['json'] === true) printJson({ text, spans: spans.map(({ start, end, kind }) => ({ start, end, kind })) })
  else print(text)
  return 0
}

/** Names and handles, one a line. */
async function namesIn(file: string): Promise<NameIndex> {
  const text = await readTextAtMost(file, MAX_NAMES_BYTES)
  const names = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (names.length > 200_000 || names.some((name) => name.length > 200))
    throw new InvalidInputError('TOO_LARGE', 'names are at most 200,000 lines of at most 200 characters')
  return new NameIndex(names.map(personOf))
}
