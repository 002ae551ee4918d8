/** A DAO on a disk that fills up says so; with room again and started again, it goes on and has lost nothing it acknowledged. Needs root, for a small disk of its own. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { audit } from '../../dao/audit/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import { KillableNetwork } from '../support/killable-network.ts'
import { eventually, realClock } from '../support/real-clock.ts'

const run = promisify(execFile)
const PATIENCE_MS = 120_000
let disk: string
beforeAll(async () => {
  disk = await mkdtemp(path.join(tmpdir(), 'quern-small-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk])
})
afterAll(async () => {
  await run('umount', [disk])
  await rm(disk, { recursive: true, force: true })
})

it('says DISK_FULL, and closes the epoch after space was freed', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'quern-full-'))
  await using network = await KillableNetwork.start({ contributors: 2, validators: 4, maxPages: 8, home, daoHome: path.join(disk, 'dao') })
  const phase = async (): Promise<string | undefined> => (await network.ask<{ epoch: { phase: string } | null }>('/v1/info'))?.epoch?.phase
  await eventually(async () => (await phase()) !== undefined, realClock, PATIENCE_MS)
  const { bavail, bsize } = await statfs(disk)
  const ballast = path.join(disk, 'ballast')
  // the last bytes too: a file that is cut short by the full disk stays as long as it got
  await writeFile(ballast, Buffer.alloc(bavail * bsize + 4096)).catch(() => undefined)
  await eventually(() => network.words.some(({ who, line }) => who === 'dao' && line.includes('DISK_FULL')), realClock, PATIENCE_MS)
  await rm(ballast)
  await network.stop('dao')
  await network.run('dao')
  const released = async (): Promise<boolean> => ((await network.ask<{ releases: unknown[] }>('/v1/releases'))?.releases ?? []).length > 0
  await eventually(released, realClock, PATIENCE_MS)
  const log = path.join(network.folder('dao'), 'log')
  const report = await audit({ log: await openDiskLogStore(log), files: new DiskFiles(path.join(log, 'files')) })
  expect(report).toMatchObject({ ok: true, problems: [], invalid: [] })
})
