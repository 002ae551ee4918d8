/** A DAO's HTTP API as a client. Every answer is read up to a limit, and no further. */
import { z } from 'zod'
import { FatalError, RetryableError, UsageError } from '../../core/errors/index.ts'
import { did, encode, joinBytes, PHASES } from '../../schemas/wire/index.ts'

const MAX_REPLY_BYTES = 32 << 20
const PATIENCE_MS = 60_000

/** A DAO named by its HTTP address; a multiaddr has no HTTP. */
export function httpBase(address: string): string {
  if (!/^https?:\/\//.test(address)) throw new UsageError('NEEDS_HTTP', 'this command asks the DAO over HTTP: give --dao http(s)://…')
  return address.replace(/\/$/, '')
}

export interface HttpAnswer {
  status: number
  ok: boolean
  bytes: Uint8Array
}

/** Whatever is answered, at most so many bytes of it. Throws RetryableError DAO_UNREACHABLE or FatalError TOO_LARGE. */
export async function ask(base: string, path: string, most = MAX_REPLY_BYTES, init: Omit<RequestInit, 'signal'> = {}): Promise<HttpAnswer> {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(PATIENCE_MS), ...init })
    for await (const part of response.body ?? []) {
      size += part.byteLength
      // leaving the loop cancels the rest
      if (size > most) break
      parts.push(part)
    }
    if (size <= most) return { status: response.status, ok: response.ok, bytes: joinBytes(parts) }
  } catch (cause) {
    throw new RetryableError('DAO_UNREACHABLE', `nobody answers at ${base}, or the answer broke off; is "quern dao serve" running there?`, {
      cause,
    })
  }
  throw new FatalError('TOO_LARGE', `${base}${path} answers with more than ${most} bytes`)
}

/** Bytes of a path, at most so many. Throws what `ask` throws, or FatalError HTTP_STATUS with what the DAO said. */
export async function getBytes(base: string, path: string, most: number): Promise<Uint8Array> {
  const answer = await ask(base, path, most)
  if (!answer.ok)
    throw new FatalError(
      'HTTP_STATUS',
      `${base}${path} answers ${answer.status}: ${new TextDecoder().decode(answer.bytes.subarray(0, 200))}`,
    )
  return answer.bytes
}

/** JSON of a path. Throws what `getBytes` throws, or FatalError NOT_JSON. */
export async function getJson(base: string, path: string): Promise<unknown> {
  return jsonOf(await getBytes(base, path, MAX_REPLY_BYTES), `${base}${path}`)
}

/** As `getJson`, for a question that makes the DAO do something: its status and JSON, refusals included. */
export async function postForJson(base: string, path: string): Promise<{ status: number; body: unknown }> {
  const { status, bytes } = await ask(base, path, MAX_REPLY_BYTES, { method: 'POST' })
  return { status, body: jsonOf(bytes, `${base}${path}`) }
}

function jsonOf(bytes: Uint8Array, url: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new FatalError('NOT_JSON', `${url} does not answer with JSON`, { cause })
  }
}

const daoInfoShape = z.object({
  ledger: z.string().max(128),
  operator: did,
  /** How many entries the operator wrote: the number of its next one. */
  operatorEntries: z.int().nonnegative(),
  epoch: z.object({ number: z.int(), phase: z.enum(PHASES) }).nullable(),
  /** The newest checkpoint note. */
  checkpoint: z.string().max(MAX_REPLY_BYTES).nullable(),
  size: z.int().nonnegative(),
  term: z.int().nonnegative(),
  addresses: z.array(z.string().max(512)).max(64),
})
export type DaoInfo = z.infer<typeof daoInfoShape>

/** Which ledger a DAO serves and how far it is. Throws FatalError NOT_A_DAO, RetryableError HTTP_STATUS where it cannot say now, or what `ask` throws. */
export async function daoInfo(base: string): Promise<DaoInfo> {
  const path = '/v1/info'
  const { status, ok, bytes } = await ask(base, path, 1 << 20)
  if (status === 429 || status >= 500)
    throw new RetryableError('HTTP_STATUS', `${base}${path} answers ${status}: ${new TextDecoder().decode(bytes.subarray(0, 200))}`)
  const parsed = ok ? daoInfoShape.safeParse(jsonOf(bytes, `${base}${path}`)) : undefined
  if (!parsed?.success) throw new FatalError('NOT_A_DAO', `${base} does not answer like a DAO of this version`)
  return parsed.data
}

const problem = z.object({
  code: z.string().max(64).optional(),
  detail: z.string().max(8192).optional(),
  title: z.string().max(8192).optional(),
})

/** Gives an entry and the files that it names to a DAO's service; undefined when it took it, else why not. Throws what `ask` throws, or FatalError HTTP_STATUS. */
export async function submit(base: string, entry: Uint8Array, files: Uint8Array[]): Promise<{ code: string; message: string } | undefined> {
  const path = '/v1/entries'
  const { status, ok, bytes } = await ask(base, path, MAX_REPLY_BYTES, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.ipld.dag-cbor' },
    body: Buffer.from(encode({ entry, files })),
  })
  if (ok) return undefined
  if (status !== 422) throw new FatalError('HTTP_STATUS', `${base} answered ${status}`)
  const { code, detail, title } = problem.parse(jsonOf(bytes, `${base}${path}`))
  return { code: code ?? 'REFUSED', message: detail ?? title ?? 'the service refused the entry' }
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
