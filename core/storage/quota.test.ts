import { expect, it } from 'vitest'
import { type Clock, silent } from '../effects/index.ts'
import { rawCid, utf8 } from '../../schemas/wire/index.ts'
import { GC_GRACE_MS, keepQuota, MemoryStorage, mustCollect } from './index.ts'

it('collects above nine tenths of the quota, and not again when the last time found nothing', () => {
  const maxBytes = 1000
  const at = (bytes: number, idleAt?: number): boolean => mustCollect({ usage: { blocks: 1, bytes }, maxBytes, idleAt })
  expect(at(900)).toBe(false)
  expect(at(901)).toBe(true)
  expect(at(901, 901)).toBe(false)
  expect(at(902, 901)).toBe(true)
  expect(mustCollect({ usage: { blocks: 1, bytes: Number.MAX_SAFE_INTEGER }, maxBytes: Number.MAX_SAFE_INTEGER, idleAt: undefined })).toBe(
    true,
  )
})

it('drops what is loose and old, spares what is pinned or young, and ends with its signal', async () => {
  let now = 0
  const stop = new AbortController()
  let looks = 0
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) => {
      now += ms
      if (++looks > 200) stop.abort()
      return signal?.aborted ? Promise.reject(new Error('aborted')) : Promise.resolve()
    },
    timer: () => ({ [Symbol.dispose]() {} }),
    deadline: () => new AbortController().signal,
  }
  const { public: space } = new MemoryStorage({ clock })
  const block = (text: string) => ({ cid: rawCid(utf8(text)), bytes: utf8(text) })
  await space.put([block('loose and old'), block('pinned')])
  await space.pin(block('pinned').cid)
  now = GC_GRACE_MS
  await space.put([block('young')])
  const freed: number[] = []
  const watched = {
    usage: () => space.usage(),
    gc: async (options?: { graceMs?: number }) => {
      freed.push(await space.gc(options))
      return freed.at(-1) ?? 0
    },
  }
  await keepQuota(watched, { maxBytes: 10, clock, logger: silent, signal: stop.signal })
  expect(freed).toEqual([13, 0])
  expect(await space.has(block('pinned').cid)).toBe(true)
  expect(await space.has(block('young').cid)).toBe(true)
  expect(await space.has(block('loose and old').cid)).toBe(false)
})
