/** JSON of any size, one value at a time: the elements of arrays that lie under objects only, and the scalars beside them. */
import { ExportError } from '../errors.ts'
import type { ExportFile } from '../source.ts'
import { utf8Of, utf8Text } from './text.ts'

export interface JsonValue {
  /** Keys from the root to the value; the element of a root array has none. */
  path: readonly string[]
  value: unknown
}

const MAX_ELEMENT_BYTES = 64 << 20
const MAX_DEPTH = 256
const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d]
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/**
 * Values of a JSON file in the order they stand, as many at a time as came: a turn of the loop for each would cost more than they do. `prefix`: skip what comes before the first bracket (`window.YTD… = [`). Throws
 * ExportError TRUNCATED, BAD_JSON, BAD_ENCODING, TOO_LARGE, TOO_DEEP.
 */
export async function* jsonValues(file: ExportFile, { prefix = false }: { prefix?: boolean } = {}): AsyncGenerator<JsonValue[]> {
  const walk = new Walk(prefix)
  for await (const chunk of utf8Of(file)) {
    const values = walk.take(chunk)
    if (values.length > 0) yield values
  }
  walk.end()
}

class Walk {
  /** Containers that are walked into: `true` is an array, whose elements are captured whole. */
  readonly #stack: boolean[] = []
  readonly #path: string[] = []
  #skipping: boolean
  #done = false
  /** Inside an object: what comes next. */
  #expects: 'key' | 'colon' | 'value' | 'comma' = 'value'
  // a value or key being captured
  #parts: Uint8Array[] = []
  #size = 0
  #capturing: 'none' | 'container' | 'string' | 'scalar' = 'none'
  #isKey = false
  #depth = 0
  #inString = false
  #escaped = false

  constructor(prefix: boolean) {
    this.#skipping = prefix
  }

  take(chunk: Uint8Array): JsonValue[] {
    const values: JsonValue[] = []
    let i = 0
    while (i < chunk.length) {
      if (this.#capturing !== 'none') {
        const end = this.#captureEnd(chunk, i)
        this.#keep(chunk.subarray(i, end ?? chunk.length))
        if (end === undefined) return values
        i = end
        const found = this.#finish()
        if (found) values.push(found)
        continue
      }
      const byte = chunk[i] as number
      if (isSpace(byte) || (this.#skipping && byte !== OPEN_ARRAY && byte !== OPEN_OBJECT)) {
        i++
        continue
      }
      this.#skipping = false
      i += this.#step(byte)
    }
    return values
  }

  /** One structural byte; 0 when the byte begins a captured value and has to be read again. */
  #step(byte: number): 0 | 1 {
    const inArray = this.#stack.at(-1)
    // a script's assignment may end in a semicolon
    if (this.#done) {
      if (byte === 0x3b) return 1
      throw badJson()
    }
    if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      if (inArray === undefined || inArray !== (byte === CLOSE_ARRAY)) throw badJson()
      this.#stack.pop()
      this.#valueEnded()
      return 1
    }
    if (byte === COMMA) {
      if (this.#expects !== 'comma') throw badJson()
      this.#expects = inArray === false ? 'key' : 'value'
      return 1
    }
    if (byte === COLON) {
      if (this.#expects !== 'colon') throw badJson()
      this.#expects = 'value'
      return 1
    }
    if (this.#expects === 'key') {
      if (byte !== QUOTE) throw badJson()
      this.#begin('string', true)
      return 0
    }
    if (this.#expects !== 'value') throw badJson()
    if (inArray !== true && (byte === OPEN_OBJECT || byte === OPEN_ARRAY)) {
      if (this.#stack.length > 64) throw tooDeep()
      this.#stack.push(byte === OPEN_ARRAY)
      this.#expects = byte === OPEN_ARRAY ? 'value' : 'key'
      return 1
    }
    this.#begin(byte === OPEN_OBJECT || byte === OPEN_ARRAY ? 'container' : byte === QUOTE ? 'string' : 'scalar', false)
    return 0
  }

  #begin(kind: 'container' | 'string' | 'scalar', isKey: boolean): void {
    this.#capturing = kind
    this.#isKey = isKey
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }

  /** Where the captured value ends in this chunk. */
  #captureEnd(chunk: Uint8Array, from: number): number | undefined {
    let [inString, escaped, depth] = [this.#inString, this.#escaped, this.#depth]
    const kind = this.#capturing
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i] as number
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) {
          inString = false
          if (kind === 'string') return i + 1
        }
      } else if (byte === QUOTE) inString = true
      else if (kind === 'scalar') {
        if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || isSpace(byte)) return i
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (++depth > MAX_DEPTH) throw tooDeep()
      } else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return i + 1
    }
    ;[this.#inString, this.#escaped, this.#depth] = [inString, escaped, depth]
    return undefined
  }

  #keep(part: Uint8Array): void {
    this.#size += part.length
    if (this.#size > MAX_ELEMENT_BYTES) throw new ExportError('TOO_LARGE', 'one value of this export is larger than 64 MiB')
    this.#parts.push(part)
  }

  #finish(): JsonValue | undefined {
    const text = utf8Text(this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts))
    this.#parts = []
    this.#size = 0
    this.#capturing = 'none'
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw badJson()
    }
    if (this.#isKey) {
      this.#path.push(value as string)
      this.#expects = 'colon'
      return undefined
    }
    const path = [...this.#path]
    if (this.#stack.at(-1) === false) this.#path.pop()
    this.#expects = 'comma'
    if (this.#stack.length === 0) this.#done = true
    return { path, value }
  }

  #valueEnded(): void {
    if (this.#stack.length === 0) this.#done = true
    else if (this.#stack.at(-1) === false) this.#path.pop()
    this.#expects = 'comma'
  }

  end(): void {
    if (this.#capturing === 'scalar' && this.#stack.length === 0) return
    if (!this.#done) throw new ExportError('TRUNCATED', 'a file of this export ends in the middle; fetch the export again')
  }
}

const badJson = (): ExportError => new ExportError('BAD_JSON', 'a file of this export is not JSON; fetch the export again')
const tooDeep = (): ExportError => new ExportError('TOO_DEEP', 'a file of this export is nested deeper than any export is')

/** A small file whole. The same errors. */
export async function wholeJson(file: ExportFile, maxBytes = 8 << 20): Promise<unknown> {
  if (file.bytes > maxBytes) throw new ExportError('TOO_LARGE', `a file of this export is larger than ${maxBytes >> 20} MiB where none is`)
  const parts: Uint8Array[] = []
  for await (const chunk of utf8Of(file)) parts.push(chunk)
  const text = utf8Text(Buffer.concat(parts))
  try {
    return JSON.parse(text)
  } catch {
    throw text.trimEnd().endsWith('}') || text.trimEnd().endsWith(']')
      ? badJson()
      : new ExportError('TRUNCATED', 'a file of this export ends in the middle; fetch the export again')
  }
}
