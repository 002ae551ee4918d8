import { type Clock, type Logger, silent } from '../effects/index.ts'
import type { WebLimits } from './limits.ts'
import type { Web } from './web.ts'

export interface OpenWebOptions {
  clock: Clock
  /** Product token first, then how to reach a person: `Quern/0.1 (+https://…)`. */
  userAgent: string
  /** `CIDR[:PORT]` that the address guard lets through; none by default. */
  allowPrivate?: readonly string[]
  limits?: Partial<WebLimits>
  /** Names that resolve here instead of by DNS; the guard still decides about the address. */
  hosts?: Readonly<Record<string, string>>
  /** All addresses of a name; the system's resolver (behind `hosts`) when absent. */
  resolve?: ((name: string) => Promise<string[]>) | undefined
  /** `http://[user:password@]host:port`: every request goes through it, to addresses that the guard has checked. */
  proxy?: string | undefined
  logger?: Logger
}

/**
 * The real web: guarded, bounded, no redirect followed.
 * Throws InvalidInputError BAD_ALLOW_PRIVATE, BAD_USER_AGENT or BAD_PROXY. undici loads here, not at import.
 */
export async function openWeb(options: OpenWebOptions): Promise<Web> {
  const { UndiciWeb } = await import('./undici-web.ts')
  return new UndiciWeb({ allowPrivate: [], limits: {}, hosts: {}, resolve: undefined, proxy: undefined, logger: silent, ...options })
}
