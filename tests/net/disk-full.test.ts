/** A real full disk: a memory file system of a few MiB. Needs root to mount it. */
import { execFile } from 'node:child_process'
import { appendFile, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { generateKey } from '../../core/identity/index.ts'
import { openDiskKv } from '../../core/kv/index.ts'
import { openPeer } from '../../core/peer/index.ts'
import { GC_GRACE_MS, openOfflineStorage } from '../../core/storage/index.ts'
import { type CID, parseCid, rawCid } from '../../schemas/wire/index.ts'
import { eventually, realClock } from '../support/real-clock.ts'

const run = promisify(execFile)
/** Less than a tenth of what lies there, and room for LevelDB to write down what it deletes. */
const LEFT_BYTES = 20 << 20
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-full-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder])
})
afterEach(async () => {
  await run('umount', [folder])
  await rm(folder, { recursive: true, force: true })
})

it('says DISK_FULL, acknowledges nothing that is not there, and goes on after space was freed and the peer started again', async () => {
  const child = path.join(import.meta.dirname, '../unit/children/fill-disk.ts')
  const { stdout } = await run(process.execPath, [child, path.join(folder, 'home')])
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  expect(lines.at(-1)).toEqual(['end', 'DISK_FULL', 'DISK_FULL', 'DISK_FULL'])
  const blocks = lines.flatMap(([what, name]) => (what === 'block' && name ? [name] : []))
  expect(blocks.length).toBeGreaterThan(10)

  await run('mount', ['-o', 'remount,size=128m', folder])
  const storage = await openOfflineStorage({ home: path.join(folder, 'home'), clock: realClock })
  for (const name of blocks) {
    expect(await storage.public.get(parseCid(name)), name).toHaveLength(65_536)
    expect(await storage.public.isPinned(parseCid(name)), name).toBe(true)
  }
  expect((await storage.public.usage()).blocks).toBeGreaterThanOrEqual(blocks.length)
  await storage[Symbol.asyncDispose]()
  await using kv = await openDiskKv(path.join(folder, 'home/kv'))
  const keys = lines.flatMap(([what, key]) => (what === 'value' && key ? [key] : []))
  for (const key of keys) expect(await kv.get(key), key).toHaveLength(65_536)
  await kv.put('after', new Uint8Array(1000))
  expect(await kv.get('after')).toHaveLength(1000)
})

it('lets go of what is loose and old before the disk is full, where no quota is set', async () => {
  const home = path.join(folder, 'home')
  const bytesOf = (i: number): Uint8Array => Buffer.alloc(1 << 20, `${i} `)
  const root = (i: number): CID => rawCid(bytesOf(i))
  await run('mount', ['-o', 'remount,size=512m', folder])
  {
    await using before = await openOfflineStorage({ home, clock: { ...realClock, now: () => Date.now() - 2 * GC_GRACE_MS } })
    for (let i = 0; i < 256; i++) await before.public.put([{ cid: root(i), bytes: bytesOf(i) }])
    await before.public.pin(root(0))
  }
  // it looks every second instead of every minute: LevelDB's housekeeping gives room back, which is filled up again
  const hasty = { ...realClock, sleep: (ms: number, signal?: AbortSignal) => realClock.sleep(Math.min(ms, 1000), signal) }
  await using peer = await openPeer({ signer: generateKey(), home, clock: hasty, privateNetwork: true })
  await eventually(async () => {
    const { bavail, bsize } = await statfs(folder)
    const spare = bavail * bsize - LEFT_BYTES
    if (spare > 0) await appendFile(path.join(folder, 'filler'), new Uint8Array(spare))
    return (await peer.storage.public.usage()).blocks === 1
  })
  expect(await peer.storage.public.get(root(0))).toEqual(new Uint8Array(bytesOf(0)))
})
