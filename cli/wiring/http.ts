/** A DAO's HTTP API as a client. */
import { FatalError, UsageError } from '../../core/errors/index.ts'
import { concatBytes, encode } from '../../schemas/wire/index.ts'

const MAX_REPLY_BYTES = 32 << 20

/** A DAO named by its HTTP address; a multiaddr has no HTTP. */
export function httpBase(address: string): string {
  if (!/^https?:\/\//.test(address)) throw new UsageError('NEEDS_HTTP', 'this command asks the DAO over HTTP: give --dao http(s)://…')
  return address.replace(/\/$/, '')
}

/** JSON of a path; throws FatalError DAO_UNREACHABLE or HTTP_STATUS with what the DAO said. */
export async function getJson(base: string, path: string): Promise<unknown> {
  const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(30_000) }).catch((cause: unknown) => {
    throw new FatalError('DAO_UNREACHABLE', `nobody answers at ${base}`, { cause })
  })
  const text = await response.text()
  if (text.length > MAX_REPLY_BYTES) throw new FatalError('TOO_LARGE', `${base}${path} answers with more than ${MAX_REPLY_BYTES} bytes`)
  if (!response.ok) throw new FatalError('HTTP_STATUS', `${base}${path} answers ${response.status}: ${text.slice(0, 200)}`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FatalError('NOT_JSON', `${base}${path} does not answer with JSON`, { cause })
  }
}

/** Bytes of a path, at most so many; throws FatalError DAO_UNREACHABLE, HTTP_STATUS or TOO_LARGE. */
export async function getBytes(base: string, path: string, most: number): Promise<Uint8Array> {
  const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(60_000) }).catch((cause: unknown) => {
    throw new FatalError('DAO_UNREACHABLE', `nobody answers at ${base}`, { cause })
  })
  if (!response.ok) throw new FatalError('HTTP_STATUS', `${base}${path} answers ${response.status}`)
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > most) throw new FatalError('TOO_LARGE', `${base}${path} answers with more than ${most} bytes`)
    parts.push(part)
  }
  return concatBytes(...parts)
}

/** As `getJson`, for a question that makes the DAO do something: its status and JSON, refusals included. Throws FatalError DAO_UNREACHABLE, TOO_LARGE or NOT_JSON. */
export async function postForJson(base: string, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${base}${path}`, { method: 'POST', signal: AbortSignal.timeout(60_000) }).catch((cause: unknown) => {
    throw new FatalError('DAO_UNREACHABLE', `nobody answers at ${base}`, { cause })
  })
  const text = await response.text()
  if (text.length > MAX_REPLY_BYTES) throw new FatalError('TOO_LARGE', `${base}${path} answers with more than ${MAX_REPLY_BYTES} bytes`)
  try {
    return { status: response.status, body: JSON.parse(text) as unknown }
  } catch (cause) {
    throw new FatalError('NOT_JSON', `${base}${path} does not answer with JSON`, { cause })
  }
}

/** Gives an entry and the files that it names to a DAO's service; undefined when it took it, else why not. Throws FatalError DAO_UNREACHABLE or HTTP_STATUS. */
export async function submit(base: string, entry: Uint8Array, files: Uint8Array[]): Promise<{ code: string; message: string } | undefined> {
  const response = await fetch(`${base}/v1/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.ipld.dag-cbor' },
    body: Buffer.from(encode({ entry, files })),
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new FatalError('DAO_UNREACHABLE', `nobody answers at ${base}`, { cause })
  })
  if (response.ok) return undefined
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string }
  if (response.status !== 422) throw new FatalError('HTTP_STATUS', `${base} answered ${response.status}`)
  return { code: problem.code ?? 'REFUSED', message: problem.detail ?? problem.title ?? 'the service refused the entry' }
}

/** Carries bytes to an address that somebody gave for it. Throws FatalError UNREACHABLE or HTTP_STATUS. */
export async function postBytes(address: string, bytes: Uint8Array): Promise<void> {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(bytes),
    redirect: 'error',
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new FatalError('UNREACHABLE', 'nobody answers at the address', { cause })
  })
  await response.body?.cancel()
  if (!response.ok) throw new FatalError('HTTP_STATUS', `the address answered ${response.status}`)
}
