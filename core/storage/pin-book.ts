/**
 * Pins, kept by Helia. Three things are ours: a pin is one transaction; the DAG is walked by our rule (no history links) and only over
 * blocks that are here; and unpinning, because Helia 7.1's `pins.rm` keeps the wrong half of a shared block's holders and so lets gc take
 * blocks that another pin holds (the compliance suite has the case).
 */
import * as dagCbor from '@ipld/dag-cbor'
import type { Helia } from 'helia'
import drain from 'it-drain'
import { base36 } from 'multiformats/bases/base36'
import { type CID, equalBytes } from '../../schemas/wire/index.ts'
import { FatalError } from '../errors/index.ts'
import type { DiskFacts } from './disk-facts.ts'
import type { Pin, PinMetadata } from './storage.ts'

/** Helia's row for a block that some pin holds. */
interface Holders {
  pinCount: number
  pinnedBy: Uint8Array[]
}

export class PinBook {
  readonly #helia: Helia
  readonly #facts: DiskFacts

  constructor(helia: Helia, facts: DiskFacts) {
    this.#helia = helia
    this.#facts = facts
  }

  /** `cids` walks all blocks below and including `root`; when it throws, nothing is pinned. */
  async add(root: CID, cids: () => AsyncIterable<CID>, metadata: PinMetadata): Promise<void> {
    await this.#facts.transaction(() => drain(this.#helia.pins.add(root, { metadata, walker: walkerOver(cids) })))
    if (!(this.has(root) && (await this.#helia.pins.isPinned(root))))
      throw new FatalError('PIN_FAILED', `the pin of ${root} did not take; check the disk`, { detail: { root: String(root) } })
  }

  async setMetadata(root: CID, metadata: PinMetadata): Promise<void> {
    await this.#helia.pins.setMetadata(root, metadata)
  }

  async remove(root: CID, cids: AsyncIterable<CID>): Promise<void> {
    await this.#facts.transaction(async () => {
      await this.#facts.putRow(pinKey(root), null)
      for await (const cid of cids) {
        const key = holdersKey(cid)
        const row = this.#facts.row(key)
        if (row === undefined) continue
        const pinnedBy = dagCbor.decode<Holders>(row).pinnedBy.filter((holder) => !equalBytes(holder, root.bytes))
        await this.#facts.putRow(key, pinnedBy.length === 0 ? null : dagCbor.encode({ pinCount: pinnedBy.length, pinnedBy }))
      }
    })
  }

  has(root: CID): boolean {
    return this.#facts.row(pinKey(root)) !== undefined
  }

  /** Whether any pin holds the block. */
  holds(cid: CID): boolean {
    return this.#facts.row(holdersKey(cid)) !== undefined
  }

  async metadata(root: CID): Promise<PinMetadata | undefined> {
    return this.has(root) ? words((await this.#helia.pins.get(root)).metadata) : undefined
  }

  async *all(): AsyncGenerator<Pin> {
    for await (const { cid, metadata } of this.#helia.pins.ls()) yield { root: cid, metadata: words(metadata) }
  }
}

const pinKey = (root: CID): string => `/pin/${root.toString(base36)}`
const holdersKey = (cid: CID): string => `/pinned-block/${base36.encode(cid.multihash.bytes)}`

const words = (metadata: Record<string, unknown>): PinMetadata =>
  Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)]))

type Walker = NonNullable<NonNullable<Parameters<Helia['pins']['add']>[1]>['walker']>

/** Helia asks a walker for the blocks below a root; ours goes by our rule. Pinning looks at nothing of a node but its CID. */
function walkerOver(cids: () => AsyncIterable<CID>): Walker {
  const nodes = async function* (): AsyncGenerator<{ block: { cid: CID } }> {
    for await (const cid of cids()) yield { block: { cid } }
  }
  return () => ({ walk: nodes as unknown as ReturnType<Walker>['walk'] })
}
