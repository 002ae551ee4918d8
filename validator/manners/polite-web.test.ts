import { expect, it } from 'vitest'
import { codeOf, FatalError } from '../../core/errors/index.ts'
import { SimSite, SimWeb } from '../../sim/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { HostTurns, HostWishes, PoliteWeb } from './index.ts'

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

it('ends whoever waits for a turn with its time and with its signal, and lets no page pay for the rules of its site', async () => {
  const world = new World({ seed: 1 })
  const { clock } = world
  const web = new SimWeb({
    clock,
    site: new SimSite({ seed: 1, hosts: 0 }),
    latencyMs: [0, 0],
    override: () => ({ status: 404, body: '' }),
  })
  const polite = new PoliteWeb({ web: web.view('v'), turns: new HostTurns(clock, signal), clock, delayMs: 30_000 })
  const over = new AbortController()
  const ended: string[] = []
  const wait = async (who: string, waitMs: number, ending = signal): Promise<void> => {
    const time = { leftMs: 60_000, mostMs: 60_000, waitMs }
    const how = await polite.get('http://a.example/page', { who, signal: ending, time }).then(
      () => 'answered',
      (error: unknown) => codeOf(error),
    )
    ended.push(`${who} ${how} ${world.ageMs}`)
  }
  const all = Promise.all([wait('ann', 1000), wait('bob', 40_000), wait('cyd', 40_000), wait('dan', 600_000, over.signal)])
  void clock.sleep(45_000).then(() => over.abort(new FatalError('ENDED', 'the share has ended')))
  await world.settle(all)
  expect(ended).toEqual(['ann answered 0', 'bob answered 30000', 'cyd NO_TURN 40000', 'dan ENDED 45000'])

  const time = { leftMs: 60_000, mostMs: 60_000, waitMs: 40_000 }
  await world.settle(polite.rules('http://b.example', 'Quern', { who: 'ann', signal, time }))
  expect(time.waitMs).toBe(40_000)
})

it('lets nobody wait past its own end for a licence that somebody else asked for', async () => {
  const world = new World({ seed: 1 })
  const { clock } = world
  const busy = { status: 429, headers: [['Retry-After', '100']] as [string, string][], body: '' }
  const web = new SimWeb({
    clock,
    site: new SimSite({ seed: 1, hosts: 0 }),
    latencyMs: [0, 0],
    override: ({ host, pathname }) => {
      if (host === 'terms.example') return busy
      return pathname === '/robots.txt' ? { body: 'License: http://terms.example/rsl.xml' } : { status: 404, body: '' }
    },
  })
  const polite = new PoliteWeb({ web: web.view('v'), turns: new HostTurns(clock, signal), clock, delayMs: 100 })
  const over = new AbortController()
  const ended: string[] = []
  const rules = async (site: string, ending: AbortSignal): Promise<void> => {
    const how = await polite.rules(`http://${site}.example`, 'Quern', { who: site, signal: ending }).then(
      () => 'answered',
      (error: unknown) => codeOf(error),
    )
    ended.push(`${site} ${how} ${world.ageMs}`)
  }
  void clock.sleep(20_000).then(() => over.abort(new FatalError('ENDED', 'the share has ended')))
  await world.settle(rules('first', signal).then(() => Promise.all([rules('ann', signal), rules('bob', over.signal)])))
  expect(ended).toEqual(['first answered 200', 'bob ENDED 20000', 'ann answered 100200'])
})

it('tells every duty of a validator that a host asked to be left alone, whichever of them heard it', async () => {
  const world = new World({ seed: 1 })
  const { clock } = world
  const web = new SimWeb({
    clock,
    site: new SimSite({ seed: 1, hosts: 0 }),
    latencyMs: [0, 0],
    override: () => ({ status: 429, headers: [['Retry-After', '20']] as [string, string][], body: '' }),
  })
  const shared = { web: web.view('v'), turns: new HostTurns(clock, signal), wishes: new HostWishes(), clock, delayMs: 100 }
  const [recheck, tests] = [new PoliteWeb(shared), new PoliteWeb(shared)]
  const time = { leftMs: 60_000, mostMs: 60_000, waitMs: 5000 }
  let code = ''
  const ask = async (): Promise<void> => {
    await recheck.get('http://a.example/robots.txt', { who: 'ann', signal })
    await tests.get('http://a.example/page', { who: 'ann', signal, time }).catch((error: unknown) => (code = codeOf(error)))
  }
  await world.settle(ask())
  expect(code).toBe('HOST_RESTS')
})
