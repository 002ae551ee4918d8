import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { World } from './index.ts'

const draws = (seed: number, name: string): number[] => {
  const random = new World({ seed }).randomOf(name)
  return Array.from({ length: 3000 }, () => random.int(3))
}

const talk = async (world: World, count: number, from = 'a', to = 'b'): Promise<number[]> => {
  const arrived: number[] = []
  for (let i = 0; i < count; i++) world.network.send({ from, to, label: 'word' }, () => arrived.push(i))
  await world.run()
  return arrived
}

describe('time in a world', () => {
  it('passes only when it is run, and by leaps', async () => {
    const world = new World({ seed: 1 })
    const woken: string[] = []
    void world.clock.sleep(86_400_000).then(() => woken.push('day'))
    void world.clock.sleep(1000).then(() => woken.push('second'))
    await turn()
    expect(woken).toEqual([])
    await world.run({ untilMs: 5000 })
    expect([woken, world.ageMs]).toEqual([['second'], 5000])
    await world.run()
    expect([woken, world.ageMs]).toEqual([['second', 'day'], 86_400_000])
  })

  it('lets every promise settle before the next event', async () => {
    const world = new World({ seed: 1 })
    const seen: string[] = []
    const chain = async (name: string, ms: number): Promise<void> => {
      await world.clock.sleep(ms)
      for (let i = 0; i < 50; i++) await Promise.resolve()
      seen.push(`${name} at ${world.ageMs}`)
    }
    void chain('first', 10)
    void chain('second', 11)
    await world.run()
    expect(seen).toEqual(['first at 10', 'second at 11'])
  })

  it('keeps the order of things that happen at the same time', async () => {
    const world = new World({ seed: 1 })
    const seen: number[] = []
    for (let i = 0; i < 100; i++) world.schedule(i % 3, 'x', () => seen.push(i))
    await world.run()
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i).toSorted((a, b) => (a % 3) - (b % 3) || a - b))
  })

  it('wakes a sleeper early with the reason of its signal, and forgets the alarm', async () => {
    const world = new World({ seed: 1 })
    const stop = new AbortController()
    const sleep = world.clock.sleep(1000, stop.signal)
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(sleep).rejects.toBe(reason)
    await world.run()
    expect(world.ageMs).toBe(0)
  })

  it('aborts a deadline when it is due', async () => {
    const world = new World({ seed: 1 })
    const signal = world.clock.deadline(500)
    await world.run({ untilMs: 499 })
    expect(signal.aborted).toBe(false)
    await world.run({ untilMs: 500 })
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
  })

  it('says that it is stuck rather than waiting for ever', async () => {
    const world = new World({ seed: 7 })
    await expect(world.run({ until: () => false })).rejects.toMatchObject({ code: 'SIM_STUCK', detail: { seed: 7 } })
    const forever = async (): Promise<void> => {
      for (;;) await world.clock.sleep(1000)
    }
    void forever()
    await expect(world.run({ until: () => false, withinMs: 60_000 })).rejects.toMatchObject({ code: 'SIM_STUCK' })
  })
})

describe('chance in a world', () => {
  it('repeats by seed and name, and is even', () => {
    expect(draws(1, 'a')).toEqual(draws(1, 'a'))
    expect(draws(1, 'a')).not.toEqual(draws(2, 'a'))
    expect(draws(1, 'a')).not.toEqual(draws(1, 'b'))
    for (const value of [0, 1, 2]) expect(draws(1, 'a').filter((d) => d === value).length).toBeGreaterThan(900)
  })

  it('stays the same from version to version, so that a failing seed can be kept by its number', () => {
    const { random } = new World({ seed: 1 })
    expect(Array.from({ length: 6 }, () => random.int(1_000_000))).toEqual([579258, 176782, 23912, 762632, 455644, 871070])
  })

  it('reaches far and refuses bounds that are none', () => {
    const { random } = new World({ seed: 1 })
    expect(Math.max(...Array.from({ length: 100 }, () => random.int(2 ** 50)))).toBeGreaterThan(2 ** 48)
    expect(random.bytes(40).byteLength).toBe(40)
    for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 54]) expect(() => random.int(bad)).toThrow(RangeError)
  })
})

describe('the network of a world', () => {
  it('takes its time, in order', async () => {
    const world = new World({ seed: 3, latencyMs: [5, 80] })
    expect(await talk(world, 50)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(world.ageMs).toBeGreaterThanOrEqual(5)
    expect(world.ageMs).toBeLessThanOrEqual(80)
  })

  it('loses about the share it was told to', async () => {
    const world = new World({ seed: 3, loss: 0.2 })
    const arrived = (await talk(world, 1000)).length
    expect(arrived).toBeGreaterThan(750)
    expect(arrived).toBeLessThan(850)
  })

  it('is cut by partitions, blocked pairs and machines that are down, and heals', async () => {
    const world = new World({ seed: 3 })
    world.network.partition([['a'], ['b', 'c']])
    expect([await talk(world, 1), await talk(world, 1, 'b', 'c'), await talk(world, 1, 'a', 'elsewhere')]).toEqual([[], [0], [0]])
    world.network.heal()
    world.network.block('a', 'b')
    expect([await talk(world, 1), await talk(world, 1, 'b', 'a'), await talk(world, 1, 'a', 'c')]).toEqual([[], [], [0]])
    world.network.heal()
    world.network.down('b')
    expect(await talk(world, 1)).toEqual([])
    world.network.up('b')
    expect(await talk(world, 1)).toEqual([0])
  })

  it('loses what is under way when the machine goes down', async () => {
    const world = new World({ seed: 3 })
    let arrived = false
    world.network.send({ from: 'a', to: 'b', label: 'word' }, () => (arrived = true))
    world.network.down('b')
    await world.run()
    expect(arrived).toBe(false)
  })
})
