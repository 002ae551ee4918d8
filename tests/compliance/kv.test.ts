import fc from 'fast-check'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Kv } from '../../core/effects/index.ts'
import { MemoryKv, openDiskKv } from '../../core/kv/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'

let folder: string
let next = 0
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-kv-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const fresh = (): string => path.join(folder, String(next++))
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Error & { code?: string }) => error.code ?? error.message,
  )

const kinds: [string, () => Promise<Kv & Partial<AsyncDisposable>>][] = [
  ['MemoryKv', () => Promise.resolve(new MemoryKv())],
  ['DiskKv', () => openDiskKv(fresh())],
]

describe.each(kinds)('%s', (_name, openKv) => {
  it('is a map from strings to bytes, whose keys come in byte order', async () => {
    const kv = await openKv()
    expect(await kv.get('a')).toBeUndefined()
    const value = utf8('one')
    await kv.put('out/2', value)
    value[0] = 0
    await kv.put('out/10', utf8('ten'))
    await kv.put('outer', utf8('no'))
    await kv.put('out/\u{ffff}', utf8('x'))
    await kv.put('out/\u{1f600}', utf8('y'))
    expect(await kv.get('out/2')).toEqual(utf8('one'))
    expect(await kv.keys('out/')).toEqual(['out/10', 'out/2', 'out/\u{ffff}', 'out/\u{1f600}'])
    await kv.delete('out/2')
    await kv.delete('out/2')
    expect(await kv.get('out/2')).toBeUndefined()
    expect(await kv.keys('')).toHaveLength(4)
    await kv[Symbol.asyncDispose]?.()
  })

  it('agrees with a Map after any sequence of calls', async () => {
    const key = fc.constantFrom('a', 'a/b', 'a/c', 'b', 'é')
    const step = fc.oneof(
      fc.record({ do: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 40 }) }),
      fc.record({ do: fc.constant('delete' as const), key }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const kv = await openKv()
        const model = new Map<string, Uint8Array>()
        for (const one of steps) {
          if (one.do === 'put') await kv.put(one.key, one.value)
          else await kv.delete(one.key)
          if (one.do === 'put') model.set(one.key, one.value)
          else model.delete(one.key)
        }
        for (const [k, value] of model) expect(new Uint8Array((await kv.get(k)) ?? [])).toEqual(value)
        expect(await kv.keys('a')).toEqual([...model.keys()].filter((k) => k.startsWith('a')).toSorted())
        await kv[Symbol.asyncDispose]?.()
      }),
      { numRuns: 30 },
    )
  })
})

describe('DiskKv', () => {
  it('remembers after it was closed, and one process at a time may have it', async () => {
    const home = fresh()
    const first = await openDiskKv(home)
    await first.put('k', utf8('v'))
    expect(await codeOf(openDiskKv(home))).toBe('HOME_IN_USE')
    await first[Symbol.asyncDispose]()
    const second = await openDiskKv(home)
    expect(await second.get('k')).toEqual(utf8('v'))
    await second[Symbol.asyncDispose]()
  })

  it('refuses keys and values out of bounds', async () => {
    const kv = await openDiskKv(fresh())
    expect(await codeOf(kv.put('', utf8('v')))).toBe('KV_KEY')
    expect(await codeOf(kv.put('k'.repeat(1025), utf8('v')))).toBe('KV_KEY')
    expect(await codeOf(kv.put('k', new Uint8Array((32 << 20) + 1)))).toBe('KV_VALUE')
    await kv[Symbol.asyncDispose]()
  })

  it('keeps everything acknowledged when the process is killed in the middle of a write', async () => {
    for (const after of [1, 7, 40]) {
      const home = fresh()
      const child = spawn(process.execPath, [path.join(import.meta.dirname, '../unit/children/put-forever.ts'), home], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let acknowledged = -1
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Number(line)
        if (acknowledged === after) child.kill('SIGKILL')
      }
      expect(acknowledged).toBeGreaterThanOrEqual(after)
      const kv = await openDiskKv(home)
      for (let i = 0; i <= acknowledged; i++)
        expect(
          (await kv.get(`key/${i}`))?.every((byte) => byte === i % 251),
          `key ${i}`,
        ).toBe(true)
      for (const key of await kv.keys('key/')) expect(await kv.get(key)).toHaveLength(100_000)
      await kv[Symbol.asyncDispose]()
    }
  })
})
