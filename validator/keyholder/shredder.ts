/** Deletes shares for good, and says so: an intent on disk, the rows and their key, the papers, the signed acknowledgement, in this order. */
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type CID, encode, fromHex, parse, cid, toHex } from '../../schemas/wire/index.ts'
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

export class Shredder {
  readonly #options: ShredderOptions
  /** Unix seconds of the last rotation of the table's key. */
  rotatedAt: number

  constructor(options: ShredderOptions) {
    this.#options = options
    this.rotatedAt = this.#now()
  }

  /** Resolves when the shares are gone, the key they lay under too, and the acknowledgements are on disk. */
  async shred(rows: readonly ShareRow[]): Promise<void> {
    const { kv, table, logger } = this.#options
    for (const { receipts, manifest } of rows) for (const receipt of receipts) await kv.put(intentOf(receipt), encode(manifest))
    const generation = await table.shred(rows.map(({ manifest }) => manifest))
    this.rotatedAt = this.#now()
    for (const { receipts, manifest } of rows) for (const receipt of receipts) await this.#acknowledge(receipt, manifest, generation)
    logger.info('keyholder.shredded', { shares: rows.length, generation })
  }

  /** Goes on where a crash or a full disk stopped it. The key rotates again: that it did before cannot be seen any more. */
  async finish(): Promise<void> {
    const { kv, table } = this.#options
    const intents = await kv.keys(INTENT)
    if (intents.length === 0) return
    const manifests = await Promise.all(intents.map(async (key) => parse(cid, (await kv.get(key)) as Uint8Array, 128)))
    const generation = await table.shred(manifests)
    this.rotatedAt = this.#now()
    for (const [i, key] of intents.entries()) await this.#acknowledge(fromHex(key.slice(INTENT.length)), manifests[i] as CID, generation)
  }

  async rotate(): Promise<void> {
    await this.#options.table.rotate()
    this.rotatedAt = this.#now()
  }

  /** DAG-CBOR of the shredAck, where there is one; asking again gives the same. */
  ackOf(receipt: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#options.kv.get(`shredded/${toHex(receipt)}`)
  }

  async #acknowledge(receipt: Uint8Array, manifest: CID, generation: number): Promise<void> {
    const { kv, papers, signer, ledger, onGone } = this.#options
    await papers.delete(manifest)
    const ack = { v: 1, dao: ledger, receipt, by: signer.did, at: this.#now(), generation }
    await kv.put(`shredded/${toHex(receipt)}`, encode(signObject('shred-ack', ack, signer)))
    await kv.delete(intentOf(receipt))
    onGone?.(manifest)
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }
}

const INTENT = 'shredding/'
const intentOf = (receipt: Uint8Array): string => `${INTENT}${toHex(receipt)}`
