import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { HolderTurns } from './holder-turns.ts'
import { inOrder } from './in-order.ts'

describe('several at once', () => {
  it('come in their order, whoever ends first, and no more are begun than are taken', async () => {
    const gates = new Map<number, PromiseWithResolvers<void>>()
    let [begun, taken, most] = [0, 0, 0]
    const gateOf = (i: number): PromiseWithResolvers<void> => {
      const gate = gates.get(i) ?? Promise.withResolvers<void>()
      gates.set(i, gate)
      return gate
    }
    const results = inOrder([0, 1, 2, 3, 4, 5, 6], 3, async (i) => {
      most = Math.max(most, ++begun - taken)
      await gateOf(i).promise
      return i
    })
    // the later ones of each three end first
    for (const i of [2, 1, 0, 5, 4, 3, 6]) gateOf(i).resolve()
    const seen: number[] = []
    for await (const i of results) {
      taken++
      seen.push(i)
      for (let turn = 0; turn < 5; turn++) await setImmediate()
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(most).toBe(3)
  })

  it('end with the first that fails in order, and the others are told to stop', async () => {
    const stopped: number[] = []
    const results = inOrder([0, 1, 2], 3, async (i, signal) => {
      if (i === 1) throw new Error('the second')
      signal.addEventListener('abort', () => stopped.push(i))
      return i
    })
    const seen: number[] = []
    await expect(
      (async () => {
        for await (const i of results) seen.push(i)
      })(),
    ).rejects.toThrow('the second')
    expect(seen).toEqual([0])
    expect(stopped).toEqual([0, 2])
  })
})

describe('keyholders are asked', () => {
  const members = ['a', 'b', 'c', 'd']
  it('by turns', () => {
    const turns = new HolderTurns()
    expect([1, 2, 3, 4, 5].map(() => turns.next(members)[0])).toEqual([0, 1, 2, 3, 0])
    expect(turns.next(members)).toEqual([1, 2, 3, 0])
  })

  it('last where they were away, and not for what they said of a contribution', () => {
    const turns = new HolderTurns()
    turns.heard([
      ['a', 'SLOW'],
      ['b', 'WITHDRAWN'],
    ])
    expect([1, 2, 3, 4].map(() => turns.next(members).at(-1))).toEqual([0, 0, 0, 0])
    turns.heard([
      ['c', 'CALL_TIMEOUT'],
      ['c', 'NOT_CONNECTED'],
    ])
    expect(turns.next(members).slice(-2)).toEqual([0, 2])
  })
})
