import { describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { keyFromSeed } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { encode, toHex, utf8 } from '../../schemas/wire/index.ts'
import { World } from '../../sim/index.ts'
import {
  formatVkey,
  keyring,
  leafHash,
  type LogFile,
  LogReader,
  logVkey,
  MemoryLogStore,
  noteSigner,
  openNote,
  openWitness,
  parseVkey,
  peekCheckpoint,
  rootOfLeaves,
  SIGNATURE_TYPES,
  verifyInclusion,
  type WitnessClient,
} from '../log/index.ts'
import { openSequencer, type SequencerOptions } from './index.ts'

const logKey = keyFromSeed(new Uint8Array(32).fill(7))
const log = parseVkey(logVkey('quern/test', 0, logKey.publicKey))
const entryOf = (text: string): Uint8Array => encode({ t: 'x', p: text })
const entries = (from: number, to: number): Uint8Array[] => Array.from({ length: to - from }, (_, i) => entryOf(`entry ${from + i}`))

/** A real witness, asked in process; `down` makes it unreachable. */
function witnessOf(world: World, n: number, kv = new MemoryKv()): WitnessClient & { down: boolean; asked: string[] } {
  const signer = noteSigner(`witness/${n}`, SIGNATURE_TYPES.cosignature, keyFromSeed(new Uint8Array(32).fill(50 + n)))
  const witness = openWitness({ signer, kv, clock: world.clock, logs: (origin) => (origin === log.name ? [log] : []) })
  const client = {
    name: `w${n}`,
    vkey: formatVkey(signer.key),
    down: false,
    asked: [] as string[],
    async addCheckpoint(body: string) {
      await world.clock.sleep(10 * n)
      if (client.down) throw new Error('unreachable')
      client.asked.push(body)
      return witness.addCheckpoint(body)
    },
  }
  return client
}

interface Options extends Partial<SequencerOptions> {
  world?: World
}

async function open({ world = new World({ seed: 1 }), ...overrides }: Options = {}) {
  const notes: string[] = []
  const admitted: string[] = []
  const options: SequencerOptions = {
    ledgerId: 'quern/test',
    term: 0,
    logKey,
    store: new MemoryLogStore(),
    kv: new MemoryKv(),
    clock: world.clock,
    admit: (entry) => {
      admitted.push(toHex(leafHash(entry)))
      return { ok: true }
    },
    witnesses: () => [],
    quorum: () => 0,
    publish: (note) => notes.push(note),
    logger: silent,
    ...overrides,
  }
  const sequencer = await openSequencer(options)
  return {
    world,
    options,
    sequencer,
    notes,
    admitted,
    submitAll: (list: Uint8Array[]) => Promise.all(list.map((e) => sequencer.submit(e))),
  }
}

describe('the sequencer alone', () => {
  it('appends in the order of submission and publishes by itself', async () => {
    const { world, sequencer, notes, submitAll } = await open()
    const answers = await submitAll(entries(0, 600))
    expect(answers.map((answer) => (answer.status === 'receipt' ? answer.index : answer))).toEqual(Array.from({ length: 600 }, (_, i) => i))
    await sequencer.published(600)
    await world.run()
    expect(sequencer.size).toBe(600)
    const checkpoint = peekCheckpoint(sequencer.checkpoint() as string)
    expect(checkpoint).toMatchObject({ origin: 'quern/test/t0', size: 600 })
    expect(checkpoint.root).toEqual(rootOfLeaves(entries(0, 600).map((entry) => leafHash(entry))))
    expect(openNote(notes.at(-1) as string, keyring([log])).verified).toHaveLength(1)
    expect(await sequencer.reader.entries(250, 260)).toEqual(entries(250, 260))
    const proof = await sequencer.reader.inclusion(300)
    expect(verifyInclusion(proof, { leaf: leafHash(entryOf('entry 300')), index: 300, size: 600, root: checkpoint.root })).toBe(true)
  })

  it('logs the same entry once, whoever sends it and however often', async () => {
    const { sequencer, admitted } = await open()
    const [first, second] = await Promise.all([sequencer.submit(entryOf('a')), sequencer.submit(entryOf('a'))])
    expect(second).toEqual(first)
    await sequencer.submit(entryOf('b'))
    expect(await sequencer.submit(entryOf('a'))).toMatchObject({ status: 'receipt', index: 0 })
    expect(admitted).toHaveLength(2)
    expect(sequencer.size).toBe(2)
  })

  it('refuses what the fold refuses, and what no entry can be', async () => {
    const { sequencer } = await open({ admit: () => ({ ok: false, code: 'BAD_SEQUENCE', message: 'n is taken' }) })
    expect(await sequencer.submit(entryOf('a'))).toEqual({ status: 'refused', code: 'BAD_SEQUENCE', message: 'n is taken' })
    expect(await sequencer.submit(new Uint8Array(64_001))).toMatchObject({ status: 'refused', code: 'ENTRY_TOO_LARGE' })
    expect(await sequencer.submit(new Uint8Array(0))).toMatchObject({ status: 'refused', code: 'ENTRY_TOO_LARGE' })
    expect(sequencer.size).toBe(0)
  })

  it('ends a batch behind a phase entry', async () => {
    const batches: number[] = []
    const { world, submitAll } = await open({ onIntegrated: ({ entries: batch }) => batches.push(batch.length), intervalMs: 50 })
    const phase = encode({ t: 'epoch.phase', p: 1 })
    const answers = submitAll([...entries(0, 3), phase, ...entries(3, 7), utf8('says epoch.phase only')])
    await world.run({ untilMs: 0 })
    expect(batches).toEqual([4])
    await world.run({ untilMs: 50 })
    await answers
    expect(batches).toEqual([4, 5])
  })

  it('waits for company as long as it was told, and no longer when the batch is full', async () => {
    const batches: [number, number][] = []
    const world = new World({ seed: 1 })
    const { sequencer } = await open({
      world,
      intervalMs: 100,
      batchEntries: 8,
      onIntegrated: ({ entries: batch }) => batches.push([world.ageMs, batch.length]),
    })
    void sequencer.submit(entryOf('a'))
    await world.run({ untilMs: 60 })
    void sequencer.submit(entryOf('b'))
    await world.run({ untilMs: 1000 })
    for (const entry of entries(0, 9)) void sequencer.submit(entry)
    await world.run({ untilMs: 2000 })
    expect(batches).toEqual([
      [100, 2],
      [1000, 8],
      [1100, 1],
    ])
  })

  it('goes on where it left off, and tells a new fold what was logged', async () => {
    const first = await open()
    await first.submitAll(entries(0, 300))
    await first.sequencer[Symbol.asyncDispose]()
    await expect(first.sequencer.submit(entryOf('late'))).rejects.toMatchObject({ code: 'SEQUENCER_CLOSED' })
    const seen: number[] = []
    const second = await open({
      store: first.options.store,
      kv: first.options.kv,
      replay: { from: 290, apply: (_, index) => seen.push(index) },
    })
    expect(seen).toEqual([290, 291, 292, 293, 294, 295, 296, 297, 298, 299])
    expect(second.sequencer.checkpoint()).toBe(first.sequencer.checkpoint())
    expect(await second.sequencer.submit(entryOf('entry 7'))).toMatchObject({ index: 7 })
    expect(await second.sequencer.submit(entryOf('new'))).toMatchObject({ index: 300 })
  })

  it('never starts over when it forgot what it signed', async () => {
    const { sequencer, options, submitAll } = await open()
    await submitAll(entries(0, 3))
    await sequencer[Symbol.asyncDispose]()
    await expect(open({ store: options.store })).rejects.toMatchObject({ code: 'SEQUENCER_STATE_LOST' })
    await expect(open({ store: options.store, kv: options.kv, term: 1 })).rejects.toMatchObject({ code: 'WRONG_LOG' })
  })

  it('does not go on from damaged tiles', async () => {
    const { sequencer, options, submitAll } = await open()
    await submitAll(entries(0, 3))
    await sequencer[Symbol.asyncDispose]()
    const { files } = options.store as MemoryLogStore
    for (const path of ['tile/0/000.p/3', 'tile/entries/000.p/3']) {
      const kept = files.get(path) as Uint8Array
      files.set(path, kept.with(20, (kept[20] as number) ^ 1))
      await expect(open({ store: options.store, kv: options.kv })).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
      files.set(path, kept)
    }
    await open({ store: options.store, kv: options.kv })
  })
})

describe('the sequencer with witnesses', () => {
  async function withWitnesses(count: number, quorum: number) {
    const world = new World({ seed: 1 })
    const witnesses = Array.from({ length: count }, (_, i) => witnessOf(world, i + 1))
    const keys = keyring([log, ...witnesses.map(({ vkey }) => parseVkey(vkey))])
    const opened = await open({ world, witnesses: () => witnesses, quorum: () => quorum })
    return { ...opened, witnesses, keys, names: (note: string) => openNote(note, keys).verified.map(({ key }) => key.name) }
  }

  it('publishes when a quorum cosigned, and keeps later lines too', async () => {
    const { world, sequencer, submitAll, names, notes } = await withWitnesses(4, 3)
    await submitAll(entries(0, 5))
    expect(sequencer.checkpoint()).toBeUndefined()
    const note = await world.settle(sequencer.published(5))
    expect(names(note)).toEqual(['quern/test/t0', 'witness/1', 'witness/2', 'witness/3'])
    expect(world.ageMs).toBe(30)
    await world.run({ untilMs: 100 })
    expect(names(sequencer.checkpoint() as string)).toHaveLength(5)
    expect(notes).toEqual([note])
  })

  it('waits while the quorum is short, and goes on by itself', async () => {
    const { world, sequencer, submitAll, witnesses } = await withWitnesses(3, 2)
    for (const witness of witnesses.slice(1)) witness.down = true
    await submitAll(entries(0, 5))
    await world.run({ untilMs: 60_000 })
    await submitAll(entries(5, 9))
    await world.run({ untilMs: 120_000 })
    expect(sequencer.checkpoint()).toBeUndefined()
    for (const witness of witnesses) witness.down = false
    expect(peekCheckpoint(await world.settle(sequencer.published(9))).size).toBe(9)
  })

  it('learns from a 409 what a witness has, after a restart', async () => {
    const { world, sequencer, options, submitAll, witnesses } = await withWitnesses(2, 2)
    await submitAll(entries(0, 300))
    await world.settle(sequencer.published(300))
    await sequencer[Symbol.asyncDispose]()
    const again = await open({ ...options, world })
    await again.submitAll(entries(300, 310))
    await world.settle(again.sequencer.published(310))
    expect(witnesses[0]?.asked.slice(-2).map((body) => body.split('\n')[0])).toEqual(['old 0', 'old 300'])
  })

  it('asks for fresh times of the same tree with every heartbeat', async () => {
    const world = new World({ seed: 1 })
    const witnesses = [witnessOf(world, 1)]
    const { submitAll, notes } = await open({ world, witnesses: () => witnesses, quorum: () => 1, heartbeatMs: 10_000 })
    await submitAll(entries(0, 2))
    await world.run({ untilMs: 45_000 })
    expect(notes.length).toBeGreaterThanOrEqual(3)
    for (const note of notes) expect(peekCheckpoint(note)).toEqual(peekCheckpoint(notes[0] as string))
    const keys = keyring([log, ...witnesses.map(({ vkey }) => parseVkey(vkey))])
    const times = notes.map((note) => openNote(note, keys).verified.flatMap(({ time }) => time ?? [])[0] as number)
    expect(times.slice(1).every((time, i) => time - (times[i] as number) >= 10)).toBe(true)
  })

  it('counts no cosignature that does not hold, and no answer twice', async () => {
    const world = new World({ seed: 1 })
    const honest = witnessOf(world, 1)
    const liars: WitnessClient[] = [
      { name: 'echo', vkey: witnessOf(world, 2).vkey, addCheckpoint: (body, signal) => honest.addCheckpoint(body, signal) },
      { name: 'noise', vkey: witnessOf(world, 3).vkey, addCheckpoint: async () => ({ status: 200, body: 'yes\n' }) },
      { name: 'dizzy', vkey: witnessOf(world, 4).vkey, addCheckpoint: async () => ({ status: 409, body: `${world.random.int(3)}\n` }) },
      { name: 'ahead', vkey: witnessOf(world, 5).vkey, addCheckpoint: async () => ({ status: 409, body: '99\n' }) },
      { name: 'keyless', vkey: 'none', addCheckpoint: async () => ({ status: 200, body: '' }) },
    ]
    const { sequencer, submitAll } = await open({ world, witnesses: () => [honest, ...liars], quorum: () => 2 })
    await submitAll(entries(0, 3))
    await world.run({ untilMs: 600_000 })
    expect(sequencer.checkpoint()).toBeUndefined()
    await sequencer[Symbol.asyncDispose]()
  })

  it('hears of new witnesses when told', async () => {
    const world = new World({ seed: 1 })
    const seated: WitnessClient[] = []
    const { sequencer, submitAll } = await open({ world, witnesses: () => seated, quorum: () => 1 })
    await submitAll(entries(0, 3))
    await world.run({ untilMs: 1000 })
    seated.push(witnessOf(world, 1))
    sequencer.nudge()
    expect(peekCheckpoint(await world.settle(sequencer.published(3))).size).toBe(3)
  })

  it('gives one history for one seed', async () => {
    const history = async (): Promise<string> => {
      const { world, sequencer, submitAll, witnesses } = await withWitnesses(4, 3)
      for (let round = 0; round < 20; round++) {
        for (const witness of witnesses) witness.down = world.random.int(4) === 0
        void submitAll(entries(round * 10, round * 10 + 1 + world.random.int(9)))
        await world.run({ untilMs: world.ageMs + world.random.int(500) })
      }
      await world.settle(sequencer.published(sequencer.size))
      return `${world.digest()} ${sequencer.checkpoint()}`
    }
    expect(await history()).toBe(await history())
  })
})

describe('a crash', () => {
  class Crash extends Error {}
  /** Lets `budget` writes through, file by file; the next one is torn (or whole, but unreported), and everything after it fails. */
  class Breaking {
    left: number
    constructor(budget: number) {
      this.left = budget
    }
    spend(): void {
      if (this.left-- <= 0) throw new Crash('the machine is off')
    }
  }
  class BreakingStore extends MemoryLogStore {
    budget = new Breaking(Number.POSITIVE_INFINITY)
    override async write(files: LogFile[]): Promise<void> {
      for (const file of files) {
        this.budget.spend()
        await super.write([file])
      }
    }
  }
  class BreakingKv extends MemoryKv {
    budget = new Breaking(Number.POSITIVE_INFINITY)
    override async put(key: string, value: Uint8Array): Promise<void> {
      this.budget.spend()
      await super.put(key, value)
      this.budget.spend()
    }
  }

  it('at any write loses nothing acknowledged, counts nothing twice, and never signs another history', async () => {
    for (let point = 0; point < 60; point++) {
      const world = new World({ seed: point })
      const store = new BreakingStore()
      const kv = new BreakingKv()
      const witness = witnessOf(world, 1)
      const acknowledged = new Map<string, number>()
      const seenRoots = new Map<number, string>()
      const list = entries(0, 520)
      let next = 0
      let lastFold: string[] = []
      for (let life = 0; life < 3; life++) {
        // the same budget for store and record, as one machine loses its power; the last life has no limit
        const budget = new Breaking(life < 2 ? 3 + point + life : Number.POSITIVE_INFINITY)
        store.budget = budget
        kv.budget = budget
        const fold: string[] = []
        const apply = (entry: Uint8Array): void => void fold.push(toHex(leafHash(entry)))
        const { sequencer } = await open({
          world,
          store,
          kv,
          witnesses: () => [witness],
          quorum: () => 1,
          batchEntries: 90,
          replay: { from: 0, apply },
          admit: (entry) => {
            apply(entry)
            return { ok: true }
          },
        })
        // an author sends again what was not acknowledged, and now and then what was
        const sent = list.slice(Math.max(0, next - 40))
        const answers = sent.map((entry) =>
          sequencer.submit(entry).then((answer) => {
            if (answer.status !== 'receipt') throw new Error('refused')
            if ((acknowledged.get(toHex(answer.leafHash)) ?? answer.index) !== answer.index) throw new Error('a second index')
            acknowledged.set(toHex(answer.leafHash), answer.index)
          }),
        )
        const settled = Promise.allSettled(answers)
        if (life < 2) await world.run({ untilMs: world.ageMs + 2000 })
        else await world.settle(sequencer.published(520))
        for (const body of witness.asked) {
          const { size, root } = peekCheckpoint(body.slice(body.indexOf('\n\n') + 2))
          expect(seenRoots.get(size) ?? toHex(root)).toBe(toHex(root))
          seenRoots.set(size, toHex(root))
        }
        await world.settle(sequencer[Symbol.asyncDispose]())
        await settled
        next = acknowledged.size
        lastFold = fold
      }
      const reader = new LogReader(store, 520)
      // the fold of a life without a crash is the log, entry for entry
      expect(lastFold).toEqual((await reader.leafHashes(0, 520)).map(toHex))
      const leaves = (await reader.entries(0, 520)).map((entry) => toHex(leafHash(entry)))
      expect(new Set(leaves).size).toBe(520)
      for (const [leaf, index] of acknowledged) expect(leaves[index]).toBe(leaf)
      const checkpoint = peekCheckpoint(new TextDecoder().decode(store.files.get('checkpoint')))
      expect(await reader.root()).toEqual(checkpoint.root)
    }
  })

  it('of the disk for a while only delays', async () => {
    const world = new World({ seed: 1 })
    const store = new BreakingStore()
    const { sequencer, admitted } = await open({ world, store })
    store.budget = new Breaking(0)
    const answer = sequencer.submit(entryOf('a'))
    await world.run({ untilMs: 5000 })
    expect(sequencer.size).toBe(0)
    store.budget = new Breaking(Number.POSITIVE_INFINITY)
    expect(await world.settle(answer)).toMatchObject({ status: 'receipt', index: 0 })
    expect(admitted).toHaveLength(1)
  })
})
