/** An epoch's batch is sealed while its crawl goes on: what of it is stored when, what a kill or a failure leaves, and who waits for whom. */
import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Clock, type Logger, silent } from '../../core/effects/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { type Block, type Hold, MemoryStorage, readFile } from '../../core/storage/index.ts'
import { openWeb } from '../../core/web/index.ts'
import { batchRoots } from '../../dao/batches/index.ts'
import { type BatchIndex, batchIndex, type BatchManifest, parse, PHASES, sha256, utf8 } from '../../schemas/wire/index.ts'
import { eventually, realClock } from '../../tests/support/real-clock.ts'
import { LedgerWorld } from '../../tests/unit/ledger-world.ts'
import { inlineWorker, type PageWorker } from '../crawl/index.ts'
import { BatchBook } from './batch-book.ts'
import { crawlGather } from './crawl-gather.ts'
import { Gathering } from './gathering.ts'
import type { Bench, ContributorProgress } from './options.ts'

const PAGES = 60
/** Of each page, and they do not pack: so many pages make a portion. */
const HEAVY_BYTES = 240_000
const PORTION = 12
/** Pages of a host that other threads may have in work, and pages that wait for who gathers in memory. */
const IN_WORK = 8
const CHANNEL = 16

let base: string
let server: Server
let port: number
let asked: number[] = []
/** This page is not answered until it is let go. */
let held: number | undefined
let letGo: () => void = () => {}
const ballast = Array.from({ length: PAGES }, () => randomBytes((HEAVY_BYTES * 3) / 4).toString('base64'))

function answer(response: ServerResponse, i: number): void {
  const words = `The page with the number ${i} says what only it says, which is ${i * 31 + 7} and nothing else. `.repeat(8)
  const links = i === 0 ? Array.from({ length: PAGES - 1 }, (_, k) => `<a href="/${k + 1}">${k + 1}</a>`).join(' ') : ''
  response.end(`<html lang="en"><title>Page ${i}</title><h1>Page ${i}</h1><p>${words}</p>${links}<!--${ballast[i]}--></html>`)
}

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'quern-sealing-'))
  server = createServer((request, response) => {
    // the same bytes whenever it is asked
    response.sendDate = false
    const i = Number(/^\/(\d+)$/.exec(request.url ?? '')?.[1] ?? Number.NaN)
    if (!(i < PAGES)) return void response.writeHead(404).end()
    asked.push(i)
    response.writeHead(200, { 'content-type': 'text/html' })
    if (i === held) letGo = () => answer(response, i)
    else answer(response, i)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  ;({ port } = server.address() as AddressInfo)
})
afterEach(() => {
  letGo()
  held = undefined
  letGo = () => {}
  asked = []
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
  await rm(base, { recursive: true })
})

/** Every fetch at the same moment: what is gathered twice is the same to the byte. */
const frozen: Clock = { ...realClock, now: () => 1_800_000_000_000 }
const SALT = sha256(utf8('salt'))

interface Setup {
  folder?: string | undefined
  worker?: PageWorker | undefined
  /** In place of the store's own. */
  put?: (blocks: Iterable<Block>, own: Hold['put']) => Promise<void>
}

/** A contributor's gathering in its first epoch, beside its store. */
class One implements AsyncDisposable {
  readonly storage = new MemoryStorage()
  readonly said: ContributorProgress['what'][] = []
  readonly errors: unknown[] = []
  readonly stop = new AbortController()
  readonly book: BatchBook
  readonly #gathering: Gathering

  private constructor(book: BatchBook, { folder, worker, put }: Setup) {
    this.book = book
    const { private: space } = this.storage
    if (put !== undefined) {
      const hold = space.hold()
      space.hold = () => ({ put: (blocks) => put(blocks, (all) => hold.put(all)), [Symbol.dispose]: () => hold[Symbol.dispose]() })
    }
    const phases = PHASES.map((phase) => [phase, { minSeconds: 0, maxSeconds: 3600 }])
    const allowPrivate = [`127.0.0.1:${port}`]
    const ledger = new LedgerWorld({
      contributors: ['ann'],
      charter: {
        epoch: Object.fromEntries(phases) as never,
        sources: { seeds: [`http://127.0.0.1:${port}/0`], scope: 'host', delayMs: 0, allowPrivate },
      },
    })
    ledger.advance('gather')
    const gather = crawlGather({
      clock: frozen,
      logger: silent,
      openWeb: () => openWeb({ clock: frozen, userAgent: 'QuernBot/1.0', allowPrivate }),
      agentToken: 'QuernBot',
      ...(folder === undefined ? {} : { folder: path.join(base, folder) }),
      overrides: worker ? { worker } : {},
    })
    const logger: Logger = { ...silent, error: (_event, fields) => void this.errors.push(fields?.['code']) }
    const random = { int: () => 0, bytes: () => SALT }
    const bench = {
      state: () => ledger.state,
      me: ledger.contributors[0]?.did,
      book,
      options: { clock: frozen, random, logger, storage: this.storage, gather },
      signal: this.stop.signal,
      wake() {},
      say: (what: ContributorProgress['what']) => void this.said.push(what),
    }
    this.#gathering = new Gathering(bench as unknown as Bench)
    this.#gathering.tend()
  }

  static async begin(setup: Setup): Promise<One> {
    return new One(await BatchBook.open(new MemoryKv()), setup)
  }

  /** Resolves when the epoch's gathering is over, however it ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gathering[Symbol.asyncDispose]()
  }

  async blocks(): Promise<number> {
    return (await this.storage.private.usage()).blocks
  }

  async pins(): Promise<number> {
    return (await Array.fromAsync(this.storage.private.pins())).length
  }

  /** Its batch, once it is over. */
  async batch(): Promise<{ manifest: BatchManifest; index: BatchIndex }> {
    await this[Symbol.asyncDispose]()
    if (this.errors.length > 0) throw new Error(`the epoch failed: ${this.errors.join()}`)
    const { manifest } = this.book.last as { manifest: BatchManifest }
    return { manifest, index: parse(batchIndex, await readFile(this.storage.private, manifest.index, 64 << 20), 64 << 20) }
  }
}

/** Resolves when nothing is asked any more: with nobody holding it back the site would have been asked for all of its pages meanwhile. */
async function quiet(): Promise<void> {
  let [before, same] = [-1, 0]
  await eventually(() => {
    same = asked.length === before ? same + 1 : 0
    before = asked.length
    return same === 30
  })
}

const ways = ['folder', undefined]

it.each(ways)(
  'stores blocks while the crawl goes on, pins nothing before the batch is whole, and loses none to a collection (%s)',
  async (way) => {
    held = PAGES - 1
    await using one = await One.begin({ folder: way && `stored-${way}` })
    await eventually(() => asked.at(-1) === held)
    // nearly all that there is, although a page is missing
    await eventually(async () => (await one.blocks()) > 2 * (PAGES - 1 - PORTION))
    expect(await one.pins()).toBe(0)
    await one.storage.private.gc()
    letGo()
    const { manifest } = await one.batch()
    expect(manifest.count).toBe(PAGES)
    for (const root of batchRoots(manifest)) expect(await one.storage.private.isPinned(root)).toBe(true)
  },
)

it('seals what a killed process kept, and then the rest: the same records in the same order, with the same evidence', async () => {
  held = PAGES / 2
  await using whole = await One.begin({ folder: 'whole' })
  await eventually(() => asked.at(-1) === held)
  await quiet()
  // as a kill would leave it: what the log tells of lies in the files
  const [from, to] = ['whole', 'killed'].map((name) => path.join(base, name, 'epoch-1'))
  for (const name of ['frontier.log', 'journal.jsonl.part', 'records.jsonl.gz.part', 'evidence.warc.gz.part'])
    await cp(path.join(from as string, name), path.join(to as string, name))
  letGo()
  const expected = await whole.batch()
  expect(expected.manifest.count).toBe(PAGES)

  asked = []
  held = undefined
  await using resumed = await One.begin({ folder: 'killed' })
  const { manifest, index } = await resumed.batch()
  expect(asked).toEqual(Array.from({ length: PAGES / 2 }, (_, i) => PAGES / 2 + i))
  expect(String(manifest.records)).toBe(String(expected.manifest.records))
  // rules are asked for again, and lie in the evidence once more
  const evidence = ({ rows, evidenceLeaves }: BatchIndex): string[] =>
    rows.flatMap(({ evidenceLeaves: [at, count] }) => evidenceLeaves.slice(at, at + count).map(([cid]) => String(cid)))
  expect(evidence(index)).toEqual(evidence(expected.index))

  // killed when all of it was fetched: nothing is asked, and the batch is the same to the byte
  asked = []
  await using again = await One.begin({ folder: 'whole' })
  expect((await again.batch()).manifest).toEqual(expected.manifest)
  expect(asked).toEqual([])
})

it.each([
  ['a folder, in this thread', 'folder', undefined],
  ['a folder, in others', 'folder', { work: (job) => inlineWorker.work(job), isElsewhere: true } satisfies PageWorker],
  ['memory', undefined, undefined],
])('lets the crawl run no further ahead of a slow store than memory allows (%s)', async (name, way, worker) => {
  const gate = Promise.withResolvers<void>()
  await using one = await One.begin({ folder: way && `slow-${name}`, worker, put: (blocks, own) => gate.promise.then(() => own(blocks)) })
  await eventually(() => asked.length >= PORTION)
  await quiet()
  // the portion that the store does not take, and the pages that wait behind it
  expect(asked.length).toBeLessThanOrEqual(PORTION + (way === undefined ? CHANNEL : 0) + (worker ? IN_WORK : 0) + 2)
  expect(await one.blocks()).toBe(0)
  gate.resolve()
  expect((await one.batch()).manifest.count).toBe(PAGES)
})

it.each(ways)('ends the crawl and the epoch with the error of a store that fails (%s)', async (way) => {
  let puts = 0
  const put: Setup['put'] = (blocks, own) =>
    ++puts === 2 ? Promise.reject(new FatalError('QUOTA_FULL', 'the quota is used up; raise it')) : own(blocks)
  await using one = await One.begin({ folder: way && `fails-${way}`, put })
  await one[Symbol.asyncDispose]()
  await quiet()
  expect([one.said, one.errors]).toEqual([['gathering', 'nothing-gathered'], ['QUOTA_FULL']])
  expect(asked.length).toBeLessThan(PAGES / 2)
  expect([puts, await one.pins(), one.book.last]).toEqual([2, 0, undefined])

  // once there is room: what the folder took is sealed, the page that failed as well, and what was not asked for is
  const before = asked.length
  await using again = await One.begin({ folder: way && `fails-${way}` })
  expect((await again.batch()).manifest.count).toBe(PAGES)
  expect(asked.length - before).toBe(way === undefined ? PAGES : PAGES - before)
})

it.each(ways)('leaves nothing pinned of an epoch that is stopped, and nothing that a collection does not take (%s)', async (way) => {
  held = PAGES / 2
  await using one = await One.begin({ folder: way && `stopped-${way}` })
  await eventually(() => asked.at(-1) === held)
  await eventually(async () => (await one.blocks()) > 0)
  one.stop.abort(new Error('stopped'))
  await one[Symbol.asyncDispose]()
  expect([one.said, one.errors]).toEqual([['gathering'], []])
  expect([await one.pins(), one.book.last]).toEqual([0, undefined])
  await one.storage.private.gc()
  expect(await one.blocks()).toBe(0)
})
