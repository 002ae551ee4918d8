import { appendFile, copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CID, encode, equalBytes, rawCid, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { type KekFile, kekFile } from './kek-file.ts'
import type { ShareRow } from './share-row.ts'
import { encodeFramed } from './framed-rows.ts'
import { ShareTable } from './share-table.ts'

let folder: string
let file: KekFile
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-shares-'))
  file = kekFile(path.join(folder, 'kek'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (): Promise<ShareTable> => ShareTable.open(folder, file)
const bytes = (name: string): Uint8Array => sha256(utf8(name))
const cidOf = (i: number): CID => rawCid(utf8(`manifest ${i}`))
const row = (i: number, share = `share ${i}`): ShareRow => ({
  v: 1,
  manifest: cidOf(i),
  receipts: [bytes(`receipt ${i}`)],
  salt: bytes(`salt ${i}`),
  dealt: bytes('dealt'),
  held: { x: 1, generation: 0, share: bytes(share), commitments: [bytes('a'), bytes('b'), bytes('c')] },
  next: [],
  current: true,
  paperKey: bytes(`key ${i}`),
  at: 1,
  expires: 100 + i,
})
const files = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name.startsWith('shares.')).toSorted()
const journal = (generation: number): string => path.join(folder, `shares.${generation}.journal`)
const base = (generation: number): string => path.join(folder, `shares.${generation}.base`)
/** Whether the share's bytes are anywhere in the folder. */
const onDisk = async (needle: Uint8Array): Promise<boolean> => {
  for (const name of await readdir(folder)) if ((await readFile(path.join(folder, name))).includes(Buffer.from(needle))) return true
  return false
}

describe('a share table', () => {
  it('has after any history, and after opening it again, what a map would have', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('put' as const), i: fc.nat(6), share: fc.string() }),
        fc.record({ do: fc.constant('shred' as const), i: fc.nat(6), share: fc.constant('') }),
        fc.record({ do: fc.constant('open' as const), i: fc.constant(0), share: fc.constant('') }),
      ),
      { maxLength: 14 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const here = await mkdtemp(path.join(tmpdir(), 'quern-shares-'))
        const kek = kekFile(path.join(here, 'kek'))
        let table = await ShareTable.open(here, kek)
        const model = new Map<number, string>()
        for (const step of [...history, { do: 'open' as const, i: 0, share: '' }]) {
          if (step.do === 'put') await table.put([row(step.i, step.share)])
          if (step.do === 'put') model.set(step.i, step.share)
          if (step.do === 'shred') await table.shred([cidOf(step.i)])
          if (step.do === 'shred') model.delete(step.i)
          if (step.do === 'open') table = await ShareTable.open(here, kek)
          expect(table.size).toBe(model.size)
          for (const [i, share] of model) {
            expect(equalBytes((table.get(cidOf(i)) as ShareRow).held.share, bytes(share))).toBe(true)
          }
        }
        await rm(here, { recursive: true })
      }),
      { numRuns: 15 },
    )
  })

  it('has no share in the clear, and after shredding none under a key that is left', async () => {
    const table = await open()
    await table.put([row(1), row(2)])
    expect(await onDisk(bytes('share 1'))).toBe(false)
    const [oldKek, oldJournal] = [await readFile(path.join(folder, 'kek')), await readFile(journal(0))]
    await table.shred([cidOf(1)])
    expect(await files()).toEqual(['shares.1.base'])
    // a disk that kept the old journal has it under a key that is gone: put back, it is not even looked at
    await writeFile(journal(0), oldJournal)
    const again = await open()
    expect([again.size, again.generation]).toEqual([1, 1])
    expect(await files()).toEqual(['shares.1.base'])
    // and this is what a copy of the old key would have been worth: why the key's history is never backed up
    await rm(base(1))
    await writeFile(path.join(folder, 'kek'), oldKek)
    await writeFile(journal(0), oldJournal)
    expect((await open()).get(cidOf(1))).toBeDefined()
  })

  it('drops a torn frame, which nobody acknowledged, and goes on behind what is whole', async () => {
    let table = await open()
    await table.put([row(1)])
    await table.put([row(2)])
    const whole = await readFile(journal(0))
    for (const cut of [1, 40, 200]) {
      await writeFile(journal(0), whole.subarray(0, whole.byteLength - cut))
      table = await open()
      expect([table.get(cidOf(1)) !== undefined, table.get(cidOf(2)) !== undefined]).toEqual([true, false])
      await table.put([row(3)])
      expect((await open()).size).toBe(2)
    }
    await appendFile(journal(0), Buffer.alloc(64))
    expect((await open()).size).toBe(2)
  })

  it('is the old one or the new one wherever a rotation stops', async () => {
    const table = await open()
    await table.put([row(1), row(2)])
    // the machine stops after the new base is written and before the key is replaced
    let refuse = true
    const stopping: KekFile = {
      read: () => file.read(),
      replace: (kek) => (refuse ? Promise.reject(new Error('stopped')) : file.replace(kek)),
    }
    const stopped = await ShareTable.open(folder, stopping)
    await expect(stopped.shred([cidOf(1)])).rejects.toThrow('stopped')
    // it cannot know which key the disk has, and writes under neither
    await expect(stopped.put([row(3)])).rejects.toMatchObject({ code: 'SHARE_TABLE_UNSURE' })
    await expect(stopped.rotate()).rejects.toMatchObject({ code: 'SHARE_TABLE_UNSURE' })
    expect(await files()).toEqual(['shares.0.journal', 'shares.1.base'])
    const before = await open()
    expect([before.size, before.generation]).toEqual([2, 0])
    expect(await files()).toEqual(['shares.0.journal'])
    // and after: the key is new, the old files are still there
    await copyFile(journal(0), path.join(folder, 'kept'))
    refuse = false
    await before.shred([cidOf(1)])
    await copyFile(path.join(folder, 'kept'), journal(0))
    const after = await open()
    expect([after.size, after.generation, await files()]).toEqual([1, 1, ['shares.1.base']])
  })

  it('shreds what is being written just then, and many in one rotation', async () => {
    const table = await open()
    await table.put([row(1), row(2), row(3)])
    const putting = table.put([row(9)])
    const generations = await Promise.all([table.shred([cidOf(9)]), table.shred([cidOf(1)]), table.shred([cidOf(2)])])
    await putting
    expect(table.get(cidOf(9))).toBeUndefined()
    expect([table.size, ...generations]).toEqual([1, 1, 1, 1])
    expect((await open()).size).toBe(1)
  })

  it('refuses a base that was cut, changed or lost, instead of holding less', async () => {
    const table = await open()
    await table.put(Array.from({ length: 3000 }, (_, i) => row(i)))
    await table.shred([cidOf(0)])
    expect((await open()).size).toBe(2999)
    const whole = await readFile(base(1))
    const damaged = expect.objectContaining({ code: 'SHARE_TABLE_DAMAGED' }) as Error
    for (const bad of [
      whole.subarray(0, -1),
      whole.subarray(0, 4 + whole.readUInt32BE(0)),
      Buffer.concat([whole.subarray(0, 50), Buffer.from([(whole[50] as number) ^ 1]), whole.subarray(51)]),
    ]) {
      await writeFile(base(1), bad)
      await expect(open()).rejects.toThrow(damaged)
    }
    await rm(base(1))
    await expect(open()).rejects.toThrow(damaged)
  })

  it('acknowledges nothing that a full or read-only disk did not take', async () => {
    const table = await open()
    await table.put([row(1)])
    await rm(folder, { recursive: true })
    await expect(table.put([row(2)])).rejects.toMatchObject({ code: 'DISK_FAILED' })
    expect(table.get(cidOf(2))).toBeUndefined()
  })

  it('knows what has expired, and which reshare came to nothing', async () => {
    const table = await open()
    const later = { order: cidOf(0), until: 90, held: row(3).held }
    await table.put([row(1), row(2), { ...row(3), next: [later, { ...later, until: 50 }] }])
    expect(table.due(49)).toEqual([])
    expect(table.due(101).map(({ manifest }) => manifest)).toEqual([cidOf(1), cidOf(3)])
    expect((await open()).due(50).map(({ manifest }) => manifest)).toEqual([cidOf(3)])
  })
})

describe('the key of the table', () => {
  it('is refused when it is damaged', async () => {
    const kek = kekFile(path.join(folder, 'other'))
    await kek.replace({ generation: 3, key: bytes('kek') })
    expect(await kek.read()).toEqual({ generation: 3, key: bytes('kek') })
    await truncate(path.join(folder, 'other'), 20)
    await expect(kek.read()).rejects.toMatchObject({ code: 'KEK_UNREADABLE' })
  })
})

it('writes frames as DAG-CBOR has them, whatever their numbers', () => {
  const sized = fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536).map((length) => new Uint8Array(length).fill(7))
  const due = fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(2 ** 32 - 1), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER))
  fc.assert(
    fc.property(fc.array(fc.tuple(sized, due, sized), { maxLength: 30 }), (rows) => {
      expect(toHex(encodeFramed(rows))).toBe(toHex(encode(rows)))
    }),
    { numRuns: 50 },
  )
})
