/** Asks hosts again what they reserve: rules that changed since a page was fetched keep it out of the next release. */
import type { Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type AskedSite, askSite, type RuleCapture, ruleEvidence, type Web } from '../../core/web/index.ts'
import { askQuernTxt } from '../../dao/optouts/index.ts'
import { mayFetch, type Profile, QUERN_TXT_PATH, reservedPaths } from '../../schemas/permission/index.ts'
import { concatBytes } from '../../schemas/wire/index.ts'
import type { PoliteWeb } from '../manners/index.ts'

export interface RecheckOptions {
  web: PoliteWeb
  /** Product token that the rules are read for. */
  agent: string
  /** What an absent or weak statement means, by the charter. */
  profile: Profile
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
 * answer, or whose server fails, has said nothing; one that wants more patience than anybody has, what it said until then. Throws only the signal's reason.
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
  const { agent, profile, signal } = options
  for (const origin of [`https://${host}`, `http://${host}`]) {
    const site = await askAgain(origin, options)
    if (site === undefined) continue
    const mayAsk = !site.isCutShort && mayFetch(site.rules.robots.rules, agent, origin + QUERN_TXT_PATH).allowed
    const own = mayAsk ? await askQuernTxt(origin + QUERN_TXT_PATH, { web: asWeb(options), signal }) : 'NOT_ASKED'
    const said = typeof own === 'string' ? { patterns: [], evidence: new Uint8Array() } : own
    const reserved = reservedPaths(site.rules, agent, origin, profile).map(({ pattern }) => pattern)
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

/** Contributors take turns at a host; whoever asks again is one more. */
const WHO = 'recheck'

/** Where the host wants more patience than anybody has, what it said until then stands; `isCutShort` then, and nothing more is asked. */
async function askAgain(
  origin: string,
  { web, agent, signal, logger }: RecheckOptions,
): Promise<(AskedSite & { isCutShort: boolean }) | undefined> {
  const captures: RuleCapture[] = []
  try {
    const site = await web.rules(origin, agent, { who: WHO, signal }, (capture) => void captures.push(capture))
    return { ...site, isCutShort: false }
  } catch (error) {
    signal.throwIfAborted()
    const code = codeOf(error)
    logger.debug('host-silent', { origin, code })
    if (code !== 'CRAWL_DELAY' && code !== 'HOST_RESTS') return undefined
    return captures.length === 0 ? undefined : { ...(await soFar(origin, agent, captures)), isCutShort: true }
  }
}

/** The rules by what came: the other files count as those of a server that fails, which reserve nothing. */
async function soFar(origin: string, agent: string, captures: RuleCapture[]): Promise<AskedSite> {
  const came = captures.map(({ exchange }) => exchange)
  const failing = { status: 503, headers: [], body: new Uint8Array() }
  const site = await askSite(
    origin,
    agent,
    async ({ url }) => came.shift() ?? { ...(captures[0] as RuleCapture).exchange, ...failing, url },
  )
  return { ...site, captures }
}

const asWeb = ({ web, signal }: RecheckOptions): Web => ({
  get: (url, options) => web.get(url, { who: WHO, isRuleFile: true, signal }, options),
  [Symbol.asyncDispose]: async () => undefined,
})
