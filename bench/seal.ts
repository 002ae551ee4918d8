/**
 * What personal pools cost: sealing 20,000 events, opening 32 chunks by 3 of 5 over TCP on loopback, and 100,000 shares in one keyholder.
 * Targets: 3 s, 4 s, 300 MiB. `node bench/seal.ts [events] [shares]`. Keyholders, scorer and contributor share one process here.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { askForKeys, openChunk, sampledChunks } from '../dao/custody/index.ts'
import { offerContribution } from '../node/pool/seal/index.ts'
import { rawCid, u32 } from '../schemas/wire/index.ts'
import { BEACON, EPOCH, PoolNetwork } from '../tests/support/pool-network.ts'
import { openShareTable } from '../validator/keyholder/index.ts'

const MiB = 1 << 20
const [mode = '20000', count = '100000'] = process.argv.slice(2)
let missed = false

async function timed<T>(what: string, limitMs: number, work: () => T | Promise<T>): Promise<T> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  const result = await work()
  const used = process.cpuUsage(cpu)
  const [cpuMs, wallMs] = [(used.user + used.system) / 1000, performance.now() - wall]
  report(`${what}: ${cpuMs.toFixed(0)} ms CPU, ${wallMs.toFixed(0)} ms`, wallMs <= limitMs, `${limitMs / 1000} s`)
  return result
}

function report(words: string, held: boolean, limit: string): void {
  if (!held) missed = true
  console.log(`${words} (${held ? 'within' : 'OVER'} ${limit})`)
}

async function network(events: number): Promise<void> {
  await using pool = await PoolNetwork.open()
  pool.seal(200)
  const sealed = await timed(`sealing ${events} events`, 3000, () => pool.seal(events))
  const bytes = sealed.blocks.reduce((sum, block) => sum + block.bytes.byteLength, 0)
  console.log(`  ${sealed.manifest.chunks.length} chunks, ${(bytes / 1024).toFixed(0)} KiB sealed`)
  const { committee, clock, contributor, scoring, scorer } = pool
  const receipt = pool.receipt(sealed)
  await timed('offering it to 5 keyholders', 10_000, () => offerContribution({ mesh: contributor, clock, sealed, receipt, committee }))
  const indices = sampledChunks(BEACON, sealed.cid, sealed.manifest.chunks.length)
  await timed(`opening ${indices.length} chunks by 3 of 5`, 4000, async () => {
    const { keys, context } = await askForKeys({
      mesh: scoring,
      clock,
      signer: scorer,
      manifest: sealed.manifest,
      committee,
      indices,
      role: 'scorer',
      purpose: 'dpv:DataQualityAssessment',
      epoch: EPOCH,
    })
    indices.forEach((i, j) => openChunk((sealed.blocks[i + 1] as { bytes: Uint8Array }).bytes, keys[j] as Uint8Array, context, i))
  })
}

/** In a process of its own: what a keyholder with so many shares keeps in memory and on disk. */
async function memory(shares: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-bench-seal-'))
  try {
    const table = await openShareTable(folder, { file: path.join(folder, 'kek') })
    const random = (): Uint8Array => new Uint8Array(randomBytes(32))
    for (let from = 0; from < shares; from += 1000) {
      const rows = Array.from({ length: Math.min(1000, shares - from) }, (_, i) => ({
        v: 1 as const,
        manifest: rawCid(u32(from + i)),
        receipts: [random()],
        salt: random(),
        dealt: random(),
        held: { x: 1, generation: 0, share: random(), commitments: [random(), random(), random()] },
        next: null,
        current: true,
        paperKey: random(),
        at: 1_790_000_000,
        expires: 1_800_000_000,
      }))
      await table.put(rows)
    }
    await timed(`shredding one of ${shares} shares`, 30_000, () => table.shred([rawCid(u32(0))]))
    let disk = 0
    for (const name of await readdir(folder)) disk += (await stat(path.join(folder, name))).size
    peak(`${shares} shares put and shredded from, on disk ${(disk / MiB).toFixed(0)} MiB`)
    again('open', folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function reopened(folder: string): Promise<void> {
  const table = await timed('opening the table again', 60_000, () => openShareTable(folder, { file: path.join(folder, 'kek') }))
  peak(`${table.size} shares after a restart`)
}

function peak(what: string): void {
  const bytes = process.resourceUsage().maxRSS * 1024
  report(`${what}: peak ${(bytes / MiB).toFixed(0)} MiB of memory`, bytes < 300 * MiB, '300 MiB')
}

function again(...args: string[]): void {
  const child = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, ...args], { stdio: 'inherit' })
  if (child.status !== 0) missed = true
}

// as every role's process is started
setFlagsFromString('--heap-growing-percent=50')
if (mode === 'memory') await memory(Number(count))
else if (mode === 'open') await reopened(count)
else {
  await network(Number(mode))
  again('memory', count)
}
if (missed) process.exitCode = 1
