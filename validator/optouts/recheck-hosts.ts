/** Asks hosts again what they reserve: rules that changed since a page was fetched keep it out of the next release. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type AskedSite, askSite, ruleEvidence, type Web } from '../../core/web/index.ts'
import { askQuernTxt } from '../../dao/optouts/index.ts'
import { mayFetch, QUERN_TXT_PATH, reservedPaths } from '../../schemas/permission/index.ts'
import { concatBytes } from '../../schemas/wire/index.ts'

export interface RecheckOptions {
  web: Web
  clock: Clock
  /** Product token that the rules are read for. */
  agent: string
  /** Pause between two requests to one host. */
  delayMs: number
  logger: Logger
  signal: AbortSignal
}

export interface Reservation {
  host: string
  /** See `reservedPaths`. */
  patterns: (string | null)[]
  /** WARC members of what was read. */
  evidence: Uint8Array
  /** Unix seconds. */
  at: number
}

/** Hosts asked side by side; one request at a time to each. */
const SIDE_BY_SIDE = 8

/**
 * Gives each host that reserves something, as it is found. A host is asked by https, and by http where nothing answers there; one that does not
 * answer, or whose server fails, has said nothing. Throws only the signal's reason.
 */
export async function recheckHosts(
  hosts: readonly string[],
  options: RecheckOptions,
  found: (reservation: Reservation) => Promise<void>,
): Promise<void> {
  const queue = [...hosts]
  const work = async (): Promise<void> => {
    for (let host = queue.shift(); host !== undefined; host = queue.shift()) {
      const reservation = await recheck(host, options)
      if (reservation !== undefined) await found(reservation)
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
}

async function recheck(host: string, options: RecheckOptions): Promise<Reservation | undefined> {
  const { agent, signal } = options
  for (const origin of [`https://${host}`, `http://${host}`]) {
    const site = await askAgain(origin, options)
    if (site === undefined) continue
    const own = mayFetch(site.rules.robots.rules, agent, origin + QUERN_TXT_PATH).allowed
      ? await askQuernTxt(origin + QUERN_TXT_PATH, { web: politely(options), signal })
      : 'ROBOTS_DISALLOWED'
    const said = typeof own === 'string' ? { patterns: [], evidence: new Uint8Array() } : own
    const reserved = reservedPaths(site.rules, agent, origin).map(({ pattern }) => pattern)
    const all = new Set([...said.patterns, ...reserved])
    if (all.size === 0) return undefined
    const evidence = evidenceOf(site, options)
    if (evidence === undefined) continue
    return {
      host,
      patterns: all.has(null) ? [null] : [...all],
      evidence: concatBytes(...evidence, said.evidence),
      at: Math.floor(site.robots.exchange.fetchedAt / 1000),
    }
  }
  return undefined
}

/** What nobody could read again proves nothing: such an answer is none. */
function evidenceOf({ captures, robots }: AskedSite, { logger }: RecheckOptions): Uint8Array[] | undefined {
  try {
    return captures.flatMap((capture) => ruleEvidence(capture).members)
  } catch (error) {
    logger.debug('host-silent', { origin: new URL(robots.exchange.url).origin, code: codeOf(error) })
    return undefined
  }
}

async function askAgain(origin: string, options: RecheckOptions): Promise<AskedSite | undefined> {
  const web = politely(options)
  try {
    return await askSite(origin, options.agent, ({ url, maxBytes }) => web.get(url, { signal: options.signal, maxBytes }))
  } catch (error) {
    options.signal.throwIfAborted()
    options.logger.debug('host-silent', { origin, code: codeOf(error) })
    return undefined
  }
}

/** A pause after every answer. */
function politely({ web, clock, delayMs, signal }: RecheckOptions): Web {
  return {
    async get(url, options) {
      const exchange = await web.get(url, options)
      await clock.sleep(delayMs, signal)
      return exchange
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}
