/** One shredding at a time is carried to its end by whoever began it; what a crash left is carried on. */
import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { cborCid, encode, equalBytes } from '../../schemas/wire/index.ts'
import { fill, keyholders, LEDGER } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import type { ShareRow } from './share-row.ts'
import { Shredder, type ShredderOptions } from './shredder.ts'

const manifest = cborCid(encode('a contribution'))
const row = { manifest, paperKey: fill(1) } as ShareRow

/** A table that is written when `go` is called, and a crash that left nothing but an intent. */
function opened(kv = new MemoryKv()) {
  let generation = 0
  let go = (): void => undefined
  const written = new Promise<void>((resolve) => {
    go = resolve
  })
  const shredder = new Shredder({
    kv,
    clock: realClock,
    signer: keyholders()[0],
    ledger: LEDGER,
    logger: silent,
    table: { shred: () => written.then(() => ++generation) },
    papers: { get: async () => ({ manifest: { subject: keyholders()[1]?.did } }), delete: async () => undefined },
  } as unknown as ShredderOptions)
  return { kv, shredder, go, generation: () => generation }
}

it('leaves to a shredding under way what that carries to its end itself', async () => {
  const { kv, shredder, go, generation } = opened()
  const shredding = shredder.shred([row])
  while ((await kv.keys('shredding/')).length === 0) await Promise.resolve()
  const finishing = [shredder.finish(), shredder.finish()]
  go()
  await shredding
  const first = await shredder.goneOf(manifest)
  await Promise.all(finishing)
  expect(generation()).toBe(1)
  expect(equalBytes((await shredder.goneOf(manifest))?.ack ?? fill(0), first?.ack ?? fill(1))).toBe(true)
})

it('carries on what a stop left, once', async () => {
  const before = opened()
  void before.shredder.shred([row])
  while ((await before.kv.keys('shredding/')).length === 0) await Promise.resolve()
  const { shredder, go, generation } = opened(before.kv)
  go()
  await Promise.all([shredder.finish(), shredder.finish()])
  expect([generation(), await before.kv.keys('shredding/')]).toEqual([1, []])
  expect(await shredder.goneOf(manifest)).toBeDefined()
})
