import { expect, it } from 'vitest'
import { Lru } from './index.ts'

it('forgets the entry used least recently', () => {
  const lru = new Lru<string, number>(2)
  lru.set('a', 1)
  lru.set('b', 2)
  lru.get('a')
  lru.set('c', 3)
  expect([lru.get('a'), lru.get('b'), lru.get('c'), lru.size]).toEqual([1, undefined, 3, 2])
})

it('makes a value once while it remembers it', () => {
  const lru = new Lru<string, number>(1)
  let made = 0
  const make = (): number => ++made
  expect([lru.recall('a', make), lru.recall('a', make), lru.recall('b', make), lru.recall('a', make)]).toEqual([1, 1, 2, 3])
})
