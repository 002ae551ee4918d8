import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { cborCid } from '../../schemas/wire/index.ts'
import type { BatchNote } from './batch-book.ts'
import type { Bench } from './options.ts'
import { Receipts } from './receipts.ts'

/** A bench whose DAO has no receipt for anybody: only what asks, and when, is looked at. */
function bench(pollMs: number): { now: number; asked: number; add: () => void; receipts: Receipts } {
  const all: BatchNote[] = []
  const batches = new Map<string, unknown>()
  const world = {
    now: 1000,
    asked: 0,
    add: () => {
      const manifestCid = cborCid(new Uint8Array([all.length]))
      batches.set(manifestCid.toString(), { dropped: false, voided: null, retracted: null })
      all.push({ published: true, receipt: null, manifestCid, manifest: { sequence: all.length } } as unknown as BatchNote)
    },
  }
  const receipts = new Receipts({
    book: { all },
    state: () => ({ batches }),
    signal: new AbortController().signal,
    link: { peer: 'dao' },
    options: {
      clock: { now: () => world.now },
      pollMs,
      logger: silent,
      mesh: {
        ask: () => {
          world.asked++
          return Promise.resolve({ status: 'waiting' })
        },
      },
    },
  } as unknown as Bench)
  return Object.assign(world, { receipts })
}

it('asks for the same batches once in pollMs, and for a new one at once', async () => {
  const world = bench(2000)
  const tend = async (): Promise<number> => {
    const before = world.asked
    world.receipts.tend()
    await world.receipts[Symbol.asyncDispose]()
    return world.asked - before
  }
  world.add()
  expect(await tend()).toBe(1)
  world.now += 1999
  expect(await tend()).toBe(0)
  world.now += 1
  expect(await tend()).toBe(1)
  world.add()
  expect(await tend()).toBe(2)
  // a clock that was set back
  world.now = 0
  expect(await tend()).toBe(2)
})
