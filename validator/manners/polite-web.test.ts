import { expect, it } from 'vitest'
import { SimSite, SimWeb } from '../../sim/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { HostTurns, PoliteWeb } from './index.ts'

const signal = new AbortController().signal

it('keeps the longest pause that a host asked anybody for, and one pause for all duties of a validator', async () => {
  const world = new World({ seed: 1 })
  const { clock } = world
  const robots = 'User-agent: Quern\nCrawl-delay: 50\nDisallow: /none\nUser-agent: *\nDisallow: /none\n'
  const web = new SimWeb({
    clock,
    site: new SimSite({ seed: 1, hosts: 0 }),
    latencyMs: [0, 0],
    override: ({ pathname }) => (pathname === '/robots.txt' ? { body: robots } : { status: 404, body: '' }),
  })
  const turns = new HostTurns(clock, signal)
  const duty = (delayMs: number): PoliteWeb => new PoliteWeb({ web: web.view('v'), turns, clock, delayMs })
  const tests = duty(100)
  const visit = { who: 'ann', signal }
  const ask = async (): Promise<void> => {
    await tests.rules('http://a.example', 'Quern', visit)
    await tests.rules('http://a.example', 'Miller', visit)
    await duty(200).get('http://a.example/page', visit)
  }
  await world.settle(ask())
  const pauses = web.requests.slice(1).map(({ at }, i) => at - (web.requests[i]?.at ?? 0))
  expect(pauses).toEqual([50_000, 50_000, 50_000, 50_000, 50_000, 50_000])
})
