/** What a contributor remembers of its own batches, so that a restart goes on where a crash stopped it. */
import { z } from 'zod'
import { type Kv, type Logger, silent } from '../../core/effects/index.ts'
import { batchManifest, bytesOf, bytesUpTo, cborCid, type CID, cid, encode, parse, uint, WireError } from '../../schemas/wire/index.ts'
import type { Widening } from './charter-scope.ts'
import { MAX_KEPT_FRONTIER_BYTES, withinFrontier } from './gather.ts'

const note = z.strictObject({
  epoch: uint,
  manifest: batchManifest,
  manifestCid: cid,
  salt: bytesOf(32),
  /** Moved to the public space. */
  published: z.boolean(),
  /** DAG-CBOR of the DAO's batch receipt, once given. */
  receipt: bytesUpTo(8192).nullable(),
})
export type BatchNote = z.infer<typeof note>

const urlList = z.array(z.string())
const wideningList = z.array(z.tuple([z.string(), z.string()]))
/** A start page redirects to one host at a time. */
const MAX_WIDENINGS = 4096

const place = (sequence: number): string => `batch/${String(sequence).padStart(8, '0')}`
const urlsPlace = (sequence: number): string => `urls/${String(sequence).padStart(8, '0')}`

export class BatchBook {
  readonly #kv: Kv
  readonly #logger: Logger
  readonly #notes: BatchNote[] = []
  readonly #urls = new Set<string>()

  private constructor(kv: Kv, logger: Logger) {
    this.#kv = kv
    this.#logger = logger
  }

  static async open(kv: Kv, logger: Logger = silent): Promise<BatchBook> {
    const book = new BatchBook(kv, logger)
    for (const name of await kv.keys('batch/')) {
      const bytes = await kv.get(name)
      if (bytes !== undefined) book.#notes.push(parse(note, bytes, 64 << 10))
    }
    for (const name of await kv.keys('urls/')) {
      const bytes = await kv.get(name)
      if (bytes !== undefined) for (const url of parse(urlList, bytes, 16 << 20)) book.#urls.add(url)
    }
    return book
  }

  /** URLs that wait for a later epoch. */
  async frontier(): Promise<string[]> {
    return this.#list('frontier', urlList)
  }

  /** Where start pages redirected. */
  async widenings(): Promise<Widening[]> {
    return this.#list('widenings', wideningList)
  }

  /** As much as can be read again; what stands first goes first. */
  async keepFrontier(urls: string[]): Promise<void> {
    await this.#kv.put('frontier', encode(withinFrontier(urls)))
  }

  async keepWidenings(widenings: Widening[]): Promise<void> {
    await this.#kv.put('widenings', encode(widenings.slice(-MAX_WIDENINGS)))
  }

  /** Empty where it cannot be understood: it is found again from the start pages, and no epoch may fail for it. */
  async #list<T>(name: string, shape: z.ZodType<T[]>): Promise<T[]> {
    const bytes = await this.#kv.get(name)
    if (bytes === undefined) return []
    try {
      return parse(shape, bytes, MAX_KEPT_FRONTIER_BYTES * 4)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#logger.warn('kept-list-unreadable', { name, bytes: bytes.byteLength, code: error.code })
      return []
    }
  }

  get all(): readonly BatchNote[] {
    return this.#notes
  }

  get last(): BatchNote | undefined {
    return this.#notes.at(-1)
  }

  knows(url: string): boolean {
    return this.#urls.has(url)
  }

  /** Durable before the commitment may leave this machine: a salt that is lost makes the batch worthless. */
  async add(batch: Omit<BatchNote, 'manifestCid' | 'published' | 'receipt'>, urls: string[]): Promise<BatchNote> {
    const added: BatchNote = { ...batch, manifestCid: cborCid(encode(batch.manifest)), published: false, receipt: null }
    await this.#kv.put(urlsPlace(batch.manifest.sequence), encode(urls))
    await this.#kv.put(place(batch.manifest.sequence), encode(added))
    for (const url of urls) this.#urls.add(url)
    this.#notes.push(added)
    return added
  }

  async update(batch: BatchNote, change: Partial<Pick<BatchNote, 'epoch' | 'published' | 'receipt'>>): Promise<void> {
    // on disk first: what is only remembered here would be forgotten by a crash
    await this.#kv.put(place(batch.manifest.sequence), encode({ ...batch, ...change }))
    Object.assign(batch, change)
  }

  find(manifest: CID): BatchNote | undefined {
    return this.#notes.find((known) => known.manifestCid.equals(manifest))
  }
}
