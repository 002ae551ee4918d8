/** Asks hosts again what they reserve: rules that changed since a page was fetched keep it out of the next release. */
import type { Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type AskedSite, askSite, type RuleCapture } from '../../core/web/index.ts'
import type { Profile } from '../../schemas/permission/index.ts'
import { ownWords, type OwnWordsOptions } from './own-words.ts'
import { type Reservation, type SiteFound, siteReservations } from './reservations.ts'

export interface RecheckOptions extends OwnWordsOptions {
  /** Product token that the rules are read for. */
  agent: string
  /** What an absent or weak statement means, by the charter. */
  profile: Profile
  logger: Logger
  signal: AbortSignal
}

/** Hosts asked side by side; one request at a time to each. Most of the time goes by waiting for slots. */
const SIDE_BY_SIDE = 32

/**
 * Gives what each host reserves, as it is found. A host is asked by https, and by http where nothing answers there; one that does not
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
      for (const reservation of await recheck(host, options)) await found(reservation)
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
}

async function recheck(host: string, options: RecheckOptions): Promise<Reservation[]> {
  const { agent, profile, signal } = options
  for (const origin of [`https://${host}`, `http://${host}`]) {
    const site = await askAgain(origin, options)
    if (site === undefined) continue
    const own = site.isCutShort ? [] : await ownWords(origin, site, { who: WHO, agent, signal }, options)
    const found = reservationsOf({ origin, site, own, agent, profile }, options)
    if (found !== undefined) return found
  }
  return []
}

/** What nobody could read again proves nothing: such an answer is none. */
function reservationsOf(found: SiteFound, { logger }: RecheckOptions): Reservation[] | undefined {
  try {
    return siteReservations(found)
  } catch (error) {
    logger.debug('host-silent', { origin: found.origin, code: codeOf(error) })
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
