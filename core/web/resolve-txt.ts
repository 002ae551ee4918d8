/** TXT records of a name: what a domain's owner says in the DNS. */
import { Resolver } from 'node:dns/promises'
import { RetryableError } from '../errors/index.ts'

/** Each record as one string, at most a hundred of them. No such name, or no such record: none. Throws RetryableError DNS; the signal's reason. */
export type ResolveTxt = (name: string, signal?: AbortSignal) => Promise<string[]>

const MAX_RECORDS = 100
const MAX_RECORD = 4096
const ABSENT = new Set(['ENOTFOUND', 'ENODATA'])

/** `servers` as `IP` or `IP:port`; the system's when absent. */
export function txtResolver({ servers, timeoutMs = 5000 }: { servers?: readonly string[]; timeoutMs?: number } = {}): ResolveTxt {
  return async (name, signal) => {
    signal?.throwIfAborted()
    const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
    if (servers) resolver.setServers(servers)
    const stop = (): void => resolver.cancel()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const records = await resolver.resolveTxt(name)
      return records.slice(0, MAX_RECORDS).map((parts) => parts.join('').slice(0, MAX_RECORD))
    } catch (cause) {
      signal?.throwIfAborted()
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason'
      if (ABSENT.has(code)) return []
      throw new RetryableError('DNS', `the TXT records did not resolve: ${code}`, { cause })
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}
