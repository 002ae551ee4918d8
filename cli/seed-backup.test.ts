/** The seed is the only way back to what was agreed to: whoever has no backup of it is told so until there is one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readSeedText } from '../node/pool/offering/index.ts'
import { fill } from '../tests/support/pool-world.ts'
import { remindOfBackup, sayBackup } from './commands/seed-backup.ts'
import { isBackedUp, openSeed } from './wiring/index.ts'

let home: string
let said: string
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'quern-seed-backup-'))
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(home, { recursive: true })
})

it('has no backup until it was printed, and one line says so', async () => {
  const seed = await openSeed(home)
  expect(await isBackedUp(home, seed)).toBe(false)
  remindOfBackup(home, false)
  expect(said).toMatch(/^quern: .*no backup.*"quern pool offer --backup".*\n$/)
  said = ''
  await sayBackup(home, seed)
  expect(readSeedText(/quern-pool-seed-1 .*/.exec(said)?.[0] ?? '')).toEqual(seed)
  expect(await isBackedUp(home, await openSeed(home))).toBe(true)
  said = ''
  remindOfBackup(home, true)
  expect(said).toBe('')
})

it.each([undefined, 'a passphrase'])('has one where it came from one, under %s', { timeout: 60_000 }, async (passphrase) => {
  const seed = await openSeed(home, { passphrase, restored: fill(7) })
  expect([seed, await isBackedUp(home, seed)]).toEqual([fill(7), true])
})

it('has none where another seed had one', async () => {
  await sayBackup(home, await openSeed(home))
  await rm(path.join(home, 'pool', 'root.seed'))
  expect(await isBackedUp(home, await openSeed(home))).toBe(false)
})
