import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Clock } from '../../core/effects/index.ts'
import { MemoryStorage, openOfflineStorage, type Storage } from '../../core/storage/index.ts'
import { describeStorage } from './storage.ts'

describeStorage('MemoryStorage', { open: (clock) => Promise.resolve(new MemoryStorage({ clock })) })

let folder: string
let homes = 0
const homeOf = new Map<Storage, string>()
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-storage-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function openIn(home: string, clock: Clock): Promise<Storage> {
  const storage = await openOfflineStorage({ home, clock })
  homeOf.set(storage, home)
  return storage
}

describeStorage('HeliaStorage', {
  open: (clock) => openIn(path.join(folder, String(homes++)), clock),
  reopen: async (storage, clock) => {
    await storage[Symbol.asyncDispose]()
    return openIn(homeOf.get(storage) as string, clock)
  },
})
