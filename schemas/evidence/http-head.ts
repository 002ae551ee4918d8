/** HTTP/1.1 heads as bytes: build them, read them. Bytes map to characters one to one (Latin-1), so nothing is lost on the way. */
import { WireError } from '../wire/index.ts'

export interface ResponseHead {
  status: number
  headers: [name: string, value: string][]
}

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const fromLatin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}):[ \t]*(.*)$/

/** `GET /path HTTP/1.1` with Host first, as it goes over the wire. */
export function requestHead(url: string, headers: [name: string, value: string][] = []): Uint8Array {
  const [, authority = '', path = ''] = /^https?:\/\/([^/?#]*)([^#]*)/.exec(url) ?? []
  const target = path.startsWith('/') ? path : `/${path}`
  const lines = [['Host', authority], ...headers].map(([name, value]) => `${name}: ${value}\r\n`)
  return latin1(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`)
}

/** Status line and headers as bytes, from parts. */
export function responseHead(status: number, statusText: string, headers: [name: string, value: string][]): Uint8Array {
  return latin1(`HTTP/1.1 ${status} ${statusText}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
}

/** Status and headers of response head bytes; throws WireError BAD_HEAD. Folded lines are refused, as RFC 9112 allows. */
export function parseResponseHead(head: Uint8Array): ResponseHead {
  const [first = '', ...lines] = headLines(head)
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})(?: .*)?$/.exec(first)?.[1]
  if (status === undefined) throw new WireError('BAD_HEAD', 'no HTTP status line')
  return { status: Number(status), headers: parseHeaderLines(lines) }
}

/** Lines of a head without the blank one that ends it. */
function headLines(head: Uint8Array): string[] {
  const text = fromLatin1(head)
  if (!text.endsWith('\r\n\r\n')) throw new WireError('BAD_HEAD', 'the head does not end with an empty line')
  return text.slice(0, -4).split('\r\n')
}

export function parseHeaderLines(lines: string[]): [string, string][] {
  return lines.map((line) => {
    const match = headerLine.exec(line)
    if (match === null || /[\r\n\0]/.test(line)) throw new WireError('BAD_HEAD', 'a header line is not `name: value`')
    return [match[1] ?? '', (match[2] ?? '').replace(/[ \t]+$/, '')]
  })
}

/** Values of a header in order; names compare without ASCII case. */
export function headerValues(headers: readonly (readonly [string, string])[], name: string): string[] {
  const wanted = name.toLowerCase()
  return headers.filter(([key]) => key.length === wanted.length && key.toLowerCase() === wanted).map(([, value]) => value)
}

/** Offset just behind the empty line that ends a head; -1 when there is none. */
export function headEnd(block: Uint8Array): number {
  const at = Buffer.from(block.buffer, block.byteOffset, block.byteLength).indexOf('\r\n\r\n')
  return at < 0 ? -1 : at + 4
}

/**
 * The body we keep has its chunks taken out, so a reader must not look for chunks: `Transfer-Encoding` is renamed
 * `X-Crawl-Transfer-Encoding`, as Common Crawl does. Already renamed heads stay as they are.
 */
export function withoutTransferEncoding(head: Uint8Array): Uint8Array {
  const text = fromLatin1(head)
  return /\r\ntransfer-encoding:/i.test(text) ? latin1(text.replace(/\r\n(transfer-encoding:)/gi, '\r\nX-Crawl-$1')) : head
}
