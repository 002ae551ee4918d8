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
  readonly #web = new SimWeb({
    clock: this.#world.clock,
    site: new SimSite({ seed: 3, hosts: 1, pagesPerHost: [30, 30] }),
    latencyMs: [0, 0],
  })
  readonly #never = new AbortController().signal
  #epoch = 0

  /** When each asked, in milliseconds of the world. */
  async gather(names: string[], change: Partial<GatherJob> = {}): Promise<number[][]> {
    const before = this.#web.requests.length
    const { clock } = this.#world
    const charter = testCharter({ sources: { seeds: this.#web.site.hosts.map(({ name }) => `https://${name}/`), delayMs: DELAY_MS } })
    const epoch = ++this.#epoch
    const all = names.map((name) =>
      crawlGather({ clock, logger: silent, openWeb: async () => this.#web.view(name), agentToken: 'Quern-sim' })({
        epoch,
        charter,
        mine: () => true,
        leased: () => true,
        delayTimes: () => names.length,
        known: () => false,
        frontier: [],
        limit: 5,
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

it('is that of one polite crawler, however many contributors gather at a host', async () => {
  const host = new OneHost()
  const [a = [], b = [], c = []] = await host.gather(['a', 'b', 'c'])
  for (const times of [a, b, c]) {
    expect(times.length).toBeGreaterThan(5)
    times.slice(1).forEach((at, i) => expect(at - (times[i] as number)).toBeGreaterThanOrEqual(3 * DELAY_MS))
  }
})

it('holds from the last request of one epoch’s holder to the first of the next one’s', async () => {
  const host = new OneHost()
  const [old = []] = await host.gather(['old'])
  const [now = []] = await host.gather(['new'])
  expect((now[0] as number) - (old.at(-1) as number)).toBeGreaterThanOrEqual(DELAY_MS)
})
