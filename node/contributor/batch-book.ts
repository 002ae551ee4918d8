/** What a contributor remembers of its own batches, so that a restart goes on where a crash stopped it. */
import { z } from 'zod'
import type { Kv } from '../../core/effects/index.ts'
import { MAX_KEPT_FRONTIER } from './gather.ts'
import { batchManifest, bytesOf, bytesUpTo, cborCid, type CID, cid, encode, parse, uint } from '../../schemas/wire/index.ts'

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

const place = (sequence: number): string => `batch/${String(sequence).padStart(8, '0')}`
const urlsPlace = (sequence: number): string => `urls/${String(sequence).padStart(8, '0')}`

export class BatchBook {
  readonly #kv: Kv
  readonly #notes: BatchNote[] = []
  readonly #urls = new Set<string>()

  private constructor(kv: Kv) {
    this.#kv = kv
  }

  static async open(kv: Kv): Promise<BatchBook> {
    const book = new BatchBook(kv)
    for (const name of await kv.keys('batch/')) {
      const bytes = await kv.get(name)
      if (bytes !== undefined) book.#notes.push(parse(note, bytes, 64 << 10))
    }
    for (const name of await kv.keys('urls/')) {
      const bytes = await kv.get(name)
      if (bytes !== undefined) for (const url of parse(z.array(z.string()), bytes, 16 << 20)) book.#urls.add(url)
    }
    return book
  }

  /** URLs that wait for a later epoch. */
  async frontier(): Promise<string[]> {
    const bytes = await this.#kv.get('frontier')
    return bytes === undefined ? [] : parse(z.array(z.string()), bytes, 64 << 20)
  }

  async keepFrontier(urls: string[]): Promise<void> {
    await this.#kv.put('frontier', encode(urls.slice(0, MAX_KEPT_FRONTIER)))
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
