import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { SimSite, SimWeb } from '../../sim/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { testCharter } from '../../tests/support/charter.ts'
import { crawlGather, type GatherJob } from './index.ts'

const DELAY_MS = 1000

/** Contributors at one host under one clock; each gather begins where the one before left off. */
class OneHost {
  readonly #world = new World({ seed: 3 })
  readonly #web: SimWeb
  readonly #never = new AbortController().signal
  #epoch = 0
  readonly #options: { ownDelayMs?: number }

  constructor(options: { crawlDelayS?: number; ownDelayMs?: number } = {}) {
    this.#options = options
    const robots = `User-agent: *\nCrawl-delay: ${options.crawlDelayS ?? 0}\n`
    this.#web = new SimWeb({
      clock: this.#world.clock,
      site: new SimSite({ seed: 3, hosts: 1, pagesPerHost: [30, 30] }),
      latencyMs: [0, 0],
      override: ({ pathname }) => (pathname === '/robots.txt' ? { headers: [['Content-Type', 'text/plain']], body: robots } : undefined),
    })
  }

  /** When each asked, in milliseconds of the world. */
  async gather(names: string[], change: Partial<GatherJob> = {}): Promise<number[][]> {
    const before = this.#web.requests.length
    const { clock } = this.#world
    const charter = testCharter({ sources: { seeds: this.#web.site.hosts.map(({ name }) => `https://${name}/`), delayMs: DELAY_MS } })
    const epoch = ++this.#epoch
    const all = names.map((name, place) =>
      crawlGather({
        clock,
        logger: silent,
        openWeb: async () => this.#web.view(name),
        agentToken: 'Quern-sim',
        own: { delayMs: this.#options.ownDelayMs },
      })({
        epoch,
        charter,
        mine: () => true,
        leased: () => true,
        share: () => ({ times: names.length, place }),
        known: () => false,
        frontier: [],
        limit: 5,
        seal: async () => undefined,
        until: this.#never,
        signal: this.#never,
        ...change,
      }),
    )
    await this.#world.run()
    await Promise.all(all)
    const requests = this.#web.requests.slice(before)
    return names.map((name) => requests.filter(({ view }) => view === name).map(({ at }) => at))
  }
}

const leastGap = (times: number[]): number => Math.min(...times.slice(1).map((at, i) => at - (times[i] as number)))

it.each([0, 2, 9])(
  'is that of one polite crawler, however many contributors begin at a host at once; it wishes for %i seconds',
  async (crawlDelayS) => {
    const host = new OneHost({ crawlDelayS })
    const each = await host.gather(['a', 'b', 'c'])
    for (const times of each) expect(times.length).toBeGreaterThan(5)
    const all = each.flat().toSorted((a, b) => a - b)
    expect(leastGap(all)).toBe(DELAY_MS)
    // nobody knows the wish before reading robots.txt
    expect(leastGap(all.slice(each.length))).toBe(Math.max(crawlDelayS * 1000, DELAY_MS))
  },
)

it('is as slow as the owner of one of them wants, and no slower for it', async () => {
  const [a = []] = await new OneHost({ ownDelayMs: 5 * DELAY_MS }).gather(['a', 'b', 'c'])
  expect(leastGap(a)).toBe(5 * DELAY_MS)
})

it('holds from the last request of one epoch’s holder to the first of the next one’s', async () => {
  const host = new OneHost()
  const [old = []] = await host.gather(['old'])
  const [now = []] = await host.gather(['new'])
  expect((now[0] as number) - (old.at(-1) as number)).toBeGreaterThanOrEqual(DELAY_MS)
})
