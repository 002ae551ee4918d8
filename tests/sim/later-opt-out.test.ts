/** Sites close themselves between gathering and test, each in a way of its own: no page of theirs is asked for from then on, nothing of it is released, and who gathered it keeps its good name. */
import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { selectRecords } from '../../dao/release/index.ts'
import { crawlGather } from '../../node/index.ts'
import { SimNetwork, SimSite, SimWeb } from '../../sim/index.ts'
import type { SimAnswer } from '../../sim/web/index.ts'
import type { World } from '../../sim/world/index.ts'

const AGENT = 'Quern-sim'
const CLOSINGS: Record<string, SimAnswer> = {
  '/robots.txt': { body: 'User-agent: *\nDisallow: /p/\n' },
  '/.well-known/tdmrep.json': { body: '[{"location":"/p/","tdm-reservation":1}]' },
  '/.well-known/quern.txt': { body: 'opt-out: /\n' },
}

it('asks for no page that was closed since it was gathered, releases none, and holds it against nobody', async () => {
  const site = new SimSite({ seed: 11, hosts: 4, pagesPerHost: [40, 40], words: [80, 200] })
  const paths = Object.keys(CLOSINGS)
  const closing = new Map(site.hosts.slice(0, paths.length).map(({ name }, i) => [name, paths[i]]))
  const webs = new Map<World, SimWeb>()
  let closedAt = Infinity
  await using network = await SimNetwork.start({
    seed: 11,
    contributors: ['ada', 'ben', 'cyd'].map((name) => ({ name, gather: (own) => own })),
    validators: ['v1', 'v2', 'v3', 'v4'].map((name) => ({ name })),
    seeds: site.seeds,
    maxPages: 30,
    // more than there are records: all are drawn
    charter: { testing: { draws: 1024 } },
    web: (world, node) => {
      const override = ({ hostname, pathname }: URL): SimAnswer | undefined => {
        if (world.clock.now() < closedAt || closing.get(hostname) !== pathname) return undefined
        return CLOSINGS[pathname]
      }
      const web = webs.get(world) ?? new SimWeb({ clock: world.clock, site, userAgent: `${AGENT}/1 (+mailto:sim@example.org)`, override })
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
  const { operator, world } = network
  await world.run({ until: () => operator.state.epoch?.phase === 'beacon', withinMs: 1e8 })
  closedAt = world.clock.now()
  await network.runEpochs(1)

  const gathered = new Set([...operator.state.batches.values()].flatMap(({ hosts }) => hosts ?? []))
  expect([...gathered]).toEqual(expect.arrayContaining(site.hosts.map(({ name }) => name)))
  const later = (webs.get(world)?.requests ?? [])
    .filter(({ at, view }) => at >= closedAt && view.startsWith('v'))
    .map(({ url }) => new URL(url))
  const pages = later.filter(({ pathname }) => pathname.startsWith('/p/'))
  expect(pages.length).toBeGreaterThan(0)
  expect([...new Set(pages.map(({ hostname }) => hostname))].filter((host) => closing.has(host))).toEqual([])

  const released = selectRecords({ state: operator.state, files: operator.files }).rows.map(({ host }) => host)
  expect(released.length).toBeGreaterThan(0)
  expect([...new Set(released)].filter((host) => closing.has(host))).toEqual([])
  const patterns = new Map([...closing].map(([host, path]) => [host, path === '/.well-known/quern.txt' ? null : '/p/']))
  expect(new Map(operator.state.optouts.map(({ domain, pattern }) => [domain, pattern]))).toEqual(patterns)
  expect(operator.state.optouts).toHaveLength(patterns.size)

  const rows = (network.results[0]?.rows ?? []).filter(({ role }) => role === 'contributor')
  expect(rows).toHaveLength(3)
  for (const { credibility, fails, draws, note, points, value } of rows) {
    expect([credibility, fails]).toEqual([1_000_000, 0])
    expect(note).toMatch(/^left out/)
    // what could be looked at is paid, and nothing else
    expect(points).toBe(value)
    expect(points !== '0').toBe(draws > 0)
  }
})
