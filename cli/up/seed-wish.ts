/** How patient the sites want a network to be that has not begun: asked once, so that its phases are planned for it. */
import type { Clock } from '../../core/effects/index.ts'
import { maxCrawlDelayMs, type Web } from '../../core/web/index.ts'
import { crawlDelay, MAX_ROBOTS_BYTES, robotsOfExchange } from '../../schemas/permission/index.ts'

/** Hosts asked; a network that begins at more of them is planned by the first. */
const MAX_HOSTS = 32

/**
 * The longest Crawl-delay of the seeds' hosts for `agent`, ms; 0 where none has one. A host that does not answer, or wants more patience than anybody
 * has, counts for none: nobody will ask it for pages. Throws only the signal's reason.
 */
export async function longestWish(
  seeds: readonly string[],
  { web, agent, clock, signal }: { web: Pick<Web, 'get'>; agent: string; clock: Clock; signal: AbortSignal },
): Promise<number> {
  const origins = [...new Set(seeds.map((seed) => new URL(seed).origin))].slice(0, MAX_HOSTS)
  const limit = clock.deadline(ASK_MS)
  const wishes = origins.map(async (origin) => {
    try {
      const exchange = await web.get(`${origin}/robots.txt`, { signal: AbortSignal.any([signal, limit]), maxBytes: MAX_ROBOTS_BYTES })
      const wish = crawlDelay(robotsOfExchange(exchange), agent) ?? 0
      return wish > maxCrawlDelayMs ? 0 : wish
    } catch {
      signal.throwIfAborted()
      return 0
    }
  })
  return Math.max(0, ...(await Promise.all(wishes)))
}

/** For all of them together. Milliseconds. */
const ASK_MS = 10_000
