import { expect, it } from 'vitest'
import { ByteLru, Lru } from './index.ts'

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

it('forgets by weight where values weigh differently, and never what throws', () => {
  const lru = new ByteLru<Uint8Array>(10 << 10, (value) => value.byteLength)
  let made = 0
  const of = (key: string, kib: number) =>
    lru.recall(key, () => {
      made++
      return new Uint8Array(kib << 10)
    })
  of('a', 3)
  of('b', 3)
  of('a', 3)
  expect(made).toBe(2)
  of('c', 3)
  expect(lru.size).toBe(2)
  of('a', 3)
  expect(made).toBe(3)
  of('huge', 100)
  expect(lru.size).toBe(0)
  expect(() => lru.recall('x', () => JSON.parse('{'))).toThrow(SyntaxError)
  expect(lru.size).toBe(0)
})
