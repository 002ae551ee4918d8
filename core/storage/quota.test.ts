import { expect, it } from 'vitest'
import { type Clock, silent } from '../effects/index.ts'
import { rawCid, utf8 } from '../../schemas/wire/index.ts'
import { GC_GRACE_MS, keepQuota, MemoryStorage, mustCollect, type QuotaOptions } from './index.ts'

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

const PLENTY = 1_000_000_000

/** What each collection freed, over 200 looks at a space that holds a pinned block, an old loose one and a young loose one. */
async function watched(options: Pick<QuotaOptions, 'maxBytes' | 'freeBytes'>) {
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
  const freed: { bytes: number; atMs: number }[] = []
  const seen = {
    usage: () => space.usage(),
    gc: async (how?: { graceMs?: number }) => {
      const bytes = await space.gc(how)
      freed.push({ bytes, atMs: now })
      return bytes
    },
  }
  await keepQuota(seen, { ...options, clock, logger: silent, signal: stop.signal })
  const left = await Promise.all(['loose and old', 'pinned', 'young'].map((text) => space.has(block(text).cid)))
  return { freed, left }
}

it('drops what is loose and old at once, what was young when it is old, spares what is pinned, and ends with its signal', async () => {
  const { freed, left } = await watched({ maxBytes: 7, freeBytes: () => Promise.resolve(PLENTY) })
  // nothing was put in between: what is full takes nothing, and must look again by itself
  expect(freed).toEqual([
    { bytes: 13, atMs: GC_GRACE_MS },
    { bytes: 0, atMs: GC_GRACE_MS + 60_000 },
    { bytes: 5, atMs: 2 * GC_GRACE_MS + 60_000 },
  ])
  expect(left).toEqual([false, true, false])
})

it('takes what the disk has left for its quota where none is set, or less than the quota', async () => {
  expect((await watched({ freeBytes: () => Promise.resolve(PLENTY) })).freed).toEqual([])
  for (const maxBytes of [undefined, PLENTY]) {
    const { freed, left } = await watched({ ...(maxBytes === undefined ? {} : { maxBytes }), freeBytes: () => Promise.resolve(0) })
    expect(freed.slice(0, 3).map(({ bytes }) => bytes)).toEqual([13, 0, 5])
    expect(left).toEqual([false, true, false])
  }
})

it('tries again when the disk cannot be asked, or a collection fails', async () => {
  let asked = 0
  const freeBytes = (): Promise<number> => (asked++ === 0 ? Promise.reject(new Error('no such folder')) : Promise.resolve(0))
  const { freed } = await watched({ freeBytes })
  expect(freed[0]).toEqual({ bytes: 13, atMs: GC_GRACE_MS + 60_000 })
})
