/** Errors as RFC 9457 problem details: a status for programs, a code that stays, a sentence for people, never a stack. */
import {
  FatalError,
  InvalidInputError,
  QuernError,
  RefusedError,
  RejectedMessageError,
  RetryableError,
  UsageError,
} from '../../../core/errors/index.ts'
import { WireError } from '../../../schemas/wire/index.ts'

export interface Problem {
  status: number
  code: string
  detail: string
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  403: 'Refused',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  413: 'Too large',
  416: 'Range not satisfiable',
  422: 'Cannot be processed',
  500: 'Internal error',
  503: 'Unavailable',
  504: 'Took too long',
}

/** Thrown by handlers; becomes the answer. */
export class HttpProblem extends QuernError {
  readonly status: number
  readonly headers: Record<string, string>
  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(code, message)
    this.status = status
    this.headers = headers
  }
}

/** What is there once the ledger has begun; throws HttpProblem 503 before. */
export function ready<T>(found: T | undefined): T {
  if (found === undefined) throw new HttpProblem(503, 'NOT_READY', 'the ledger has not begun yet', { 'retry-after': '5' })
  return found
}

export const notFound = (what: string): HttpProblem => new HttpProblem(404, 'NOT_FOUND', what)

export function problemOf(thrown: unknown): Problem & { headers: Record<string, string> } {
  if (thrown instanceof HttpProblem) return { status: thrown.status, code: thrown.code, detail: thrown.message, headers: thrown.headers }
  if (isTimeout(thrown)) return { status: 504, code: 'TIMEOUT', detail: 'the answer took too long: ask for less', headers: {} }
  if (thrown instanceof RetryableError) return { status: 503, code: thrown.code, detail: thrown.message, headers: { 'retry-after': '5' } }
  if (thrown instanceof RefusedError) return { status: 403, code: thrown.code, detail: thrown.message, headers: {} }
  if (
    thrown instanceof InvalidInputError ||
    thrown instanceof UsageError ||
    thrown instanceof RejectedMessageError ||
    thrown instanceof WireError
  )
    return { status: thrown.code === 'TOO_LARGE' ? 413 : 400, code: thrown.code, detail: thrown.message, headers: {} }
  // what broke inside is for the log: its words may name paths
  return {
    status: 500,
    code: thrown instanceof FatalError ? thrown.code : 'INTERNAL',
    detail: 'something broke inside; the operator’s log says what',
    headers: {},
  }
}

export const isTimeout = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === 'TimeoutError'

export function problemResponse({ status, code, detail, headers = {} }: Problem & { headers?: Record<string, string> }): Response {
  return new Response(`${JSON.stringify({ type: 'about:blank', title: TITLES[status] ?? 'Error', status, code, detail })}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}
