import { expect, it } from 'vitest'
import { codeOf } from '../../core/errors/index.ts'
import { World } from '../../sim/world/index.ts'
import { HostTurns, MAX_REST_MS, type Pace } from './host-turns.ts'

const never = new AbortController().signal
const resting = (ms: number): Pace => ({ restMs: () => ms, from: (at) => at })

it('asks a host once at a time and pauses in between, and lets another contributor in front of a second page', async () => {
  const world = new World({ seed: 1 })
  const turns = new HostTurns(world.clock, never)
  const order: string[] = []
  let running = 0
  const visit = (who: string) =>
    turns.run('host', who, resting(100), never, async () => {
      expect(++running).toBe(1)
      order.push(`${who} ${world.ageMs}`)
      await world.clock.sleep(10)
      running--
    })
  await world.settle(Promise.all([visit('ann'), visit('ann'), visit('ann'), visit('bob')]))
  expect(order).toEqual(['ann 0', 'bob 110', 'ann 220', 'ann 330'])
})

it('lets go of who cannot wait any longer, and of what failed', async () => {
  const world = new World({ seed: 1 })
  const turns = new HostTurns(world.clock, never)
  const hasty = new AbortController()
  const slow = turns.run('host', 'ann', resting(0), never, async () => {
    await world.clock.sleep(50)
    throw new Error('reset')
  })
  const gaveUp = turns.run('host', 'bob', resting(0), hasty.signal, async () => 'bob')
  const patient = turns.run('host', 'cyd', resting(0), never, async () => 'cyd')
  hasty.abort(new Error('no more time'))
  const settled = await world.settle(Promise.allSettled([slow, gaveUp, patient]))
  expect(settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message))).toEqual([
    'reset',
    'no more time',
    'cyd',
  ])
})

it('lets who comes after the end wait for the pause, and who comes meanwhile behind it; one that gives up shortens it for nobody', async () => {
  const world = new World({ seed: 1 })
  const turns = new HostTurns(world.clock, never)
  const order: string[] = []
  const visit = (who: string, signal = never) =>
    turns.run('host', who, resting(100), signal, async () => void order.push(`${who} ${world.ageMs}`))
  const hasty = new AbortController()
  const at = async (ms: number, act: () => Promise<void>): Promise<void> => {
    await world.clock.sleep(ms)
    await act()
  }
  const all = [
    visit('ann'),
    at(40, () => visit('bob')),
    at(60, () => visit('cyd')),
    // the host is free again, but not yet to be asked
    at(240, () => visit('dan', hasty.signal)),
    at(260, async () => hasty.abort(new Error('no more time'))),
    at(280, () => visit('eve')),
    // long after the pause nobody waits
    at(900, () => visit('fay')),
  ]
  const settled = await world.settle(Promise.allSettled(all))
  expect(order).toEqual(['ann 0', 'bob 100', 'cyd 200', 'eve 300', 'fay 900'])
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1)
})

it('leaves a host alone that asks for a longer rest than anybody waits, also those who waited already', async () => {
  const world = new World({ seed: 1 })
  const turns = new HostTurns(world.clock, never)
  const visit = (who: string, restMs: number) => turns.run('host', who, resting(restMs), never, async () => who)
  const codes = (all: Promise<string>[]) =>
    world.settle(Promise.allSettled(all)).then((ends) => ends.map((end) => (end.status === 'fulfilled' ? end.value : codeOf(end.reason))))
  expect(await codes([visit('ann', MAX_REST_MS + 1), visit('bob', 0)])).toEqual(['ann', 'HOST_RESTS'])
  expect(await codes([visit('cyd', 0)])).toEqual(['HOST_RESTS'])
  await world.settle(world.clock.sleep(1))
  expect(await codes([visit('dan', 0)])).toEqual(['dan'])
  expect(world.ageMs).toBe(MAX_REST_MS + 1)
})
