import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openOfflineStorage, type Space, walkDag } from '../../core/storage/index.ts'
import { chunkFile, parseCid } from '../../schemas/wire/index.ts'
import { realClock } from '../support/real-clock.ts'
import { codeOf } from './storage.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'quern-crash-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

/** Runs the child, kills it when `due` says so, and gives every line that it had printed whole. */
async function linesUntil(due: (lines: string[]) => boolean): Promise<string[]> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, '../unit/children/publish-forever.ts'), home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (due(lines)) child.kill('SIGKILL')
  }
  return lines
}

const wholeIn = async (space: Space, cid: string): Promise<boolean> => {
  const root = parseCid(cid)
  if (!(await space.isPinned(root))) return false
  await space.gc()
  for await (const block of walkDag(space, root)) expect(block.bytes.length).toBeGreaterThan(0)
  return true
}

it('loses nothing acknowledged when it is killed between sealing and publishing, or in the middle of either', async () => {
  for (const kill of [
    (lines: string[]) => lines.at(-1)?.startsWith('sealed') && lines.length >= 3,
    (lines: string[]) => lines.length === 8,
  ]) {
    const lines = await linesUntil((seen) => kill(seen) === true)
    const storage = await openOfflineStorage({ home, clock: realClock })
    for (const line of lines) {
      const [what, cid] = line.split(' ') as [string, string]
      const published = await wholeIn(storage.public, cid)
      expect(published || (what === 'sealed' && (await wholeIn(storage.private, cid))), line).toBe(true)
      // whatever the crash interrupted is finished by doing it again
      await storage.publish(parseCid(cid))
      expect(await wholeIn(storage.public, cid)).toBe(true)
      expect(await storage.private.isPinned(parseCid(cid))).toBe(false)
    }
    // the counters were written with the blocks: they agree with what is really there
    await storage.public.gc()
    const distinct = new Map<string, number>()
    for await (const pin of storage.public.pins())
      for await (const { cid, bytes } of walkDag(storage.public, pin.root)) distinct.set(String(cid), bytes.byteLength)
    const bytes = [...distinct.values()].reduce((sum, size) => sum + size, 0)
    expect(await storage.public.usage()).toEqual({ blocks: distinct.size, bytes })
    await storage[Symbol.asyncDispose]()
  }
})

it('refuses to take more than its quota, keeps what it has, and goes on when something was let go', async () => {
  const storage = await openOfflineStorage({ home, clock: realClock, maxBytes: { private: 100_000 } })
  const a = chunkFile(new Uint8Array(60_000).fill(1))
  const b = chunkFile(new Uint8Array(60_000).fill(2))
  await storage.private.put(a.blocks)
  await storage.private.pin(a.root)
  expect(await codeOf(storage.private.put(b.blocks))).toBe('QUOTA_FULL')
  expect(await storage.private.has(b.root)).toBe(false)
  expect(await storage.private.usage()).toEqual({ blocks: 1, bytes: 60_000 })
  await storage.private.unpin(a.root)
  await storage.private.gc()
  await storage.private.put(b.blocks)
  expect(await storage.private.usage()).toEqual({ blocks: 1, bytes: 60_000 })
  await storage[Symbol.asyncDispose]()
})
