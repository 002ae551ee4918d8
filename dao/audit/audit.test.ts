import { beforeAll, describe, expect, it } from 'vitest'
import { LedgerWorld, pages } from '../../tests/unit/ledger-world.ts'
import { PoolLedgerWorld, tokensOf } from '../../tests/unit/pool-ledger-world.ts'
import { flipped } from '../../tests/unit/page-batch.ts'
import type { CID } from '../../schemas/wire/index.ts'
import { epochTable, RULES_VERSION } from '../ledger/index.ts'
import { logOrigin, MemoryLogStore, openReplica, type TileSource } from '../log/index.ts'
import { audit } from './index.ts'

let world: LedgerWorld
let store: MemoryLogStore

beforeAll(async () => {
  world = new LedgerWorld()
  for (let epoch = 0; epoch < 4; epoch++) world.playEpoch(world.contributors.map((signer, i) => [signer, pages(`${i}-${epoch}`, 6)]))
  // more than one full tile, so that hash tiles of two levels are in it
  for (let i = 0; world.state.size < 300; i++) world.ok(world.operator, 'anchor', { target: `somewhere ${i}`, proof: new Uint8Array(32) })
  store = await world.store()
})

/** The same files with one byte of one file flipped. */
function withFlip(path: string, at: number): { log: TileSource; files: { read(cid: CID): Uint8Array | undefined } } {
  const change = (name: string, bytes: Uint8Array | undefined) => (bytes && name === path ? flipped(bytes, at % bytes.byteLength) : bytes)
  return {
    log: { read: async (name) => change(name, await store.read(name)) },
    files: { read: (cid) => change(`files/${cid.toString()}`, world.files.map.get(cid.toString())) },
  }
}

describe('audit', () => {
  it('recomputes every root from a copy of the folder', async () => {
    const report = await audit({ log: store, files: world.files, ledgerId: world.id })
    expect(report.problems).toEqual([])
    expect(report).toMatchObject({ ok: true, ledger: world.id, size: world.state.size, invalid: [] })
    expect(report.epochs.map((one) => [one.epoch, one.matches, one.final])).toEqual([1, 2, 3, 4].map((epoch) => [epoch, true, true]))
    expect(report.epochs.map((one) => one.computed)).toEqual(world.state.results.map((result) => result.root))
  })

  it('names the one file in which a byte was flipped: tile, bundle, checkpoint, charter, manifest, index, sketches, report or table', async () => {
    const paths = [...store.files.keys(), ...[...world.files.map.keys()].map((key) => `files/${key}`)]
    expect(paths.length).toBeGreaterThan(50)
    for (const [i, path] of paths.entries()) {
      const report = await audit({ ...withFlip(path, 7 + 13 * i), ledgerId: world.id })
      expect(report.ok, path).toBe(false)
      expect(report.problems[0]?.where, path).toBe(path)
    }
  })

  it('names a file that is missing', async () => {
    const table = world.state.results[1]!.table.toString()
    const files = { read: (cid: CID) => (cid.toString() === table ? undefined : world.files.read(cid)) }
    expect((await audit({ log: store, files })).problems).toEqual([
      expect.objectContaining({ where: `files/${table}`, code: 'FILE_MISSING' }),
    ])
    const log = { read: async (name: string) => (name === 'tile/0/000' ? undefined : store.read(name)) }
    expect((await audit({ log, files: world.files })).problems[0]).toMatchObject({ where: 'tile/0/000', code: 'LOG_FILE_MISSING' })
    expect((await audit({ log: { read: async () => undefined }, files: world.files })).problems[0]).toMatchObject({ where: 'checkpoint' })
  })

  it('does not miss what is pulled only after a reveal until a batch counts by it', async () => {
    const young = new LedgerWorld({ contributors: ['ann'] })
    young.advanceTo('gather')
    const ann = young.contributors[0]!
    const committed = young.commit(ann, pages('young', 3))
    young.advance('reveal')
    const named = young.reveal(ann, committed)
    const { index, sketches } = committed.sealed.manifest
    const lacking = new Set([index, sketches].map(String))
    const files = { read: (cid: CID) => (lacking.has(cid.toString()) ? undefined : young.files.read(cid)) }
    expect(await audit({ log: await young.store(), files })).toMatchObject({
      ok: true,
      problems: [],
      pending: [...lacking].map((cid) => ({ where: `files/${cid}`, entry: named })),
    })
    expect((await audit({ log: await young.store(), files: young.files })).pending).toEqual([])

    for (const validator of young.validators) young.available(validator, [committed.sealed.manifestCid])
    young.advance('beacon')
    for (const validator of young.validators) young.openBeacon(validator)
    young.advance('test')
    const report = await audit({ log: await young.store(), files })
    expect(report.problems.map(({ where, code }) => `${where} ${code}`)).toContain(`files/${index.toString()} FILE_MISSING`)
    expect(report.pending).toEqual([])
  })

  it('audits a log that grows meanwhile up to the checkpoint it read', async () => {
    const living = new LedgerWorld()
    for (let i = 0; living.state.size < 250; i++) living.ok(living.operator, 'anchor', { target: `here ${i}`, proof: new Uint8Array(32) })
    const folder = new MemoryLogStore()
    const log = await openReplica(folder, logOrigin(living.id, 0))
    await log.extend({ note: living.note(), from: 0, entries: living.entries })
    const grow = async (): Promise<void> => {
      const from = living.state.size
      for (let i = 0; i < 20; i++) living.ok(living.operator, 'anchor', { target: `there ${i}`, proof: new Uint8Array(32) })
      await log.extend({ note: living.note(), from, entries: living.entries.slice(from) })
    }
    const growing: TileSource = {
      async read(name) {
        const bytes = await folder.read(name)
        await grow()
        return bytes
      },
    }
    expect(await audit({ log: growing, files: living.files, ledgerId: living.id })).toMatchObject({ ok: true, size: 250, problems: [] })
    expect(living.state.size).toBeGreaterThan(256)
  })

  it('refuses a log of another ledger than asked for', async () => {
    const report = await audit({ log: store, files: world.files, ledgerId: 'quern/other' })
    expect(report.ok).toBe(false)
    expect(report.problems[0]?.where).toBe('entry 0')
  })

  it('refuses a checkpoint that too few witnesses cosigned', async () => {
    const note = new TextEncoder().encode(world.note({ by: world.validators.slice(0, 2) }))
    const log = { read: async (name: string) => (name === 'checkpoint' ? note : store.read(name)) }
    expect((await audit({ log, files: world.files })).problems).toEqual([
      expect.objectContaining({ where: 'checkpoint', code: 'NO_QUORUM' }),
    ])
  })

  it('names an epoch whose stated root is not the one that the log gives', async () => {
    const liar = new LedgerWorld()
    liar.playEpoch([[liar.contributors[0]!, pages('ann', 3)]])
    liar.advance('gather')
    for (const phase of ['reveal', 'beacon'] as const) liar.advance(phase)
    for (const validator of liar.validators) liar.openBeacon(validator)
    for (const phase of ['test', 'report', 'probe', 'close'] as const) liar.advance(phase)
    const { cut, cid } = epochTable(liar.state)
    liar.say(liar.operator, 'epoch.close', { epoch: 2, cut, root: new Uint8Array(32), table: cid, rules: RULES_VERSION })
    const report = await audit({ log: await liar.store(), files: liar.files })
    expect(report.epochs).toMatchObject([
      { epoch: 1, matches: true, final: true },
      { epoch: 2, matches: false, final: false },
    ])
    expect(report.problems).toEqual([expect.objectContaining({ where: 'epoch 2', code: 'EPOCH_ROOT_MISMATCH' })])
    expect(report.invalid).toMatchObject([{ code: 'WRONG_ROOT' }])
  })
})

describe('audit of a ledger with a personal pool', () => {
  const pool = new PoolLedgerWorld()
  const [ann] = pool.contributors
  const people = ['a', 'b', 'c'].map((name) => pool.person(name))
  for (const epoch of [1, 2]) {
    pool.advanceTo('gather')
    const batch = pool.commit(ann!, pages(`ann-${epoch}`, 3))
    const offered =
      epoch === 1
        ? people.slice(0, 2).map((one, i) => pool.offer(one, { tokens: tokensOf(String(i)) }))
        : [pool.offer(people[2]!, { tokens: tokensOf('1') })]
    pool.advance('reveal')
    pool.reveal(ann!, batch)
    for (const one of offered) pool.show(one)
    for (const validator of pool.validators) pool.available(validator, [batch.sealed.manifestCid, ...offered.map(({ cid }) => cid)])
    pool.testAndClose()
    if (epoch === 1) pool.withdraw(people[0]!)
  }

  it('recomputes what contributions earned, from their indexes and policy alone', async () => {
    const report = await audit({ log: await pool.store(), files: pool.files, ledgerId: pool.id })
    expect(report).toMatchObject({ ok: true, problems: [], invalid: [] })
    expect(report.epochs.map(({ matches, final }) => [matches, final])).toEqual([
      [true, true],
      [true, true],
    ])
    expect(people.map((one) => pool.rowOf(one)?.points ?? pool.rowOf(one, 1)?.points)).toEqual(['100000', '100000', '0'])
  })

  it('names an index or a policy that is missing or changed', async () => {
    const log = await pool.store()
    const [one] = [...pool.state.contributions.values()]
    for (const cid of [one!.manifest.index, one!.manifest.policy]) {
      const lacking = { read: (named: CID) => (named.equals(cid) ? undefined : pool.files.read(named)) }
      expect((await audit({ log, files: lacking })).problems[0]).toMatchObject({ where: `files/${cid.toString()}`, code: 'FILE_MISSING' })
      const bad = { read: (named: CID) => (named.equals(cid) ? flipped(pool.files.read(named)!, 9) : pool.files.read(named)) }
      expect((await audit({ log, files: bad })).problems[0]).toMatchObject({ where: `files/${cid.toString()}`, code: 'FILE_BAD' })
    }
  })
})
