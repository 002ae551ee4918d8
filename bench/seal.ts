/**
 * What personal pools cost: sealing 20,000 events, opening 32 chunks by 3 of 5 over TCP on loopback, withdrawing, also from five keyholders of 100,000
 * shares each, 100,000 deposits in one keyholder.
 * Targets: 3 s, 4 s, 5 s, 5 s, 300 MiB. `node bench/seal.ts [events] [shares]`. Keyholders, scorer and contributor share one process here.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { setTimeout } from 'node:timers/promises'
import { silent } from '../core/effects/index.ts'
import type { Signer } from '../core/identity/index.ts'
import { openDiskKv } from '../core/kv/index.ts'
import { openLibp2pMesh } from '../core/mesh/index.ts'
import { signReceipt, signWithdrawal } from '../dao/consent/index.ts'
import { askForKeys, openChunk, sampledChunks } from '../dao/custody/index.ts'
import { offerContribution, withdrawContribution } from '../node/pool/seal/index.ts'
import { type CID, rawCid, u32 } from '../schemas/wire/index.ts'
import { BEACON, EPOCH, PoolNetwork } from '../tests/support/pool-network.ts'
import { keyholders, LEDGER, operator, poolPolicy, receiptFor, sampleManifest, subject } from '../tests/support/pool-world.ts'
import { realClock } from '../tests/support/real-clock.ts'
import { openShareTable, type ShareTable } from '../validator/keyholder/index.ts'
import { PaperBox, type Papers } from '../validator/keyholder/papers.ts'
import type { ShareRow } from '../validator/keyholder/share-row.ts'
import type { Desk } from '../validator/role/desk.ts'
import { KeyholderDuty } from '../validator/role/keyholder-duty.ts'

const MiB = 1 << 20
const STATUS = '/proc/self/status'
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

async function network(events: number, shares: number): Promise<void> {
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
  const withdrawals = [signWithdrawal({ manifest: sealed.cid, at: pool.now(), scope: 'all', ask: ['stop', 'erase'] }, subject)]
  const told = { mesh: contributor, withdrawals, dao: sealed.manifest.dao, committee }
  const { shredded } = await timed('withdrawing it from 5 keyholders', 5000, () => withdrawContribution(told))
  report(`${shredded} acknowledged`, shredded === committee.members.length, `${committee.members.length}`)

  // the same where each keyholder has very many others, whose rows all go under another key
  for (const { table } of pool.holders) await fill(table, shares)
  const other = pool.seal(events)
  await offerContribution({ mesh: contributor, clock, sealed: other, receipt: pool.receipt(other), committee })
  const latest = [signWithdrawal({ manifest: other.cid, at: pool.now(), scope: 'all', ask: ['stop', 'erase'] }, subject)]
  const what = `withdrawing from 5 keyholders of ${shares} shares each`
  const heard = await timed(what, 5000, () => withdrawContribution({ ...told, withdrawals: latest }))
  report(`${heard.shredded} acknowledged`, heard.shredded === committee.members.length, `${committee.members.length}`)
}

const random = (): Uint8Array => new Uint8Array(randomBytes(32))

function rowOf(i: number, now: number): ShareRow {
  return {
    v: 1,
    manifest: rawCid(u32(i)),
    receipts: [random()],
    salt: random(),
    dealt: random(),
    held: { x: 1, generation: 0, share: random(), commitments: [random(), random(), random()] },
    next: [],
    current: true,
    paperKey: random(),
    at: now,
    expires: now + 30 * 86_400,
  }
}

/** Rows alone, without papers: what is rewritten at a deletion. */
async function fill(table: ShareTable, shares: number): Promise<void> {
  const now = Math.floor(realClock.now() / 1000)
  for (let from = 0; from < shares; from += 2000)
    await table.put(Array.from({ length: Math.min(2000, shares - from) }, (_, i) => rowOf(from + i, now)))
}

/** A manifest of 128 chunks and its receipt: what lies beside every share. */
function papersOf(): Papers {
  const policy = poolPolicy()
  const manifest = sampleManifest(policy, { chunks: Array.from({ length: 128 }, (_, i) => rawCid(u32(i))) })
  return { manifest, receipt: signReceipt(receiptFor(policy, manifest), subject) }
}

const placesIn = (folder: string) => ({
  shares: path.join(folder, 'shares'),
  kek: path.join(folder, 'kek'),
  state: path.join(folder, 'state'),
})

/** In a process of its own: what taking so many shares, with their papers, needs in memory and on disk. Deposits themselves are measured above. */
async function memory(shares: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-bench-seal-'))
  const places = placesIn(folder)
  try {
    const table = await openShareTable(places.shares, places.kek)
    {
      await using kv = await openDiskKv(places.state)
      const box = new PaperBox(kv)
      const papers = papersOf()
      const now = Math.floor(realClock.now() / 1000)
      for (let from = 0; from < shares; from += 200) {
        const rows = Array.from({ length: Math.min(200, shares - from) }, (_, i) => rowOf(from + i, now))
        await Promise.all(rows.map(({ manifest, paperKey }) => box.put(manifest, paperKey, papers)))
        await table.put(rows)
      }
    }
    await timed(`shredding one of ${shares} shares`, 5000, () => table.shred([rawCid(u32(0))]))
    peak(`${shares} shares with their papers put, on disk ${((await bytesBelow(folder)) / MiB).toFixed(0)} MiB`)
    again('duty', folder, String(shares))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function bytesBelow(folder: string): Promise<number> {
  let sum = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) sum += (await stat(path.join(entry.parentPath, entry.name))).size
  return sum
}

/**
 * The duty of a validator that holds them all, after a restart: mesh, table, papers, sealed chunks. Its ledger is empty and its private space lists
 * one pin for each, because neither is what is measured: the fold grows with the log, and the space lies on the disk.
 */
async function duty(folder: string, shares: number): Promise<void> {
  const places = placesIn(folder)
  const policy = poolPolicy()
  const signer = keyholders()[0] as Signer
  const stop = new AbortController()
  const cidOf = (i: number) => rawCid(u32(i))
  const contributions = { has: () => true, get: () => undefined, values: () => [] }
  const charters = [{ charter: { consent: policy.cid } }]
  const ledger = { size: 1, id: LEDGER, operator: operator.did, charters, pendingCharters: [], contributions, contributors: new Map() }
  const state = { ...ledger, validators: new Map(), withdrawals: { count: 0, since: () => [] }, epoch: null }
  const space = {
    async *pins() {
      for (let i = 1; i < shares; i++) yield { root: cidOf(i), metadata: { what: 'pool' } }
    },
    gc: () => Promise.resolve(0),
    drop: () => Promise.resolve(),
  }
  await using mesh = await openLibp2pMesh({ signer, clock: realClock, listen: ['/ip4/127.0.0.1/tcp/0'], privateNetwork: true })
  const desk = {
    options: {
      mesh,
      storage: { private: space },
      clock: realClock,
      files: { read: (cid: CID) => (cid.equals(policy.cid) ? policy.bytes : undefined) },
      logger: { ...silent, error: (event: string, detail: unknown) => console.error(event, detail), child: () => desk.options.logger },
      keys: { identity: signer },
    },
    me: signer.did,
    signal: stop.signal,
    link: { did: operator.did },
    state: () => state,
    wake: () => undefined,
  }
  await using working = new KeyholderDuty(desk as unknown as Desk, async () => {
    const table = await openShareTable(places.shares, places.kek)
    const kv = await openDiskKv(places.state)
    return { table, kv, [Symbol.asyncDispose]: () => kv[Symbol.asyncDispose]() }
  })
  await timed(`a keyholder of ${shares - 1} shares begins again`, 60_000, async () => {
    for (let tries = 0; tries < 600 && !working.serves(cidOf(shares - 1)); tries++) {
      working.tend()
      await setTimeout(100)
    }
  })
  report('it serves the last of them', working.serves(cidOf(shares - 1)), 'a minute')
  peak(`a keyholder of ${shares - 1} shares at work`)
  stop.abort()
}

/** By the kernel's own mark where there is one: what `getrusage` tells of a child begins with its parent's memory, and the parent held five such tables. */
function peakBytes(): number {
  const [, kib] = (existsSync(STATUS) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8')) : null) ?? []
  return (kib === undefined ? process.resourceUsage().maxRSS : Number(kib)) * 1024
}

function peak(what: string): void {
  const bytes = peakBytes()
  report(`${what}: peak ${(bytes / MiB).toFixed(0)} MiB of memory`, bytes < 300 * MiB, '300 MiB')
}

function again(...args: string[]): void {
  const child = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, ...args], { stdio: 'inherit' })
  if (child.status !== 0) missed = true
}

// as every role's process is started
setFlagsFromString('--heap-growing-percent=50')
if (mode === 'memory') await memory(Number(count))
else if (mode === 'duty') await duty(count, Number(process.argv[4]))
else {
  await network(Number(mode), Number(count))
  again('memory', count)
}
if (missed) process.exitCode = 1
