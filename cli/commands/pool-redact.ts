import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { InvalidInputError } from '../../core/errors/index.ts'
import { NameIndex, personOf, redact, redactLine } from '../../schemas/redact/index.ts'
import { print, printJson, type Run } from '../program/index.ts'
import { detectorsOf } from './pool-options.ts'

const MAX_TEXT_BYTES = 4 << 20

export const run: Run = async ([file = '-'], flags) => {
  const detectors = await detectorsOf(flags)
  const people = typeof flags['names'] === 'string' ? await namesIn(flags['names']) : undefined
  const options = { detectors, ...(people ? { people } : {}) }
  const input = file === '-' ? process.stdin : createReadStream(file)
  if (file !== '-')
    await once(input, 'ready').catch((cause: unknown) =>
      Promise.reject(new InvalidInputError('FILE_UNREADABLE', `cannot read ${file}`, { cause })),
    )
  if (flags['jsonl'] === true) {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue
      if (!process.stdout.write(`${await redactLine(line, options)}\n`)) await once(process.stdout, 'drain')
    }
    return 0
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    size += (chunk as Buffer).byteLength
    if (size > MAX_TEXT_BYTES)
      throw new InvalidInputError('TOO_LARGE', `a text of more than ${MAX_TEXT_BYTES} bytes is not taken; give it as lines with --jsonl`)
    chunks.push(chunk as Buffer)
  }
  const { text, spans } = await redact(Buffer.concat(chunks).toString('utf8'), options)
  if (text === undefined)
    throw new InvalidInputError('NOT_CLEAN', 'what is left of this text still looks like personal data; leave it out, or give it in parts')
  if (flags['json'] === true) printJson({ text, spans: spans.map(({ start, end, kind }) => ({ start, end, kind })) })
  else print(text)
  return 0
}

/** Names and handles, one a line. */
async function namesIn(file: string): Promise<NameIndex> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) =>
    Promise.reject(new InvalidInputError('FILE_UNREADABLE', `cannot read ${file}`, { cause })),
  )
  const names = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (names.length > 200_000 || names.some((name) => name.length > 200))
    throw new InvalidInputError('TOO_LARGE', 'names are at most 200,000 lines of at most 200 characters')
  return new NameIndex(names.map(personOf))
}
