/** What every Storage must do, whatever holds the blocks. */
import { CarReader } from '@ipld/car'
import { beforeEach, afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../core/effects/index.ts'
import { readFile, type Space, type Storage, putFile } from '../../core/storage/index.ts'
import { type Block, type CID, cborCid, chunkFile, encode, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { realClock } from '../support/real-clock.ts'

export interface StorageFactory {
  /** A storage with nothing in it, on a clock that the test moves. */
  open(clock: Clock): Promise<Storage>
  /** The same storage after its process ended and began again; undefined where nothing outlives the process. */
  reopen?: (storage: Storage, clock: Clock) => Promise<Storage>
}

export const block = (text: string): Block => ({ cid: rawCid(utf8(text)), bytes: utf8(text) })
export const node = (value: unknown): Block => {
  const bytes = encode(value)
  return { cid: cborCid(bytes), bytes }
}
export const noise = (length: number): Uint8Array => {
  let x = length | 1
  return Uint8Array.from({ length }, () => (x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0) >>> 24)
}
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Error & { code?: string }) => error.code ?? error.message,
  )
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(items)
const rootsOf = async (space: Space): Promise<string[]> => (await all(space.pins())).map((pin) => String(pin.root)).toSorted()

export function describeStorage(name: string, factory: StorageFactory): void {
  describe(`storage: ${name}`, () => {
    let storage: Storage
    let now = 1_700_000_000_000
    const clock: Clock = { ...realClock, now: () => now }
    beforeEach(async () => {
      storage = await factory.open(clock)
    })
    afterEach(() => storage[Symbol.asyncDispose]())

    describe.each(['public', 'private'] as const)('%s space', (which) => {
      const space = (): Space => storage[which]

      it('gives back what was put, and nothing else', async () => {
        const a = block('a')
        await space().put([a, block('b')])
        expect(await space().get(a.cid)).toEqual(a.bytes)
        expect(await space().has(a.cid)).toBe(true)
        expect(await space().get(block('c').cid)).toBeUndefined()
        expect(await space().has(block('c').cid)).toBe(false)
        expect(await space().usage()).toEqual({ blocks: 2, bytes: 2 })
      })

      it('takes the same block twice without counting it twice', async () => {
        await space().put([block('a'), block('a')])
        await space().put([block('a')])
        expect(await space().usage()).toEqual({ blocks: 1, bytes: 1 })
      })

      it('refuses a block that does not hash to its CID, and keeps none of that call', async () => {
        const lie = { cid: block('a').cid, bytes: utf8('A') }
        expect(await codeOf(space().put([block('fine'), lie]))).toBe('CID_MISMATCH')
        expect(await space().has(lie.cid)).toBe(false)
        expect(await space().has(block('fine').cid)).toBe(false)
        expect(await space().usage()).toEqual({ blocks: 0, bytes: 0 })
      })

      it('refuses a block over 2 MiB', async () => {
        const bytes = new Uint8Array((2 << 20) + 1)
        expect(await codeOf(space().put([{ cid: rawCid(bytes), bytes }]))).toBe('TOO_LARGE')
      })

      it('reads a file whole, and refuses one over the limit or with a hole', async () => {
        const bytes = noise(2_500_000)
        const root = await putFile(space(), bytes)
        expect(await readFile(space(), root, bytes.length)).toEqual(bytes)
        expect(await codeOf(readFile(space(), root, bytes.length - 1))).toBe('TOO_LARGE')
        const holed = chunkFile(noise(3_000_001))
        await space().put(holed.blocks.slice(1))
        expect(await codeOf(readFile(space(), holed.root, 4_000_000))).toBe('BLOCK_MISSING')
      })

      it('keeps a pinned DAG through gc, every codec of it, and drops the rest', async () => {
        const file = chunkFile(noise(2_500_000))
        const leaf = block('leaf')
        const top = node({ file: file.root, list: [leaf.cid] })
        await space().put([...file.blocks, leaf, top, block('loose')])
        await space().pin(top.cid, { why: 'test' })
        expect(await space().isPinned(top.cid)).toBe(true)
        expect(await space().isPinned(leaf.cid)).toBe(false)
        expect(await all(space().pins())).toEqual([{ root: expect.anything(), metadata: { why: 'test' } }])
        expect(await rootsOf(space())).toEqual([String(top.cid)])
        expect(await space().gc()).toBe(5)
        expect(await space().has(block('loose').cid)).toBe(false)
        for (const { cid } of [...file.blocks, leaf, top]) expect(await space().has(cid)).toBe(true)
      })

      it('spares in gc what was put a moment ago, also when it had been put before', async () => {
        await space().put([block('old'), block('old, put again')])
        now += 100_000
        await space().put([block('young'), block('old, put again')])
        expect(await space().gc({ graceMs: 50_000 })).toBe(3)
        expect(await space().has(block('young').cid)).toBe(true)
        expect(await space().has(block('old, put again').cid)).toBe(true)
        now += 100_000
        expect(await space().gc({ graceMs: 50_000 })).toBe(19)
      })

      it('takes nothing away that is held until it can be pinned, be it collected or let go by others, and after that as any other block', async () => {
        const shared = block('shared')
        const other = node({ other: shared.cid })
        await space().put([shared, other])
        await space().pin(other.cid)
        const top = node({ leaf: block('leaf').cid, shared: shared.cid })
        {
          using hold = space().hold()
          await hold.put([block('leaf'), shared])
          await space().put([block('loose')])
          expect(await space().gc()).toBe(block('loose').bytes.byteLength)
          await space().unpin(other.cid)
          await space().gc()
          for (const { cid } of [block('leaf'), shared]) expect(await space().has(cid)).toBe(true)
          await hold.put([top, block('of another try')])
          await space().pin(top.cid)
        }
        expect(await space().gc()).toBe(block('of another try').bytes.byteLength)
        await space().unpin(top.cid)
        await space().gc()
        expect(await space().usage()).toEqual({ blocks: 0, bytes: 0 })
      })

      it('pins again without harm, and keeps the newest metadata', async () => {
        const a = block('a')
        await space().put([a])
        await space().pin(a.cid, { why: 'first' })
        await space().pin(a.cid, { why: 'second' })
        expect((await all(space().pins())).map((pin) => pin.metadata)).toEqual([{ why: 'second' }])
        await space().unpin(a.cid)
        expect(await space().isPinned(a.cid)).toBe(false)
        expect(await space().gc()).toBe(1)
      })

      it('does not follow history: a manifest is pinned without the one before', async () => {
        const before = node({ sequence: 0, prev: null })
        const after = node({ sequence: 1, prev: before.cid })
        await space().put([after])
        await space().pin(after.cid)
        expect(await space().isPinned(after.cid)).toBe(true)
      })

      it('refuses to pin a DAG with a hole, naming it, and pins nothing of it', async () => {
        const hole = block('hole')
        const top = node([block('here').cid, hole.cid])
        await space().put([top, block('here')])
        const failure = await space()
          .pin(top.cid)
          .then(
            () => undefined,
            (error: Error & { code: string }) => error,
          )
        expect(failure?.code).toBe('BLOCK_MISSING')
        expect(failure?.message).toContain(String(hole.cid))
        expect(await space().isPinned(top.cid)).toBe(false)
        expect(await rootsOf(space())).toEqual([])
        await space().put([hole])
        await space().pin(top.cid)
        expect(await space().isPinned(top.cid)).toBe(true)
      })

      it('keeps shared blocks while any pin holds them, in whatever order pins come and go', async () => {
        const shared = block('shared')
        const a = node({ a: shared.cid })
        const b = node({ b: shared.cid })
        await space().put([shared, a, b])
        await space().pin(a.cid)
        await space().pin(b.cid)
        await space().unpin(a.cid)
        await space().gc()
        expect(await space().has(shared.cid)).toBe(true)
        await space().put([a])
        await space().pin(a.cid)
        await space().unpin(b.cid)
        await space().gc()
        expect(await space().has(shared.cid)).toBe(true)
        expect(await space().has(a.cid)).toBe(true)
        expect(await space().has(b.cid)).toBe(false)
        await space().unpin(a.cid)
        await space().unpin(a.cid)
        await space().gc()
        expect(await space().usage()).toEqual({ blocks: 0, bytes: 0 })
      })

      it('stands many calls at once', async () => {
        const tops = Array.from({ length: 20 }, (_, i) => node({ i, shared: block('shared').cid }))
        await Promise.all(tops.map((top) => space().put([top, block('shared')])))
        await Promise.all(tops.map((top) => space().pin(top.cid)))
        await Promise.all(tops.slice(1).map((top) => space().unpin(top.cid)))
        await space().gc()
        expect(await rootsOf(space())).toEqual([String(tops[0]?.cid)])
        expect(await space().has(block('shared').cid)).toBe(true)
        expect((await space().usage()).blocks).toBe(2)
      })

      it('writes a CAR that @ipld/car reads: depth first, each block once', async () => {
        const leaf = block('leaf')
        const other = block('other')
        const inner = node([leaf.cid, other.cid])
        const top = node([inner.cid, leaf.cid])
        await space().put([leaf, other, inner, top])
        const reader = await CarReader.fromBytes(Buffer.concat(await all(space().exportCar(top.cid))))
        expect((await reader.getRoots()).map(String)).toEqual([String(top.cid)])
        expect((await all(reader.blocks())).map((b) => String(b.cid))).toEqual([top, inner, leaf, other].map((b) => String(b.cid)))
        expect(await codeOf(all(space().exportCar(block('absent').cid)))).toBe('BLOCK_MISSING')
      })

      it('takes a CAR back, however it is cut into chunks', async () => {
        const file = chunkFile(noise(1_500_000))
        await storage[which === 'public' ? 'private' : 'public'].put(file.blocks)
        const car = Buffer.concat(await all(storage[which === 'public' ? 'private' : 'public'].exportCar(file.root)))
        for (const size of [1 + 65_536, 777_777]) {
          async function* cut(): AsyncGenerator<Uint8Array> {
            for (let at = 0; at < car.length; at += size) yield car.subarray(at, at + size)
          }
          expect((await space().importCar(cut())).map(String)).toEqual([String(file.root)])
        }
        expect(await readFile(space(), file.root, 2_000_000)).toEqual(noise(1_500_000))
      })

      it('refuses a CAR whose blocks are not what their CIDs name, or that is cut short', async () => {
        const good = [block('one'), block('two')]
        await space().put(good)
        const car = Buffer.concat(await all(space().exportCar((good[0] as Block).cid)))
        async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
          yield bytes
        }
        const bent = Buffer.from(car)
        bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1
        expect(await codeOf(space().importCar(once(bent)))).toBe('CID_MISMATCH')
        expect(await codeOf(space().importCar(once(car.subarray(0, -1))))).toBe('BAD_CAR')
        expect(await codeOf(space().importCar(once(utf8('<html>not found</html>'))))).toBe('BAD_CAR')
        expect(await codeOf(space().importCar(once(new Uint8Array())))).toBe('BAD_CAR')
        expect(await codeOf(space().importCar(once(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f))))).toBe('TOO_LARGE')
      })
    })

    describe('the two spaces', () => {
      const file = chunkFile(noise(2_100_000))
      const top = node({ v: 1, file: file.root, prev: null })

      it('see nothing of each other', async () => {
        await storage.private.put([block('secret')])
        expect(await storage.public.get(block('secret').cid)).toBeUndefined()
        await storage.public.put([block('open')])
        expect(await storage.private.has(block('open').cid)).toBe(false)
      })

      it('publish leaves behind what is held for another DAG', async () => {
        await storage.private.put([...file.blocks, top])
        await storage.private.pin(top.cid)
        using hold = storage.private.hold()
        const leaf = file.blocks[0] as Block
        await hold.put([leaf])
        await storage.publish(top.cid)
        expect((await storage.private.usage()).blocks).toBe(1)
        expect(await storage.private.has(leaf.cid)).toBe(true)
      })

      it('publish moves a DAG with its pin, and is safe to repeat', async () => {
        await storage.private.put([...file.blocks, top])
        await storage.private.pin(top.cid, { why: 'batch' })
        await storage.publish(top.cid)
        expect(await storage.public.isPinned(top.cid)).toBe(true)
        expect((await all(storage.public.pins()))[0]?.metadata).toEqual({ why: 'batch' })
        expect(await storage.private.isPinned(top.cid)).toBe(false)
        expect(await storage.private.usage()).toEqual({ blocks: 0, bytes: 0 })
        await storage.public.gc()
        expect(await readFile(storage.public, file.root, 3_000_000)).toEqual(noise(2_100_000))
        await storage.publish(top.cid)
        expect(await storage.public.isPinned(top.cid)).toBe(true)
      })

      it('publish finishes what a crash began: copied but not pinned, or pinned but not dropped', async () => {
        await storage.private.put([...file.blocks, top])
        await storage.private.pin(top.cid)
        await storage.public.put(file.blocks.slice(0, 2))
        await storage.publish(top.cid)
        expect(await storage.public.isPinned(top.cid)).toBe(true)
        await storage.private.put([...file.blocks, top])
        await storage.private.pin(top.cid)
        await storage.publish(top.cid)
        expect(await storage.private.usage()).toEqual({ blocks: 0, bytes: 0 })
      })

      it('publish leaves in place what another private pin still holds', async () => {
        const sibling = node({ file: file.root })
        await storage.private.put([...file.blocks, top, sibling])
        await storage.private.pin(top.cid)
        await storage.private.pin(sibling.cid)
        await storage.publish(top.cid)
        await storage.private.gc()
        expect(await readFile(storage.private, file.root, 3_000_000)).toEqual(noise(2_100_000))
        expect(await storage.private.has(top.cid)).toBe(false)
      })

      it('publish refuses a DAG that is nowhere', async () => {
        expect(await codeOf(storage.publish(block('nowhere').cid))).toBe('BLOCK_MISSING')
      })

      it('retrieve gives up when nobody has it', async () => {
        expect(await codeOf(storage.retrieve(block('nobody').cid, { signal: AbortSignal.timeout(300) }))).toBe('RETRIEVE_FAILED')
      })

      it('retrieve of what is here already is done at once', async () => {
        await storage.public.put(file.blocks)
        await storage.retrieve(file.root, { signal: AbortSignal.timeout(30_000) })
        expect(await storage.public.isPinned(file.root)).toBe(false)
      })
    })

    const { reopen } = factory
    it.for(reopen === undefined ? [] : [reopen])('remembers blocks, pins and metadata after it was closed', async (again) => {
      const leaf = block('leaf')
      const top: Block = node([leaf.cid])
      for (const space of [storage.public, storage.private]) {
        await space.put([leaf, top, block('loose')])
        await space.pin(top.cid, { why: 'kept' })
      }
      storage = await again(storage, clock)
      for (const space of [storage.public, storage.private]) {
        const pins: { root: CID; metadata: unknown }[] = await all(space.pins())
        expect(pins.map((pin) => [String(pin.root), pin.metadata])).toEqual([[String(top.cid), { why: 'kept' }]])
        expect(await space.usage()).toEqual({ blocks: 3, bytes: 9 + top.bytes.length })
        expect(await space.gc()).toBe(5)
        expect(await space.get(leaf.cid)).toEqual(leaf.bytes)
      }
    })
  })
}
