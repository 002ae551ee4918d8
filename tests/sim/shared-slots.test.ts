/** Many validators test one site in one phase: by the site's own log, all of them together ask no more often than one crawler may. */
import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { isCut } from '../../dao/rewards/index.ts'
import { crawlGather } from '../../node/index.ts'
import { SimNetwork, SimSite, SimWeb } from '../../sim/index.ts'
import type { SimAnswer } from '../../sim/web/index.ts'
import type { World } from '../../sim/world/index.ts'

const AGENT = 'Quern-sim'
/** The charter's, in a simulated network. */
const DELAY_MS = 100
const WISH_MS = 2000
const VALIDATORS = ['v1', 'v2', 'v3', 'v4', 'v5']

it('keeps a host’s pace with all validators together, and a Crawl-delay from the moment they have read it', async () => {
  const site = new SimSite({ seed: 7, hosts: 2, pagesPerHost: [30, 30], words: [80, 200] })
  const [plain, patient] = site.hosts.map(({ name }) => name) as [string, string]
  const webs = new Map<World, SimWeb>()
  await using network = await SimNetwork.start({
    seed: 7,
    contributors: ['ada', 'ben'].map((name) => ({ name, gather: (own) => own })),
    validators: VALIDATORS.map((name) => ({ name })),
    seeds: site.seeds,
    maxPages: 8,
    crawlDelayMs: WISH_MS,
    web: (world, node) => {
      const override = ({ hostname, pathname }: URL): SimAnswer | undefined =>
        hostname === patient && pathname === '/robots.txt' ? { body: `User-agent: *\nCrawl-delay: ${WISH_MS / 1000}\n` } : undefined
      const web = webs.get(world) ?? new SimWeb({ clock: world.clock, site, override })
      webs.set(world, web)
      return web.view(node)
    },
    gather: (web, world) =>
      crawlGather({
        clock: world.clock,
        agentToken: AGENT,
        logger: silent,
        openWeb: async () => ({ get: (url, how) => web.get(url, how), [Symbol.asyncDispose]: async () => undefined }),
      }),
  })
  await network.runEpochs(2)
  const asked = (webs.get(network.world)?.requests ?? []).filter(({ view }) => view.startsWith('v'))
  const timesAt = (host: string, without = ''): number[] =>
    asked.filter(({ url }) => new URL(url).hostname === host && !url.endsWith(without || '\0')).map(({ at }) => at)
  for (const host of [plain, patient])
    expect(new Set(asked.filter(({ url }) => new URL(url).hostname === host).map(({ view }) => view)).size).toBe(VALIDATORS.length)

  expect(least(timesAt(plain), 1)).toBeGreaterThanOrEqual(DELAY_MS)
  // each has to read it once, and does so by the charter's pace
  expect(least(timesAt(patient), 1)).toBeGreaterThanOrEqual(DELAY_MS)
  expect(least(timesAt(patient, '/robots.txt'), 1)).toBeGreaterThanOrEqual(WISH_MS)
  const all = timesAt(patient)
  for (const [i, from] of all.entries())
    for (const [k, to] of all.slice(i + 1).entries()) expect(k + 1).toBeLessThanOrEqual(VALIDATORS.length + (to - from) / WISH_MS)

  // and every page had its turn; one that changed meanwhile is T1
  for (const { reasons } of network.results)
    for (const { leftOut, fails, rates } of reasons.values()) {
      expect([isCut(leftOut), fails.filter(({ check }) => check !== 'T1')]).toEqual([false, []])
      expect(rates).toHaveLength(VALIDATORS.length)
    }
})

/** The least time between a request and the one that is so many later. */
const least = (times: number[], later: number): number => Math.min(...times.slice(later).map((at, i) => at - (times[i] as number)))
