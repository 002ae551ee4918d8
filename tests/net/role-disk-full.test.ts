/**
 * A role on a disk that fills up says so; with room again and started again, it goes on and has lost nothing that was acknowledged. Needs root,
 * for small disks of its own.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { replayFolder } from '../../cli/wiring/index.ts'
import { audit } from '../../dao/audit/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import { KillableNetwork } from '../support/killable-network.ts'
import { eventually, realClock } from '../support/real-clock.ts'

const run = promisify(execFile)
const PATIENCE_MS = 120_000
let disk: string
beforeEach(async () => {
  disk = await mkdtemp(path.join(tmpdir(), 'quern-small-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk])
})
afterEach(async () => {
  await run('umount', [disk])
  await rm(disk, { recursive: true, force: true })
})

async function networkWith(small: string): Promise<KillableNetwork> {
  const home = await mkdtemp(path.join(tmpdir(), 'quern-full-'))
  return KillableNetwork.start({ contributors: 2, validators: 4, maxPages: 8, home, homes: { [small]: path.join(disk, small) } })
}

/** Fills the disk, waits until the role says what is wrong, makes room and starts the role again, as it asks to. */
async function fill(network: KillableNetwork, who: string): Promise<void> {
  const { bavail, bsize } = await statfs(disk)
  const ballast = path.join(disk, 'ballast')
  // the last bytes too: a file that is cut short by the full disk stays as long as it got
  await writeFile(ballast, Buffer.alloc(bavail * bsize + 4096)).catch(() => undefined)
  const said = (): boolean => network.words.some((word) => word.who === who && word.line.includes('DISK_FULL'))
  await eventually(said, realClock, PATIENCE_MS)
  await rm(ballast)
  expect(await network.stop(who)).toBe(0)
  await network.run(who)
}

const epochNow = async (network: KillableNetwork) =>
  (await network.ask<{ epoch: { number: number } | null }>('/v1/info'))?.epoch ?? undefined
const hasBegun = async (network: KillableNetwork): Promise<boolean> => (await epochNow(network)) !== undefined

async function released(network: KillableNetwork, throughEpoch = 1): Promise<boolean> {
  const { releases } = (await network.ask<{ releases: { throughEpoch: number }[] }>('/v1/releases')) ?? { releases: [] }
  return releases.some((release) => release.throughEpoch >= throughEpoch)
}

it('the DAO says DISK_FULL, and closes the epoch when there is space and it was started again', async () => {
  await using network = await networkWith('dao')
  await eventually(() => hasBegun(network), realClock, PATIENCE_MS)
  await fill(network, 'dao')
  await eventually(() => released(network), realClock, PATIENCE_MS)
  const log = path.join(network.folder('dao'), 'log')
  const report = await audit({ log: await openDiskLogStore(log), files: new DiskFiles(path.join(log, 'files')) })
  expect(report).toMatchObject({ ok: true, problems: [], invalid: [] })
})

it('a contributor says DISK_FULL, and gathers and is counted when there is space and it was started again', async () => {
  await using network = await networkWith('contributor-1')
  await eventually(() => hasBegun(network), realClock, PATIENCE_MS)
  await fill(network, 'contributor-1')
  const isAcknowledged = (): boolean => network.events.some(({ who, event }) => who === 'contributor-1' && event === 'receipt')
  await eventually(isAcknowledged, realClock, PATIENCE_MS)
  await eventually(() => released(network), realClock, PATIENCE_MS)
  const { state } = (await replayFolder(path.join(network.folder('dao'), 'log'))).ledger
  const mine = [...state.batches.values()].filter(({ contributor }) => contributor === network.accounts.get('contributor-1'))
  expect(mine.length).toBeGreaterThan(0)
  expect(mine.map(({ voided, dropped }) => ({ voided, dropped }))).toEqual(mine.map(() => ({ voided: null, dropped: false })))
  expect(new Set(mine.map(({ manifest }) => manifest.sequence)).size).toBe(mine.length)
})

it('a validator says DISK_FULL, and does its duties again when there is space and it was started again', async () => {
  await using network = await networkWith('validator-1')
  await eventually(() => hasBegun(network), realClock, PATIENCE_MS)
  await fill(network, 'validator-1')
  const since = (await epochNow(network))?.number ?? 1
  const did = (what: string): boolean =>
    network.events.some(({ who, event, epoch }) => who === 'validator-1' && event === what && epoch > since)
  await eventually(() => did('attested'), realClock, PATIENCE_MS)
  expect(did('reported')).toBe(true)
  // the others went on without it, and it is told apart by nothing but what it missed
  expect(await released(network, since)).toBe(true)
  const { state } = (await replayFolder(path.join(network.folder('dao'), 'log'))).ledger
  expect(state.invalid).toEqual([])
  expect([...state.validators.values()].map(({ active }) => active)).toEqual([true, true, true, true])
})
