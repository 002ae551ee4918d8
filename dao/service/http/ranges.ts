/** Ranges, validators and HEAD of RFC 9110 for bytes that never change: what lets DuckDB, pandas and curl read a release in place. */

export type Served = Described & (Content | { content: Uint8Array })

/** What is read only where it is asked for. */
interface Content {
  bytes: number
  /** Bytes `[from, to)`; opened only when they will be read. */
  open: (from: number, to: number) => AsyncIterable<Uint8Array>
}

interface Described {
  type: string
  /** What names the content: becomes a strong ETag. */
  tag: string
  /** Whether the path itself names the content, so that caches may keep it for ever. */
  immutable: boolean
  headers?: Record<string, string>
}

export function serveBytes(request: Request, { type, tag, immutable, headers = {}, ...served }: Served): Response {
  const bytes = 'content' in served ? served.content.byteLength : served.bytes
  const etag = `"${tag}"`
  const common: Record<string, string> = {
    'content-type': type,
    etag,
    'accept-ranges': 'bytes',
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'public, max-age=60',
    'x-content-type-options': 'nosniff',
    ...headers,
  }
  if (matches(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers: common })
  const condition = request.headers.get('if-range')
  const range = condition === null || condition === etag ? rangeOf(request.headers.get('range'), bytes) : undefined
  if (range === 'unsatisfiable') return new Response(null, { status: 416, headers: { ...common, 'content-range': `bytes */${bytes}` } })
  const [from, to] = range ?? [0, bytes]
  const status = range === undefined ? 200 : 206
  if (range !== undefined) common['content-range'] = `bytes ${from}-${to - 1}/${bytes}`
  common['content-length'] = String(to - from)
  if (request.method === 'HEAD' || to === from) return new Response(null, { status, headers: common })
  const body = 'content' in served ? Buffer.from(served.content.subarray(from, to)) : ReadableStream.from(served.open(from, to))
  return new Response(body, { status, headers: common })
}

/** One range of bytes; several at once are answered whole, as RFC 9110 14.2 allows. */
function rangeOf(header: string | null, bytes: number): [from: number, to: number] | 'unsatisfiable' | undefined {
  const match = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/.exec(header?.trim() ?? '')
  if (match === null) return undefined
  const [, first, last, suffix] = match
  if (suffix !== undefined) return Number(suffix) === 0 || bytes === 0 ? 'unsatisfiable' : [Math.max(0, bytes - Number(suffix)), bytes]
  const from = Number(first)
  if (last !== undefined && Number(last) < from) return undefined
  return from >= bytes ? 'unsatisfiable' : [from, Math.min(bytes, last === undefined ? bytes : Number(last) + 1)]
}

const matches = (header: string | null, etag: string): boolean =>
  header !== null && (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag))
