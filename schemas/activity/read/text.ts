/** Bytes to text, in pieces: byte order marks obeyed, UTF-16 recognised, anything that is not text refused. */
import { isUtf8 } from 'node:buffer'
import { ExportError } from '../errors.ts'
import type { ExportFile } from '../source.ts'

export const HEAD_BYTES = 16_384

/** The first 16 KiB as text, for telling files apart; whatever cannot be read as text comes back with replacement characters. */
export async function headOf(file: ExportFile): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of file.open()) {
    parts.push(chunk)
    size += chunk.byteLength
    if (size >= HEAD_BYTES) break
  }
  const bytes = Buffer.concat(parts).subarray(0, HEAD_BYTES)
  return new TextDecoder(encodingOf(bytes)).decode(bytes)
}

/** By the byte order mark, or by where the zeros are. */
function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const seen = Math.min(bytes.length, 200) & ~1
  let [even, odd] = [0, 0]
  for (let i = 0; i < seen; i += 2) {
    if (bytes[i] === 0) even++
    if (bytes[i + 1] === 0) odd++
  }
  if (seen >= 8 && odd * 3 > seen && even === 0) return 'utf-16le'
  if (seen >= 8 && even * 3 > seen && odd === 0) return 'utf-16be'
  return 'utf-8'
}

/** Text pieces of a file. Throws ExportError BAD_ENCODING where the bytes are no text. */
export async function* textOf(file: ExportFile): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  try {
    for await (const chunk of file.open()) {
      decoder ??= new TextDecoder(encodingOf(chunk), { fatal: true })
      const text = decoder.decode(chunk, { stream: true })
      if (text.includes('\0')) throw new TypeError('NUL')
      if (text !== '') yield text
    }
    const rest = decoder?.decode() ?? ''
    if (rest !== '') yield rest
  } catch (cause) {
    if (cause instanceof TypeError) throw badEncoding(cause)
    throw cause
  }
}

/** The bytes of a file as UTF-8, without a byte order mark. */
export async function* utf8Of(file: ExportFile): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const chunk of file.open()) {
    if (first && encodingOf(chunk) !== 'utf-8') {
      for await (const text of textOf(file)) yield Buffer.from(text, 'utf8')
      return
    }
    yield first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk
    first = false
  }
}

export const badEncoding = (cause?: unknown): ExportError =>
  new ExportError('BAD_ENCODING', 'a file of this export is neither UTF-8 nor UTF-16; fetch the export again, or save the file as UTF-8', {
    cause,
  })

/** The text of a JSON value, checked. */
export function utf8Text(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw badEncoding()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

const MAX_LINE_UNITS = 1 << 20

/** Lines without their ends. */
export async function* linesOf(file: ExportFile): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of textOf(file)) {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_UNITS)
      throw new ExportError('TOO_LARGE', 'a file of this export has a line of more than a million characters')
    yield* lines
  }
  if (rest !== '') yield rest.replace(/\r$/, '')
}
