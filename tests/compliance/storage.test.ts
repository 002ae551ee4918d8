import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { MemoryStorage, openOfflineStorage, type Storage } from '../../core/storage/index.ts'
import { realClock } from '../support/real-clock.ts'
import { describeStorage } from './storage.ts'

describeStorage('MemoryStorage', { open: () => Promise.resolve(new MemoryStorage()) })

let folder: string
let homes = 0
const homeOf = new Map<Storage, string>()
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-storage-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function openIn(home: string): Promise<Storage> {
  const storage = await openOfflineStorage({ home, clock: realClock })
  homeOf.set(storage, home)
  return storage
}

describeStorage('HeliaStorage', {
  open: () => openIn(path.join(folder, String(homes++))),
  reopen: async (storage) => {
    await storage[Symbol.asyncDispose]()
    return openIn(homeOf.get(storage) as string)
  },
})
