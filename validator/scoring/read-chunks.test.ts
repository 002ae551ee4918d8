import { expect, it } from 'vitest'
import { type Clock, silent } from '../../core/effects/index.ts'
import { untilAborted } from '../../core/mesh/index.ts'
import { rawCid, utf8 } from '../../schemas/wire/index.ts'
import { readChunks } from './read-chunks.ts'

it('asks the next peer when one stalls, and leaves each its part of the time', async () => {
  const chunk = utf8('sealed')
  const parts: number[] = []
  // time passes only while somebody waits
  let now = 0
  const clock: Clock = {
    now: () => now,
    deadline: () => new AbortController().signal,
    sleep: () => Promise.resolve(),
    timer: (ms, fire) => {
      parts.push(ms)
      if (parts.length < 3) queueMicrotask(() => ((now += ms), fire()))
      return { [Symbol.dispose]: () => undefined }
    },
  }
  const asked: string[] = []
  const mesh = {
    ask: async (peer: string, _protocol: unknown, _query: unknown, options: { signal?: AbortSignal } = {}) => {
      asked.push(peer)
      if (peer !== 'good') await untilAborted(options.signal as AbortSignal, () => new Promise<never>(() => undefined))
      return { blocks: [chunk] }
    },
  }
  const found = await readChunks([rawCid(chunk)], {
    mesh: mesh as unknown as Parameters<typeof readChunks>[1]['mesh'],
    peers: ['stalls', 'stalls too', 'good'],
    clock,
    logger: silent,
    shareMs: 9000,
    signal: new AbortController().signal,
  })
  expect([...found.values()]).toEqual([chunk])
  expect(asked).toEqual(['stalls', 'stalls too', 'good'])
  expect(parts).toEqual([3000, 3000, 3000])
})
