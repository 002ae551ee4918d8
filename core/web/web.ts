/** One request to the web, no redirect followed. `UndiciWeb` does it with the address guard; the simulated world from a table of pages. */
import type { Exchange } from '../../schemas/evidence/index.ts'

export interface GetOptions {
  signal?: AbortSignal
  /** Added to (and before) the defaults; names are case-insensitive. Connection, host and user-agent stay ours. */
  headers?: Record<string, string>
  /** Most body bytes as received; beyond it the exchange is marked truncated. */
  maxBytes?: number
  /** Most bytes after content decoding; beyond it the call throws. */
  maxDecodedBytes?: number
  /** Asked once the head is there: true leaves the body unread, and the exchange comes with an empty one, marked truncated. */
  skipBody?: (head: { status: number; headers: [name: string, value: string][] }) => boolean
}

export interface Web {
  /**
   * Throws InvalidInputError (BAD_URL), RefusedError (ADDRESS_NOT_ALLOWED, SCHEME_NOT_ALLOWED, PORT_NOT_ALLOWED, CREDENTIALS_IN_URL),
   * RetryableError (DNS, CONNECT, TIMEOUT, RESET, PROXY), FatalError (BODY_TOO_LARGE, BAD_RESPONSE, TLS, PROXY_REFUSED, WEB_CLOSED);
   * when `signal` aborts, its reason.
   */
  get(url: string, options?: GetOptions): Promise<Exchange>
  [Symbol.asyncDispose](): Promise<void>
}
