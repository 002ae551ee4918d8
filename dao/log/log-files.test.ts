/** The log as files: tiles, reader, verification, replicas; in memory and on disk. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import { toHex, utf8 } from '../../schemas/wire/index.ts'
import { openDiskLogStore } from '../stores/index.ts'
import {
  decodeBundle,
  EMPTY_ROOT,
  encodeBundle,
  leafHash,
  LogReader,
  type LogStore,
  LogTail,
  logSigner,
  MemoryLogStore,
  openReplica,
  parseTilePath,
  rootOfLeaves,
  signCheckpoint,
  type Tile,
  tileAt,
  tilePath,
  verifyConsistency,
  verifyInclusion,
  verifyLog,
} from './index.ts'
import { hashTilesOf } from './tiles.ts'

const entryOf = (i: number): Uint8Array => utf8(`entry ${i} ${'.'.repeat(i % 7)}`)
const entries = (from: number, to: number): Uint8Array[] => Array.from({ length: to - from }, (_, i) => entryOf(from + i))
const hashes = entries(0, 3000).map(leafHash)
const rootAt = (size: number): Uint8Array => rootOfLeaves(hashes.slice(0, size))
const signer = logSigner('quern/test', 0, keyFromSeed(new Uint8Array(32).fill(1)))
const noteAt = (size: number): string => signCheckpoint(size, rootAt(size), signer)

/** A log written in the given steps. */
async function logOf(store: LogStore, ...sizes: number[]): Promise<void> {
  const tail = LogTail.empty()
  for (const size of sizes) {
    const { files, full } = tail.append(entries(tail.size, size))
    await store.write(files)
    await store.dropPartials(full)
  }
}

describe('paths', () => {
  it.each<[Tile, string]>([
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 0, index: 0, width: 1 }, 'tile/0/000.p/1'],
    [{ level: 63, index: 999, width: 255 }, 'tile/63/999.p/255'],
    [{ level: 'entries', index: 1000, width: 256 }, 'tile/entries/x001/000'],
  ])('%j is %s', (tile, text) => {
    expect(tilePath(tile)).toBe(text)
    expect(parseTilePath(text)).toEqual(tile)
  })

  it.each([
    '',
    'tile/0/0',
    'tile/00/000',
    'tile/64/000',
    'tile/0/x000/001',
    'tile/0/001/x000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000/',
    'tile/8/0/000',
    'tile/-1/000',
    'tile/entries/../000',
    '../tile/0/000',
    'tile/0/x999/x999/x999/x999/x999/999',
  ])('refuses %j', (text) => {
    expect(parseTilePath(text)).toBeUndefined()
  })

  it('lists the tiles of the example of the specification', () => {
    const tiles = [...hashTilesOf(70_000)]
    expect(tiles.filter(({ level, width }) => level === 0 && width === 256)).toHaveLength(273)
    expect(tiles.slice(273).map(tilePath)).toEqual(['tile/0/273.p/112', 'tile/1/000', 'tile/1/001.p/17', 'tile/2/000.p/1'])
    expect([...hashTilesOf(256)].map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1'])
    expect([...hashTilesOf(0)]).toEqual([])
    expect(tileAt(256, 'entries', 1)).toBeUndefined()
  })
})

describe('an entry bundle', () => {
  it('gives back what it was made of', () => {
    const list = [new Uint8Array(0), utf8('a'), new Uint8Array(65_535).fill(7)]
    expect(decodeBundle(encodeBundle(list))).toEqual(list)
    expect(decodeBundle(new Uint8Array(0))).toEqual([])
  })

  it('cannot hold more than 65,535 bytes', () => {
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(expect.objectContaining({ code: 'ENTRY_TOO_LARGE' }))
  })

  it.each([[[0]], [[0, 1]], [[0, 2, 7]], [[0, 1, 7, 0]]])('with bytes %j is refused', (bytes) => {
    expect(decodeBundle(Uint8Array.from(bytes))).toBeUndefined()
  })
})

describe.each<[string, () => Promise<LogStore>]>([
  ['memory', async () => new MemoryLogStore()],
  ['disk', () => openDiskLogStore(path.join(folder, `log-${count++}`))],
])('a log in %s', (_, open) => {
  it('is the same whatever the steps it grew in', async () => {
    const steps = [[1, 2, 255, 256, 257, 700], [700], [256, 512, 700], [699, 700]]
    for (const sizes of steps) {
      const store = await open()
      await logOf(store, ...sizes)
      for (const tile of hashTilesOf(700)) {
        const bytes = (await store.read(tilePath(tile))) as Uint8Array
        expect(bytes.byteLength).toBe(tile.width * 32)
      }
      expect(await verifyLog(store, { size: 700, root: rootAt(700) })).toMatchObject({ ok: true, entries: 700, files: 7 })
    }
  })

  it('goes on from its files at any size', async () => {
    for (const size of [0, 1, 255, 256, 257, 512, 513]) {
      const store = await open()
      await logOf(store, size)
      const tail = size === 0 ? LogTail.empty() : await LogTail.open(store, size, rootAt(size))
      await store.write(tail.append(entries(size, 800)).files)
      expect(await verifyLog(store, { size: 800, root: rootAt(800) })).toMatchObject({ ok: true })
    }
  })

  it('gives entries, roots and proofs', async () => {
    const store = await open()
    await logOf(store, 100, 300, 1000)
    const reader = new LogReader(store, 1000)
    expect(await reader.entry(999)).toEqual(entryOf(999))
    expect(await reader.entries(200, 600)).toEqual(entries(200, 600))
    expect(await reader.entries(5, 5)).toEqual([])
    expect((await reader.leafHashes(255, 258)).map(toHex)).toEqual(hashes.slice(255, 258).map(toHex))
    for (const size of [1, 255, 256, 700, 1000]) {
      expect(await reader.root(size)).toEqual(rootAt(size))
      const proof = await reader.consistency(size)
      expect(verifyConsistency(proof, { oldSize: size, oldRoot: rootAt(size), size: 1000, root: rootAt(1000) })).toBe(true)
      const siblings = await reader.inclusion(size - 1, size)
      expect(verifyInclusion(siblings, { leaf: hashes[size - 1] as Uint8Array, index: size - 1, size, root: rootAt(size) })).toBe(true)
    }
    expect(await reader.root(0)).toEqual(EMPTY_ROOT)
    expect(await reader.consistency(0)).toEqual([])
    for (const wrong of [reader.entry(1000), reader.entry(-1), reader.root(1001), reader.inclusion(5, 5), reader.consistency(2, 1)])
      await expect(wrong).rejects.toMatchObject({ code: 'OUT_OF_RANGE' })
  })

  it('drops partial tiles once the full one is there, and reads on', async () => {
    const store = await open()
    await logOf(store, 200)
    const reader = new LogReader(store, 200)
    await logOf(store, 200, 300)
    expect(await store.read('tile/0/000.p/200')).toBeUndefined()
    expect(await reader.root()).toEqual(rootAt(200))
    expect(await reader.entry(199)).toEqual(entryOf(199))
  })

  it('has nothing at any other path', async () => {
    const store = await open()
    await logOf(store, 3)
    for (const wrong of ['../../../etc/passwd', 'tile', 'tile/0', 'tile/0/000', '/etc/passwd', 'checkpoint/', '.checkpoint.tmp'])
      expect(await store.read(wrong)).toBeUndefined()
  })
})

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-log-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('leaves no temporary file on disk', async () => {
  const store = await openDiskLogStore(path.join(folder, 'clean'))
  await logOf(store, 10, 300)
  const names = await readdir(path.join(folder, 'clean'), { recursive: true })
  expect(names.toSorted()).toEqual(
    [
      'tile',
      'tile/0',
      'tile/0/000',
      'tile/0/001.p',
      'tile/0/001.p/44',
      'tile/1',
      'tile/1/000.p',
      'tile/1/000.p/1',
      'tile/entries',
      'tile/entries/000',
      'tile/entries/001.p',
      'tile/entries/001.p/44',
    ].toSorted(),
  )
})

it('says so when the disk refuses', async () => {
  const store = await openDiskLogStore(path.join(folder, 'refuses'))
  await store.write([{ path: 'tile/0/000', bytes: new Uint8Array(32) }])
  await expect(store.write([{ path: 'tile/0/000/001', bytes: new Uint8Array(1) }])).rejects.toMatchObject({ code: /^DISK_/ })
  await store.write([{ path: 'tile/0/001', bytes: new Uint8Array(32) }])
})

describe('verification', () => {
  const size = 700
  async function damagedLog(): Promise<MemoryLogStore> {
    const store = new MemoryLogStore()
    await logOf(store, size)
    return store
  }

  it('names the file of any flipped byte', async () => {
    const store = await damagedLog()
    expect(store.files.size).toBe(7)
    for (const [name, bytes] of store.files)
      for (let at = 0; at < bytes.byteLength; at += Math.max(1, Math.floor(bytes.byteLength / 16))) {
        store.files.set(name, bytes.with(at, (bytes[at] as number) ^ 0x10))
        expect(await verifyLog(store, { size, root: rootAt(size) })).toMatchObject({ ok: false, file: name })
        store.files.set(name, bytes)
      }
    expect(await verifyLog(store, { size, root: rootAt(size) })).toMatchObject({ ok: true })
  })

  it('names a file that is missing, short, long or another one', async () => {
    const store = await damagedLog()
    for (const [name, bytes] of Array.from(store.files)) {
      for (const wrong of [undefined, bytes.slice(1), new Uint8Array(0), Uint8Array.of(...bytes, 0), bytes.slice(0, -32)]) {
        if (wrong) store.files.set(name, wrong)
        else store.files.delete(name)
        expect(await verifyLog(store, { size, root: rootAt(size) })).toMatchObject({ ok: false, file: name })
        store.files.set(name, bytes)
      }
    }
  })

  it('says that a root belongs to another log', async () => {
    const store = await damagedLog()
    expect(await verifyLog(store, { size, root: rootAt(699) })).toMatchObject({ ok: false, file: 'checkpoint', code: 'LOG_ROOT_MISMATCH' })
    expect(await verifyLog(new MemoryLogStore(), { size: 0, root: EMPTY_ROOT })).toEqual({ ok: true, entries: 0, files: 0 })
    expect(await verifyLog(new MemoryLogStore(), { size: 0, root: rootAt(1) })).toMatchObject({ ok: false, file: 'checkpoint' })
  })

  it('names the highest of several wrong tiles', async () => {
    const store = await damagedLog()
    for (const name of ['tile/entries/001', 'tile/0/000']) store.files.set(name, (store.files.get(name) as Uint8Array).with(3, 0xee))
    expect(await verifyLog(store, { size, root: rootAt(size) })).toMatchObject({ ok: false, file: 'tile/0/000' })
  })

  it('hands out entries on the way', async () => {
    const seen: number[] = []
    await verifyLog(await damagedLog(), { size, root: rootAt(size) }, (list, from) => seen.push(from, list.length))
    expect(seen).toEqual([0, 256, 256, 256, 512, 188])
  })
})

describe('a replica', () => {
  it('takes entries in pieces and counts them when they give a root', async () => {
    const store = new MemoryLogStore()
    const replica = await openReplica(store, 'quern/test/t0')
    expect(replica).toMatchObject({ size: 0, next: 0, note: undefined })
    expect(await replica.extend({ note: noteAt(300), from: 0, entries: entries(0, 120) })).toBe(false)
    expect(replica).toMatchObject({ size: 0, next: 120 })
    expect(await replica.extend({ note: noteAt(310), from: 120, entries: entries(120, 400) })).toBe(true)
    expect(replica).toMatchObject({ size: 310, next: 310, note: noteAt(310), root: rootAt(310) })
    expect(await replica.reader.entry(309)).toEqual(entryOf(309))
    expect(await verifyLog(store, replica)).toMatchObject({ ok: true })
  })

  it('goes on after a restart from its last checkpoint', async () => {
    const store = new MemoryLogStore()
    const first = await openReplica(store, 'quern/test/t0')
    await first.extend({ note: noteAt(300), from: 0, entries: entries(0, 300) })
    await first.extend({ note: noteAt(600), from: 300, entries: entries(300, 550) })
    const second = await openReplica(store, 'quern/test/t0')
    expect(second).toMatchObject({ size: 300, next: 300 })
    expect(await second.extend({ note: noteAt(600), from: 300, entries: entries(300, 600) })).toBe(true)
    expect(await verifyLog(store, second)).toMatchObject({ ok: true, entries: 600 })
  })

  it('refuses entries that do not give the root, and is what it was', async () => {
    const store = new MemoryLogStore()
    const replica = await openReplica(store, 'quern/test/t0')
    await replica.extend({ note: noteAt(300), from: 0, entries: entries(0, 300) })
    const wrong = entries(300, 600).with(7, utf8('slipped in'))
    await expect(replica.extend({ note: noteAt(600), from: 300, entries: wrong })).rejects.toMatchObject({ code: 'ROOT_MISMATCH' })
    expect(replica).toMatchObject({ size: 300, next: 300 })
    expect(await replica.extend({ note: noteAt(600), from: 300, entries: entries(300, 600) })).toBe(true)
    expect(await verifyLog(store, replica)).toMatchObject({ ok: true })
  })

  it('tells a log that goes on from one that was rewritten', async () => {
    const replica = await openReplica(new MemoryLogStore(), 'quern/test/t0')
    await replica.extend({ note: noteAt(300), from: 0, entries: entries(0, 300) })
    const store = new MemoryLogStore()
    await logOf(store, 500)
    const proof = await new LogReader(store, 500).consistency(300)
    expect(replica.follows(noteAt(500), proof)).toBe(true)
    expect(replica.follows(signCheckpoint(500, rootAt(499), signer), proof)).toBe(false)
  })

  it('keeps to its log and its place', async () => {
    const replica = await openReplica(new MemoryLogStore(), 'quern/test/t0')
    const other = logSigner('quern/test', 1, keyFromSeed(new Uint8Array(32).fill(1)))
    await expect(replica.extend({ note: signCheckpoint(1, rootAt(1), other), from: 0, entries: entries(0, 1) })).rejects.toMatchObject({
      code: 'WRONG_LOG',
    })
    await replica.extend({ note: noteAt(3), from: 0, entries: entries(0, 3) })
    for (const update of [
      { note: noteAt(5), from: 2, entries: entries(2, 5) },
      { note: noteAt(5), from: 4, entries: entries(4, 5) },
      { note: noteAt(2), from: 3, entries: [] },
    ])
      await expect(replica.extend(update)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' })
  })
})
