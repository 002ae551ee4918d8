/** Deletes shares for good, and says so: an intent on disk, the rows and their key, the papers, the signed acknowledgement, in this order. */
import { z } from 'zod'
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { bytesUpTo, cid, type CID, did, encode, parse } from '../../schemas/wire/index.ts'
import type { PaperBox } from './papers.ts'
import type { ShareRow } from './share-row.ts'
import type { ShareTable } from './share-table.ts'

export interface ShredderOptions {
  kv: Kv
  clock: Clock
  signer: Signer
  ledger: string
  table: ShareTable
  papers: PaperBox
  logger: Logger
  /** Its papers are gone as well. */
  onGone?: (manifest: CID) => void
}

/** Whose it was stays, so that its subject can go on asking who read it; null where the papers were lost before. */
const intent = z.strictObject({ manifest: cid, subject: did.nullable() })
type Intent = z.infer<typeof intent>
const gone = z.strictObject({ subject: did.nullable(), ack: bytesUpTo(1024) })
/** A contribution of which a share was deleted here. `ack`: DAG-CBOR of the shredAck. */
export type Gone = z.infer<typeof gone>

export class Shredder {
  readonly #options: ShredderOptions
  /** Unix seconds of the last rotation of the table's key. */
  rotatedAt: number
  readonly #underWay = new Set<Promise<void>>()
  #finishing: Promise<void> | undefined

  constructor(options: ShredderOptions) {
    this.#options = options
    this.rotatedAt = this.#now()
  }

  /** Resolves when the shares are gone, the key they lay under too, and the acknowledgements are on disk. */
  shred(rows: readonly ShareRow[]): Promise<void> {
    const done = this.#shred(rows)
    this.#underWay.add(done)
    const over = (): boolean => this.#underWay.delete(done)
    done.then(over, over)
    return done
  }

  async #shred(rows: readonly ShareRow[]): Promise<void> {
    const { kv, logger } = this.#options
    const intents: Intent[] = []
    for (const row of rows) {
      const one = { manifest: row.manifest, subject: await this.#subjectOf(row) }
      await kv.put(intentOf(row.manifest), encode(one))
      intents.push(one)
    }
    const generation = await this.#carryOut(intents)
    logger.info('keyholder.shredded', { shares: rows.length, generation })
  }

  /** A share that went to another committee: it goes without an acknowledgement, for its contribution goes on, and its subject may ask who read it here. */
  async leave(row: ShareRow): Promise<void> {
    const { kv, table, papers } = this.#options
    const subject = await this.#subjectOf(row)
    if (subject !== null) await kv.put(leftOf(row.manifest), encode(subject))
    await table.shred([row.manifest])
    await papers.delete(row.manifest)
  }

  /** Of what was deleted or let go here; undefined where it is not known. */
  async subjectOf(manifest: CID): Promise<string | undefined> {
    const ended = await this.goneOf(manifest)
    const left = ended === undefined ? await this.#options.kv.get(leftOf(manifest)) : undefined
    return ended?.subject ?? (left && parse(did, left, 256))
  }

  /**
   * Goes on where a crash or a full disk stopped it. The key rotates again: that it did before cannot be seen any more. Whoever asks meanwhile waits for
   * the same; what a shredding under way carries to its end itself is left to it.
   */
  finish(): Promise<void> {
    return (this.#finishing ??= this.#finish().finally(() => {
      this.#finishing = undefined
    }))
  }

  async #finish(): Promise<void> {
    const { kv } = this.#options
    const keys = await kv.keys(INTENT)
    // what ends meanwhile deletes its own intents, and what begins meanwhile is not among them
    await Promise.allSettled(this.#underWay)
    const kept = await Promise.all(keys.map((key) => kv.get(key)))
    const intents = kept.flatMap((bytes) => (bytes === undefined ? [] : [parse(intent, bytes, 512)]))
    if (intents.length > 0) await this.#carryOut(intents)
  }

  async rotate(): Promise<void> {
    await this.#options.table.rotate()
    this.rotatedAt = this.#now()
  }

  /** Of a contribution that ended here; asking again gives the same. */
  async goneOf(manifest: CID): Promise<Gone | undefined> {
    const bytes = await this.#options.kv.get(goneOf(manifest))
    return bytes && parse(gone, bytes, 2048)
  }

  async #carryOut(intents: readonly Intent[]): Promise<number> {
    const generation = await this.#options.table.shred(intents.map(({ manifest }) => manifest))
    this.rotatedAt = this.#now()
    for (const one of intents) await this.#acknowledge(one, generation)
    return generation
  }

  async #acknowledge({ manifest, subject }: Intent, generation: number): Promise<void> {
    const { kv, papers, signer, ledger, onGone } = this.#options
    await papers.delete(manifest)
    const ack = signObject('shred-ack', { v: 1, dao: ledger, manifest, by: signer.did, at: this.#now(), generation }, signer)
    await kv.put(goneOf(manifest), encode({ subject, ack: encode(ack) }))
    await kv.delete(intentOf(manifest))
    onGone?.(manifest)
  }

  async #subjectOf({ manifest, paperKey }: ShareRow): Promise<string | null> {
    try {
      return (await this.#options.papers.get(manifest, paperKey)).manifest.subject
    } catch (thrown) {
      if (codeOf(thrown) === 'PAPERS_LOST') return null
      throw thrown
    }
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }
}

const INTENT = 'shredding/'
const intentOf = (manifest: CID): string => `${INTENT}${manifest.toString()}`
const leftOf = (manifest: CID): string => `left/${manifest.toString()}`
const goneOf = (manifest: CID): string => `shredded/${manifest.toString()}`
