/** One WARC 1.1 record (ISO 28500:2017) as bytes, and back. */
import { concatBytes, utf8, WireError } from '../wire/index.ts'
import { headEnd, parseHeaderLines } from './http-head.ts'

export interface WarcRecord {
  /** Without the version line and Content-Length. */
  fields: [name: string, value: string][]
  block: Uint8Array
}

const VERSION = 'WARC/1.1\r\n'
const END = utf8('\r\n\r\n')

export function serializeRecord({ fields, block }: WarcRecord): Uint8Array {
  const lines = [...fields, ['Content-Length', String(block.byteLength)]].map(([name, value]) => `${name}: ${value}\r\n`)
  return concatBytes(utf8(`${VERSION}${lines.join('')}\r\n`), block, END)
}

/** Exactly one record that fills `bytes`; throws WireError BAD_WARC. */
export function parseRecord(bytes: Uint8Array, maxHeaderBytes: number): WarcRecord {
  const end = headEnd(bytes.subarray(0, maxHeaderBytes))
  if (end < 0) throw new WireError('BAD_WARC', 'no WARC header, or one beyond its limit')
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, end - 4).toString('utf8')
  if (!head.startsWith(VERSION)) throw new WireError('BAD_WARC', 'not a WARC/1.1 record')
  let fields: [string, string][]
  try {
    fields = parseHeaderLines(head.slice(VERSION.length).split('\r\n'))
  } catch {
    throw new WireError('BAD_WARC', 'a WARC header line is not `name: value`')
  }
  const length = fields.findIndex(([name]) => name === 'Content-Length')
  const stated = length < 0 ? '' : (fields[length]?.[1] ?? '')
  if (length !== fields.length - 1 || stated !== String(bytes.byteLength - end - END.byteLength))
    throw new WireError('BAD_WARC', 'Content-Length is not the length of the block')
  const block = bytes.subarray(end, bytes.byteLength - END.byteLength)
  if (Buffer.compare(bytes.subarray(bytes.byteLength - END.byteLength), END) !== 0)
    throw new WireError('BAD_WARC', 'the record does not end with two empty lines')
  return { fields: fields.slice(0, -1), block }
}

/** The one value of a field; undefined when it is missing or repeated. */
export function fieldOf(record: WarcRecord, name: string): string | undefined {
  const values = record.fields.filter(([key]) => key === name)
  return values.length === 1 ? values[0]?.[1] : undefined
}

/** `application/warc-fields` block. */
export function warcFields(fields: readonly (readonly [string, string])[]): Uint8Array {
  return utf8(fields.map(([name, value]) => `${name}: ${value}\r\n`).join(''))
}

export function parseWarcFields(block: Uint8Array): [string, string][] {
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('utf8')
  if (!text.endsWith('\r\n')) throw new WireError('BAD_WARC', 'metadata does not end with a line end')
  return parseHeaderLines(text.slice(0, -2).split('\r\n'))
}
