/** Seals pages into a space as they come: of an epoch's evidence no more than a few portions of blocks is in memory. */
import { toError } from '../../core/errors/index.ts'
import type { Space } from '../../core/storage/index.ts'
import { BatchSealer, type SealedBatch, type SealHeader, type SealRecord } from './batch-sealer.ts'

/** A fetch and the records that it gave. Bytes are gzip members, in order. */
export interface SealPage {
  /** Redirects that led to the page, first to last. */
  hops: Uint8Array[][]
  evidence: Uint8Array[]
  /** The site's rule files it was fetched under, sealed once for all pages with the same `name`. Read at once. */
  robots: { name: object; read: () => Uint8Array[] } | null
  records: readonly Omit<SealRecord, 'evidenceGroup' | 'robotsGroup'>[]
}

const PORTION_BYTES = 2 << 20

export class BatchWriter {
  readonly #space: Pick<Space, 'put'>
  readonly #sealer: BatchSealer
  /** Of captures that are still in use. */
  readonly #captures = new WeakMap<object, number>()
  #waitingBytes = 0
  #storing: Promise<void> | undefined
  #fault: Error | undefined

  /** `warcinfo`: the gzip members that the evidence begins with. The space keeps blocks loose until somebody pins what `finish` gives. */
  constructor(space: Pick<Space, 'put'>, { warcinfo, ...header }: SealHeader & { warcinfo: Uint8Array[] }) {
    this.#space = space
    this.#sealer = new BatchSealer(header)
    this.#addGroup(warcinfo)
  }

  /** Records so far. */
  get count(): number {
    return this.#sealer.count
  }

  /**
   * Seals a page behind all that were added before, and resolves when there is room for another: blocks go out some 2 MiB at a time, one
   * portion after the other. Rejects with what BatchSealer or `Space.put` throws; after that nothing is taken, and no batch closed.
   */
  add(page: SealPage): Promise<void> {
    return this.#unlessFailed(async () => {
      this.#seal(page)
      while (this.#waitingBytes >= PORTION_BYTES) await this.#store()
    })
  }

  /**
   * Closes the batch and stores the rest of it; `from` and `to` are the first and the last fetch in Unix seconds. Of the batch given, `blocks` is
   * empty. Rejects as `add` does.
   */
  finish(span: { from: number; to: number }): Promise<SealedBatch> {
    return this.#unlessFailed(async () => {
      await this.#storing
      const batch = this.#sealer.finish(span)
      await this.#space.put(batch.blocks)
      return { ...batch, blocks: [] }
    })
  }

  /** What failed once is not tried again: the blocks that the space did not take are gone. */
  async #unlessFailed<T>(work: () => Promise<T>): Promise<T> {
    if (this.#fault !== undefined) throw this.#fault
    try {
      return await work()
    } catch (thrown) {
      throw (this.#fault ??= toError(thrown))
    }
  }

  /** Awaits nothing: pages lie in the order they were added in, whichever of them waits for the space. */
  #seal({ hops, evidence, robots, records }: SealPage): void {
    if (robots !== null && !this.#captures.has(robots.name)) this.#captures.set(robots.name, this.#addGroup(robots.read()))
    for (const hop of hops) this.#addGroup(hop)
    const evidenceGroup = this.#addGroup(evidence)
    const robotsGroup = robots === null ? null : (this.#captures.get(robots.name) as number)
    for (const record of records) {
      this.#sealer.addRecord({ ...record, evidenceGroup, robotsGroup })
      this.#waitingBytes += record.record.byteLength
    }
  }

  #addGroup(members: Uint8Array[]): number {
    this.#waitingBytes += members.reduce((sum, member) => sum + member.byteLength, 0)
    return this.#sealer.addGroup(members)
  }

  /** All that waits, unless a portion is under way: then that one's end. */
  async #store(): Promise<void> {
    if (this.#storing === undefined) {
      this.#waitingBytes = 0
      this.#storing = this.#space.put(this.#sealer.drain()).finally(() => {
        this.#storing = undefined
      })
    }
    await this.#storing
  }
}
