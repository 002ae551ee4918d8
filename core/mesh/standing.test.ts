import { expect, it } from 'vitest'
import type { Clock } from '../effects/index.ts'
import { GOSSIP, Standing } from './standing.ts'

it('stops hearing a peer at its third rejected message, and forgives with time', () => {
  let now = 0
  const clock = { now: () => now } as Clock
  const standing = new Standing(clock)
  const graylisted: boolean[] = []
  for (let i = 0; i < 3; i++) {
    standing.reject('bad')
    graylisted.push(standing.graylisted('bad'))
  }
  expect(graylisted).toEqual([false, false, true])
  expect(standing.score('bad')).toBe(-90)
  expect(standing.graylisted('good')).toBe(false)
  now += GOSSIP.halfLifeMs
  expect(standing.score('bad')).toBeCloseTo(-22.5)
  expect(standing.graylisted('bad')).toBe(false)
})

it('keeps an obstinate peer out for longer', () => {
  let now = 0
  const standing = new Standing({ now: () => now } as Clock)
  for (let i = 0; i < 30; i++) standing.reject('bad')
  now += 3 * GOSSIP.halfLifeMs
  expect(standing.graylisted('bad')).toBe(true)
})
