/** Blocks in maps: for tests and the simulated world. Everything happens in the call, so that a seed replays event for event. */
import type { Block, CID } from '../../schemas/wire/index.ts'
import type { Clock } from '../effects/index.ts'
import { FatalError, RetryableError } from '../errors/index.ts'
import { blockKey, Budget, checked, move, walkCids, walkDag } from './blocks.ts'
import { readCar, writeCar } from './car.ts'
import { HeldBlocks } from './held-blocks.ts'
import type { Hold, OwnSpace, Pin, PinMetadata, RetrieveOptions, Storage, Usage } from './storage.ts'

interface Held {
  bytes: Uint8Array
  putAt: number
  /** How many pins hold it. */
  pins: number
}

class MemorySpace implements OwnSpace {
  readonly #blocks = new Map<string, Held>()
  readonly #pins = new Map<string, Pin & { keys: Set<string> }>()
  readonly #held = new HeldBlocks()
  readonly #now: () => number
  #bytes = 0

  constructor(now: () => number) {
    this.#now = now
  }

  put(blocks: Iterable<Block>): Promise<void> {
    return settle(() => {
      for (const { cid, bytes } of checked(blocks)) {
        const key = blockKey(cid)
        const held = this.#blocks.get(key)
        if (held !== undefined) {
          held.putAt = this.#now()
          continue
        }
        this.#blocks.set(key, { bytes: bytes.slice(), putAt: this.#now(), pins: 0 })
        this.#bytes += bytes.byteLength
      }
    })
  }

  hold(): Hold {
    return this.#held.hold((blocks) => this.put(blocks))
  }

  get(cid: CID): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#blocks.get(blockKey(cid))?.bytes)
  }

  has(cid: CID): Promise<boolean> {
    return Promise.resolve(this.#blocks.has(blockKey(cid)))
  }

  async pin(root: CID, metadata: PinMetadata = {}): Promise<void> {
    const known = this.#pins.get(root.toString())
    if (known !== undefined) {
      known.metadata = metadata
      return
    }
    const keys = new Set<string>()
    for await (const cid of walkCids(this, root)) keys.add(blockKey(cid))
    for (const key of keys) (this.#blocks.get(key) as Held).pins++
    this.#pins.set(root.toString(), { root, metadata, keys })
  }

  unpin(root: CID): Promise<void> {
    return settle(() => {
      this.#release(root)
    })
  }

  #release(root: CID): Set<string> {
    const pin = this.#pins.get(root.toString())
    if (pin === undefined) return new Set()
    this.#pins.delete(root.toString())
    for (const key of pin.keys) (this.#blocks.get(key) as Held).pins--
    return pin.keys
  }

  isPinned(root: CID): Promise<boolean> {
    return Promise.resolve(this.#pins.has(root.toString()))
  }

  async *pins(): AsyncGenerator<Pin> {
    for (const { root, metadata } of this.#pins.values()) yield { root, metadata }
  }

  metadata(root: CID): Promise<PinMetadata | undefined> {
    return Promise.resolve(this.#pins.get(root.toString())?.metadata)
  }

  gc({ graceMs = 0 }: { graceMs?: number } = {}): Promise<number> {
    const before = this.#now() - graceMs
    return settle(() => this.#delete([...this.#blocks].filter(([, held]) => held.putAt <= before).map(([key]) => key)))
  }

  drop(root: CID): Promise<void> {
    return settle(() => {
      this.#delete(this.#release(root))
    })
  }

  #delete(keys: Iterable<string>): number {
    let freed = 0
    for (const key of keys) {
      const held = this.#blocks.get(key)
      if (held === undefined || held.pins > 0 || this.#held.hasKey(key)) continue
      this.#blocks.delete(key)
      freed += held.bytes.byteLength
    }
    this.#bytes -= freed
    return freed
  }

  usage(): Promise<Usage> {
    return Promise.resolve({ blocks: this.#blocks.size, bytes: this.#bytes })
  }

  exportCar(root: CID): AsyncIterable<Uint8Array> {
    return writeCar([root], walkDag(this, root))
  }

  async importCar(bytes: AsyncIterable<Uint8Array>): Promise<CID[]> {
    const car = await readCar(bytes)
    for await (const block of car.blocks) await this.put([block])
    return car.roots
  }
}

/** Who can be asked for public blocks: the memory storages of one world, by peer id. */
export class MemorySwarm {
  readonly members = new Map<string, MemoryStorage>()
  /** Says whether two peers can reach each other now; a world with partitions sets it. */
  reaches: (from: string, to: string) => boolean = () => true
}

export interface MemoryStorageOptions {
  /** Where `retrieve` looks; without one nothing can be retrieved. */
  swarm?: MemorySwarm
  /** Our own name in the swarm. */
  peer?: string
  clock?: Pick<Clock, 'now'>
}

export class MemoryStorage implements Storage {
  readonly public: OwnSpace
  readonly private: OwnSpace
  readonly #swarm: MemorySwarm
  readonly #peer: string

  constructor({ swarm = new MemorySwarm(), peer = '', clock }: MemoryStorageOptions = {}) {
    const now = (): number => clock?.now() ?? 0
    this.public = new MemorySpace(now)
    this.private = new MemorySpace(now)
    this.#swarm = swarm
    this.#peer = peer
    swarm.members.set(peer, this)
  }

  publish(root: CID): Promise<void> {
    return move(this.private, this.public, root)
  }

  async retrieve(root: CID, { signal, peers, maxBytes }: RetrieveOptions): Promise<void> {
    const budget = new Budget(root, maxBytes)
    const sources = (peers ?? [...this.#swarm.members.keys()])
      .filter((peer) => peer !== this.#peer && this.#swarm.reaches(this.#peer, peer))
      .flatMap((peer) => this.#swarm.members.get(peer) ?? [])
    const find = async (cid: CID): Promise<Uint8Array | undefined> => {
      for (const source of [this, ...sources]) {
        const bytes = await source.public.get(cid)
        if (bytes !== undefined) return bytes
      }
      return undefined
    }
    try {
      for await (const block of walkDag({ get: find }, root)) {
        signal.throwIfAborted()
        budget.spend(block.bytes.byteLength)
        await this.public.put([block])
      }
    } catch (cause) {
      if (signal.aborted || (cause instanceof FatalError && cause.code === 'BLOCK_MISSING'))
        throw new RetryableError('RETRIEVE_FAILED', `nobody gave the DAG below ${root}; try again, or name another peer`, { cause })
      throw cause
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return settle(() => {
      if (this.#swarm.members.get(this.#peer) === this) this.#swarm.members.delete(this.#peer)
    })
  }
}

/** Runs now, and reports what was thrown as a rejection. */
function settle<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work())
  })
}
