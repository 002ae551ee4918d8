/** One space of a peer: blocks and pins on disk, under one Helia. */
import drain from 'it-drain'
import type { Block, CID } from '../../schemas/wire/index.ts'
import { checked, walkCids, walkDag } from './blocks.ts'
import { readCar, writeCar } from './car.ts'
import type { DiskBlocks } from './disk-blocks.ts'
import { HeldBlocks } from './held-blocks.ts'
import { Mutex } from './mutex.ts'
import type { PinBook } from './pin-book.ts'
import type { Hold, OwnSpace, Pin, PinMetadata, Usage } from './storage.ts'

const IMPORT_BYTES = 2 << 20
const GC_BLOCKS = 1024

/** Tells bitswap peers who wait for a block that it came. */
export type Announce = (cid: CID) => Promise<void>

export class HeliaSpace implements OwnSpace {
  readonly #announce: Announce
  readonly #blocks: DiskBlocks
  readonly #book: PinBook
  readonly #now: () => number
  /** Pins, unpins and gc take turns, so that gc never sees half a pin. */
  readonly #pinning = new Mutex()
  readonly #held = new HeldBlocks()

  constructor({ announce, blocks, book, now }: { announce: Announce; blocks: DiskBlocks; book: PinBook; now: () => number }) {
    this.#announce = announce
    this.#blocks = blocks
    this.#book = book
    this.#now = now
  }

  /** Straight to the disk, many blocks in one write: Helia's own putMany takes them one by one. */
  async put(blocks: Iterable<Block>): Promise<void> {
    const list = checked(blocks)
    await drain(this.#blocks.putMany(list))
    for (const { cid } of list) await this.#announce(cid)
  }

  hold(): Hold {
    return this.#held.hold((blocks) => this.put(blocks))
  }

  get(cid: CID): Promise<Uint8Array | undefined> {
    return this.#blocks.read(cid)
  }

  has(cid: CID): Promise<boolean> {
    return this.#blocks.has(cid)
  }

  pin(root: CID, metadata: PinMetadata = {}): Promise<void> {
    return this.#pinning.run(async () => {
      if (this.#book.has(root)) await this.#book.setMetadata(root, metadata)
      else await this.#book.add(root, () => walkCids(this, root), metadata)
    })
  }

  unpin(root: CID): Promise<void> {
    return this.#pinning.run(async () => {
      if (this.#book.has(root)) await this.#book.remove(root, walkCids(this, root))
    })
  }

  isPinned(root: CID): Promise<boolean> {
    return Promise.resolve(this.#book.has(root))
  }

  pins(): AsyncIterable<Pin> {
    return this.#book.all()
  }

  metadata(root: CID): Promise<PinMetadata | undefined> {
    return this.#book.metadata(root)
  }

  gc({ graceMs = 0 }: { graceMs?: number } = {}): Promise<number> {
    return this.#pinning.run(() => {
      const before = this.#now() - graceMs
      return this.#dropUnheld(this.#blocks.putBefore(before), before)
    })
  }

  drop(root: CID): Promise<void> {
    return this.#pinning.run(async () => {
      if (!this.#book.has(root)) return
      await this.#book.remove(root, walkCids(this, root))
      // the walk must end before its inner nodes go
      await this.#dropUnheld(await Array.fromAsync(walkCids(this, root)), this.#now())
    })
  }

  async #dropUnheld(cids: AsyncIterable<CID> | Iterable<CID>, before: number): Promise<number> {
    let freed = 0
    let loose: CID[] = []
    // asked last: what is held from here on is put after it was dropped
    const drop = (): Promise<number> =>
      this.#blocks.drop(
        loose.filter((cid) => !this.#held.has(cid)),
        before,
      )
    for await (const cid of cids) {
      if (!this.#book.holds(cid)) loose.push(cid)
      if (loose.length < GC_BLOCKS) continue
      freed += await drop()
      loose = []
    }
    return freed + (await drop())
  }

  usage(): Promise<Usage> {
    return Promise.resolve(this.#blocks.usage())
  }

  exportCar(root: CID): AsyncIterable<Uint8Array> {
    return writeCar([root], walkDag(this, root))
  }

  async importCar(bytes: AsyncIterable<Uint8Array>): Promise<CID[]> {
    const car = await readCar(bytes)
    let portion: Block[] = []
    let held = 0
    for await (const block of car.blocks) {
      portion.push(block)
      held += block.bytes.byteLength
      if (held < IMPORT_BYTES) continue
      await this.put(portion)
      portion = []
      held = 0
    }
    await this.put(portion)
    return car.roots
  }
}
