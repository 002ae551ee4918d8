/** SIGKILL of every role in every phase: epochs close all the same, nothing acknowledged is lost, nothing is counted twice. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localCharter } from '../../cli/up/local-charter.ts'
import { RoleProcess } from '../../cli/up/index.ts'
import { operatorOf, replayFolder, storeCharter } from '../../cli/wiring/index.ts'
import { verifyObject } from '../../core/envelope/index.ts'
import { openDiskKv } from '../../core/kv/index.ts'
import { openOfflineStorage, readFile } from '../../core/storage/index.ts'
import { audit } from '../../dao/audit/index.ts'
import { batchRoots, loadBatch } from '../../dao/batches/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import { BatchBook } from '../../node/contributor/batch-book.ts'
import { batchReceipt } from '../../schemas/wire/index.ts'
import { KillableNetwork } from '../support/killable-network.ts'
import { eventually, realClock } from '../support/real-clock.ts'

const PHASES = ['gather', 'reveal', 'beacon', 'test', 'report', 'probe', 'close'] as const
const ROLES = ['contributor-1', 'dao', 'validator-1'] as const
/** Every role dies once in every phase, each time another one. */
const KILLS = [1, 2, 3].flatMap((epoch) =>
  PHASES.map((phase, i) => ({ epoch, phase, who: ROLES[(i + epoch) % ROLES.length] as (typeof ROLES)[number] })),
)
/** Ended when its work is done, or after a minute. */
const SHORT = { minEntries: 0, minSeconds: 0, maxSeconds: 60 }
const PATIENCE_MS = 200_000
const NOWHERE = { seeds: [], allowPrivate: [], contact: 'http://127.0.0.1/' }

let network: KillableNetwork
beforeAll(async () => {
  // nothing is to be done in `probe` under local rules: without a time of its own nobody would see it
  const probe = { minEntries: 1_000_000, minSeconds: 5, maxSeconds: 60 }
  const epoch = { gather: { ...SHORT, maxSeconds: 3600 }, reveal: SHORT, beacon: SHORT, test: SHORT, report: SHORT, probe, close: SHORT }
  network = await KillableNetwork.start({ contributors: 2, validators: 4, maxPages: 8, charter: { epoch } })
})
afterAll(() => network[Symbol.asyncDispose]())

interface Info {
  epoch: { number: number; phase: (typeof PHASES)[number] } | null
}
const place = (epoch: number, phase: (typeof PHASES)[number]): number => epoch * 10 + PHASES.indexOf(phase)

describe('roles that are killed', () => {
  it.each(KILLS)('goes on when $who is killed in the $phase phase of epoch $epoch', async ({ epoch, phase, who }) => {
    // the phase itself, or right after it where it was too short to be seen, which `probe` is not
    await eventually(
      async () => {
        const now = (await network.ask<Info>('/v1/info'))?.epoch
        if (now == null) return false
        const [at, wanted] = [place(now.number, now.phase), place(epoch, phase)]
        return phase === 'probe' ? at === wanted : at >= wanted
      },
      realClock,
      PATIENCE_MS,
    )
    await network.kill(who)
    await network.run(who)
    expect(network.accounts.get(who)).toMatch(/^did:key:/)
  })

  it('closed and released every epoch, and every number follows from the log', async () => {
    await eventually(
      async () =>
        ((await network.ask<{ releases: { throughEpoch: number }[] }>('/v1/releases'))?.releases ?? []).some((r) => r.throughEpoch >= 3),
      realClock,
      PATIENCE_MS,
    )
    const log = path.join(network.folder('dao'), 'log')
    const report = await audit({ log: await openDiskLogStore(log), files: new DiskFiles(path.join(log, 'files')) })
    expect(report).toMatchObject({ ok: true, problems: [] })
    expect(report.epochs.slice(0, 3).map(({ epoch, matches, final }) => ({ epoch, matches, final }))).toEqual(
      [1, 2, 3].map((epoch) => ({ epoch, matches: true, final: true })),
    )
  })

  it('still gives every batch that was settled, and counts no record twice', async () => {
    const log = path.join(network.folder('dao'), 'log')
    const { ledger, files } = await replayFolder(log)
    const { state } = ledger
    const accounts = [...network.accounts]
    const named = (what: string): string[] => accounts.filter(([name]) => name.startsWith(what)).map(([, did]) => did)
    expect([...state.contributors.keys()].toSorted()).toEqual(named('contributor').toSorted())
    expect([...state.validators.keys()].toSorted()).toEqual(named('validator').toSorted())
    for (const [name, did] of accounts.filter(([who]) => who.startsWith('contributor'))) {
      const batches = [...state.batches.values()].filter(({ contributor }) => contributor === did)
      const sequences = batches.map(({ manifest }) => manifest.sequence).toSorted((a, b) => a - b)
      expect(sequences, name).toEqual(sequences.map((_, i) => i))
      const records: string[] = []
      for (const { manifest, manifestCid } of batches.filter(({ settled }) => settled !== null)) {
        const response = await fetch(`${network.url}/ipfs/${manifest.records.toString()}`)
        expect(response.status, `${name}: ${manifestCid.toString()}`).toBe(200)
        const lines = gunzipSync(Buffer.from(await response.arrayBuffer()))
          .toString('utf8')
          .split('\n')
          .slice(0, -1)
        expect(lines.length).toBe(manifest.count)
        records.push(...(loadBatch((cid) => files.read(cid), manifestCid)?.index.rows ?? []).map(({ record }) => record.toString()))
      }
      expect(records.length, name).toBeGreaterThan(0)
      expect(new Set(records).size, name).toBe(records.length)
    }
  })

  it('stops every role at once and cleanly when asked', async () => {
    const codes = await Promise.all([...network.accounts.keys()].map((name) => network.stop(name)))
    expect(codes).toEqual(codes.map(() => 0))
  })

  it('lost no batch that was acknowledged: the log has it, it counts, and the DAO holds all of it', async () => {
    const { state } = (await replayFolder(path.join(network.folder('dao'), 'log'))).ledger
    const closed = state.results.at(-1)?.epoch ?? 0
    await using storage = await openOfflineStorage({ home: network.folder('dao'), clock: realClock })
    let [settled, heard] = [0, 0]
    for (const [name, did] of [...network.accounts].filter(([who]) => who.startsWith('contributor'))) {
      await using kv = await openDiskKv(path.join(network.folder(name), 'state'))
      const acknowledged = (await BatchBook.open(kv)).all.filter(({ receipt }) => receipt !== null)
      // what it said that it was promised, it knows after every kill
      const said = network.events.filter(({ who, event }) => who === name && event === 'receipt')
      heard += said.length
      for (const { epoch, records } of said)
        expect(acknowledged.map((note) => ({ epoch: note.epoch, records: note.manifest.count }))).toContainEqual({ epoch, records })
      for (const { manifest, manifestCid, receipt } of acknowledged) {
        const what = `${name}, batch ${manifest.sequence}`
        const verdict = verifyObject(batchReceipt, receipt as Uint8Array, 'batch-receipt', 'by')
        expect(verdict.ok && [verdict.value.by, verdict.value.manifest.toString()], what).toEqual([state.operator, manifestCid.toString()])
        const batch = state.batches.get(manifestCid.toString())
        expect(batch, what).toMatchObject({ contributor: did, dropped: false, voided: null, retracted: null })
        const counts = batch?.settled != null
        if (counts) settled++
        expect(counts || (batch?.epoch ?? 0) > closed, `${what} counts, or is on its way to an epoch to come`).toBe(true)
        for (const root of batchRoots(manifest)) expect(await storage.public.isPinned(root), what).toBe(true)
        const lines = gunzipSync(await readFile(storage.public, manifest.records, 1 << 30))
          .toString('utf8')
          .split('\n')
          .slice(0, -1)
        expect(lines.length, what).toBe(manifest.count)
      }
    }
    expect(settled).toBeGreaterThanOrEqual(4)
    expect(heard).toBeGreaterThanOrEqual(4)
  })
})

describe('a home folder of a newer program', () => {
  const dao = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWRVUGzGcotincTvU4bgpVfMcbYBXoRvjjYTcnnK2thgqY'
  it.each([
    ['node', ['node', '--dao', dao]],
    ['validator', ['validator', '--dao', dao]],
    ['dao serve', ['dao', 'serve']],
  ])('is refused by %s', async (name, words) => {
    const home = await mkdtemp(path.join(tmpdir(), 'quern-newer-'))
    try {
      // a DAO reads its charter first
      await storeCharter(home, localCharter(await operatorOf(home), { ...NOWHERE, contributors: 1, validators: 1 }))
      await writeFile(path.join(home, 'VERSION'), '99\n')
      const said: string[] = []
      await using role = new RoleProcess({ name, argv: [...words, '--home', home], onWords: (line) => void said.push(line) })
      expect(await role.ended).toBe(1)
      expect(said.join('\n')).toContain('[HOME_TOO_NEW]')
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  })
})
