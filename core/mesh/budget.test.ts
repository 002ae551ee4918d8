import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ByteBudget } from './budget.ts'

const never = new AbortController().signal

/** Takes in the background; `got` lists who has room, in order. */
function taker(budget: ByteBudget): {
  got: string[]
  take: (name: string, peer: string, bytes: number, signal?: AbortSignal) => Promise<Disposable>
} {
  const got: string[] = []
  const take = async (name: string, peer: string, bytes: number, signal = never): Promise<Disposable> => {
    const room = await budget.take(peer, bytes, signal)
    got.push(name)
    return room
  }
  return { got, take }
}

it('bounds a peer and the sum, and lets small peers pass those who wait', async () => {
  const { got, take } = taker(new ByteBudget({ perPeer: 10, total: 15 }))
  const first = await take('a1', 'a', 8)
  const waiting = take('a2', 'a', 8)
  const other = await take('b1', 'b', 7)
  const more = take('c1', 'c', 1)
  await turn()
  expect(got).toEqual(['a1', 'b1'])
  other[Symbol.dispose]()
  await more
  expect(got).toEqual(['a1', 'b1', 'c1'])
  first[Symbol.dispose]()
  await waiting
  expect(got).toEqual(['a1', 'b1', 'c1', 'a2'])
})

it('gives back once, and admits a single frame larger than itself', async () => {
  const { got, take } = taker(new ByteBudget({ perPeer: 10, total: 10 }))
  const huge = await take('huge', 'a', 100)
  const next = take('next', 'b', 10)
  huge[Symbol.dispose]()
  huge[Symbol.dispose]()
  const held = await next
  const late = take('late', 'b', 1)
  await turn()
  expect(got).toEqual(['huge', 'next'])
  held[Symbol.dispose]()
  await late
})

it('forgets who stops waiting', async () => {
  const { got, take } = taker(new ByteBudget({ perPeer: 10, total: 10 }))
  const held = await take('held', 'a', 10)
  const stop = new AbortController()
  const waiting = take('waiting', 'b', 10, stop.signal)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  held[Symbol.dispose]()
  await take('after', 'c', 10)
  expect(got).toEqual(['held', 'after'])
})
