/** A site, and pages of another, reserve themselves after an epoch: validators ask again, say so in the log, and the epoch's release lacks them. */
import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { selectRecords } from '../../dao/release/index.ts'
import { isCut } from '../../dao/rewards/index.ts'
import { crawlGather } from '../../node/index.ts'
import { SimNetwork, SimSite, SimWeb } from '../../sim/index.ts'

const AGENT = 'Quern-sim'
const PAGES = 6

it('leaves out of the epoch’s release what reserved itself since it was gathered', async () => {
  // no page changes by itself, so that whatever fails does so by what was withdrawn
  const site = new SimSite({ seed: 4, hosts: 4, pagesPerHost: [40, 40], words: [80, 200], isStill: true })
  const [leaving, staying] = site.hosts.map(({ name }) => name) as [string, string]
  let hasReserved = false
  await using network = await SimNetwork.start({
    seed: 4,
    contributors: ['ada', 'ben', 'cyd'].map((name) => ({
      name,
      // nothing of the site is tested when it leaves: only who asks it again can know
      gather: (own) => (job) => own({ ...job, mine: (url) => job.mine(url) && (job.epoch === 1 || new URL(url).host !== leaving) }),
    })),
    validators: ['v1', 'v2', 'v3', 'v4'].map((name) => ({ name })),
    seeds: site.seeds,
    maxPages: PAGES,
    // more than there are records: all are drawn
    charter: { testing: { draws: 1024 } },
    web: (world, node) =>
      new SimWeb({
        clock: world.clock,
        site,
        userAgent: `${AGENT}/1 (+mailto:sim@example.org)`,
        override: ({ hostname, pathname }) => {
          if (!hasReserved) return undefined
          // dated, so that it is held against nobody
          const date: [string, string] = ['Last-Modified', new Date(world.clock.now()).toUTCString()]
          if (hostname === leaving && pathname === '/robots.txt')
            return { headers: [date], body: 'User-agent: *\nContent-Signal: ai-train=no\n' }
          // the reports wait for it
          if (hostname === leaving && pathname === '/.well-known/quern.txt') return { status: 404, body: '', latencyMs: 25_000 }
          if (hostname !== staying || !pathname.startsWith('/p/')) return undefined
          const headers: [string, string][] = [['Content-Type', 'text/html; charset=utf-8'], ['X-Robots-Tag', 'noai'], date]
          return { headers, body: site.page(hostname, pathname, 'usual') ?? '' }
        },
      }).view(node),
    gather: (web, world) =>
      crawlGather({
        clock: world.clock,
        agentToken: AGENT,
        logger: silent,
        openWeb: async () => ({ get: (url, how) => web.get(url, how), [Symbol.asyncDispose]: async () => undefined }),
      }),
  })
  const { operator } = network
  const released = () => selectRecords({ state: operator.state, files: operator.files }).rows.map(({ host }) => host)
  await network.runEpochs(1)
  expect(released()).toContain(leaving)
  expect(operator.state.optouts).toEqual([])

  await network.world.run({ until: () => operator.state.epoch?.number === 2 && operator.state.epoch.phase === 'test', withinMs: 1e8 })
  hasReserved = true
  // no close, and so no release, comes before the reports, and what was found is in the log ahead of these
  await network.world.run({ until: () => operator.state.epoch?.phase === 'report', withinMs: 1e8 })
  expect(operator.state.optouts).toContainEqual(expect.objectContaining({ domain: leaving, pattern: null }))
  const ofPages = operator.state.optouts.filter(({ domain }) => domain === staying)
  expect(ofPages.length).toBeGreaterThan(0)
  for (const { pattern } of ofPages) expect(pattern).toMatch(/^\/p\/\d+\$$/)
  await network.runEpochs(2)
  const last = released()
  expect(last).not.toContain(leaving)
  expect(new Set(last).size).toBeGreaterThan(0)
  // nobody is to blame for what came later
  expect(operator.state.invalid).toEqual([])
  const contributors = (network.results[1]?.rows ?? []).filter(({ role }) => role === 'contributor')
  expect(contributors.map(({ credibility, fails }) => [credibility, fails])).toEqual(contributors.map(() => [1_000_000, 0]))
  // a page that one validator found reserved is in the log before all others came to ask for it
  for (const { account, note, points, value } of contributors) {
    const leftOut = network.results[1]?.reasons.get(account)?.leftOut
    expect(points).toBe(value)
    expect(note).toBe(leftOut && isCut(leftOut) ? 'left out in part' : null)
    expect([...(leftOut?.closed ?? [])].filter((host) => host !== staying)).toEqual([])
  }
})
