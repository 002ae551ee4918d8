/** What a person names to be read: a file, or stdin by "-". Limits hold before anything larger is in memory. */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { InvalidInputError } from '../../core/errors/index.ts'

/** A stream of bytes. Throws InvalidInputError FILE_UNREADABLE, with `hint` for what to do then. */
export async function inputOf(file: string, hint?: string): Promise<Readable> {
  if (file === '-') return process.stdin
  const input = createReadStream(file)
  await once(input, 'ready').catch(unreadable(file, hint))
  return input
}

/** All of it, at most so many bytes. Throws InvalidInputError FILE_UNREADABLE or TOO_LARGE. */
export async function readAtMost(file: string, most: number, hint?: string): Promise<Uint8Array> {
  const input = await inputOf(file, hint)
  const parts: Uint8Array[] = []
  let size = 0
  const take = async (): Promise<void> => {
    for await (const part of input as AsyncIterable<Uint8Array>) {
      size += part.byteLength
      if (size > most) return
      parts.push(part)
    }
  }
  await take().catch(unreadable(file))
  if (size > most) throw new InvalidInputError('TOO_LARGE', `${file} has more than ${most} bytes`)
  return new Uint8Array(Buffer.concat(parts))
}

/** The same as text, in UTF-8. */
export async function readTextAtMost(file: string, most: number, hint?: string): Promise<string> {
  return Buffer.from(await readAtMost(file, most, hint)).toString('utf8')
}

/** Writes one line to stdout for each line that is not blank, in order. Throws InvalidInputError FILE_UNREADABLE. */
export async function answerLines(file: string, answer: (line: string) => string | Promise<string>): Promise<void> {
  for await (const line of createInterface({ input: await inputOf(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    if (!process.stdout.write(`${await answer(line)}\n`)) await once(process.stdout, 'drain')
  }
}

const unreadable =
  (file: string, hint?: string) =>
  (cause: unknown): never => {
    throw new InvalidInputError('FILE_UNREADABLE', `cannot read ${file}${hint === undefined ? '' : `; ${hint}`}`, { cause })
  }
