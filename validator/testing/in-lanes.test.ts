import { expect, it } from 'vitest'
import { World } from '../../sim/world/index.ts'
import { inRounds } from './in-lanes.ts'

it('takes the first of every queue before the second of any, and one of each at a time', async () => {
  const world = new World({ seed: 1 })
  const { clock } = world
  const begun: string[] = []
  const busy = new Set<string>()
  const queues = ['a', 'b', 'c', 'd', 'e'].map((name) => [1, 2, 3].map((n) => `${name}${n}`))
  const work = async (item: string): Promise<void> => {
    const [name = ''] = item
    expect(busy.has(name)).toBe(false)
    busy.add(name)
    begun.push(item)
    // the first two are so slow that all lanes would stand still behind them
    await clock.sleep(name < 'c' ? 100 : 1)
    busy.delete(name)
  }
  await world.settle(inRounds(queues, 2, work))
  expect(begun.slice(0, 5)).toEqual(['a1', 'b1', 'c1', 'd1', 'e1'])
  expect(begun.toSorted()).toEqual(queues.flat())
})
