/** Storage on Helia 7: a public node with bitswap when there is a network, and a private one that is always offline. */
import * as dagCbor from '@ipld/dag-cbor'
import { withBitswap } from '@helia/bitswap'
import { type HeliaWithLibp2p, withLibp2pLight } from '@helia/libp2p'
import type { Libp2p, ServiceMap } from '@libp2p/interface'
import { MemoryDatastore } from 'datastore-core'
import { type BlockBroker, createHeliaLight, type Helia } from 'helia'
import type { Libp2pOptions } from 'libp2p'
import { statfs } from 'node:fs/promises'
import path from 'node:path'
import type { CID } from '../../schemas/wire/index.ts'
import { type Clock, type Logger, silent } from '../effects/index.ts'
import { openHome, openLevel } from '../home/index.ts'
import { move } from './blocks.ts'
import { DiskBlocks } from './disk-blocks.ts'
import { DiskFacts } from './disk-facts.ts'
import { type Announce, HeliaSpace } from './helia-space.ts'
import { PinBook } from './pin-book.ts'
import { keepQuota, type QuotaOptions } from './quota.ts'
import { retrieveDag } from './retrieve.ts'
import type { OwnSpace, RetrieveOptions, Storage } from './storage.ts'

/** What bitswap takes and gives in one message, and how many blocks a peer may wait for. */
const BITSWAP = { maxIncomingMessageSize: 2 << 20, maxOutgoingMessageSize: 2 << 20, maxWantlistSize: 1024 }
const UNLIMITED = Number.MAX_SAFE_INTEGER

export interface HeliaStorageOptions {
  /** Home folder; blocks and pins lie in `blocks/` and `pins/` below it. */
  home: string
  clock: Clock
  logger?: Logger
  /** Quota of each space in bytes: more is refused. None by default; either way what is loose and old goes before the disk is full. */
  maxBytes?: { public?: number; private?: number }
}

export class HeliaStorage implements Storage {
  readonly public: OwnSpace
  readonly private: OwnSpace
  readonly #helia: Helia
  readonly #clock: Clock
  readonly #connected: () => string[]
  readonly #resources: AsyncDisposableStack

  constructor(parts: {
    public: OwnSpace
    private: OwnSpace
    helia: Helia
    clock: Clock
    connected: () => string[]
    resources: AsyncDisposableStack
  }) {
    this.public = parts.public
    this.private = parts.private
    this.#helia = parts.helia
    this.#clock = parts.clock
    this.#connected = parts.connected
    this.#resources = parts.resources
  }

  publish(root: CID): Promise<void> {
    return move(this.private, this.public, root)
  }

  retrieve(root: CID, { peers = this.#connected(), ...options }: RetrieveOptions): Promise<void> {
    return retrieveDag(root, { helia: this.#helia, space: this.public, clock: this.#clock, peers, ...options })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync()
  }
}

/** A storage that talks to nobody: for tools that read what a peer left, and for tests. Errors are those of openHome and openLevel. */
export async function openOffline(options: HeliaStorageOptions): Promise<HeliaStorage> {
  return (await openParts(options, (helia) => helia)).storage
}

/**
 * A storage whose public space speaks bitswap over a libp2p node made from `network`; the node stops with the storage. What is loose and old
 * goes from both spaces when they come near their quota, or near all that the disk has left.
 */
export async function openOnline<S extends ServiceMap>(
  options: HeliaStorageOptions & { network: Libp2pOptions<S> },
): Promise<{ storage: HeliaStorage; libp2p: Libp2p<S> }> {
  const network = { datastore: new MemoryDatastore(), ...options.network }
  const { storage, helia } = await openParts(
    options,
    (light): HeliaWithLibp2p<S> => withBitswap(withLibp2pLight<Helia, S>(light, network), BITSWAP),
    watch,
  )
  return { storage, libp2p: helia.libp2p }
}

async function openParts<H extends Helia>(
  { home, clock, logger = silent, maxBytes }: HeliaStorageOptions,
  composed: (helia: Helia) => H,
  keep?: typeof watch,
): Promise<{ storage: HeliaStorage; helia: H }> {
  await using stack = new AsyncDisposableStack()
  const folder = await openHome(home)
  const open = async <T extends Helia>(
    name: 'public' | 'private',
    compose: (helia: Helia) => T,
  ): Promise<{ helia: T; space: HeliaSpace }> => {
    const limit = maxBytes?.[name]
    const now = (): number => clock.now()
    const blocks = await DiskBlocks.open(stack.use(await openLevel(path.join(folder, 'blocks', name))), {
      now,
      maxBytes: limit ?? UNLIMITED,
    })
    const facts = new DiskFacts(stack.use(await openLevel(path.join(folder, 'pins', name))))
    const light = createHeliaLight({ blockstore: blocks, datastore: facts, codecs: [dagCbor] })
    const announce = announcerOf(light)
    const helia = compose(light)
    // registered first: a node that fails half-way through its start still closes what it opened
    stack.defer(async () => {
      await helia.stop()
    })
    await helia.start()
    const space = new HeliaSpace({ announce, blocks, book: new PinBook(helia, facts), now })
    const freeBytes = async (): Promise<number> => {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    }
    keep?.(space, stack, { ...(limit === undefined ? {} : { maxBytes: limit }), freeBytes, clock, logger: logger.child(`storage:${name}`) })
    return { helia, space }
  }
  const own = await open('private', (helia) => helia)
  const shared = await open('public', composed)
  const connected = (): string[] => ('libp2p' in shared.helia ? (shared.helia.libp2p as Libp2p).getPeers().map(String) : [])
  const storage = new HeliaStorage({
    public: shared.space,
    private: own.space,
    helia: shared.helia,
    clock,
    connected,
    resources: stack.move(),
  })
  return { storage, helia: shared.helia }
}

/** Bitswap joins the node when that starts; from then on it hears of new blocks. Without it nobody is told. */
function announcerOf(helia: Helia): Announce {
  const brokers: BlockBroker[] = []
  const add = helia.addBlockBroker.bind(helia)
  helia.addBlockBroker = (broker) => {
    if (typeof broker !== 'function') brokers.push(broker)
    add(broker)
  }
  return async (cid) => {
    for (const broker of brokers) await broker.announce?.(cid)
  }
}

function watch(space: HeliaSpace, stack: AsyncDisposableStack, options: Omit<QuotaOptions, 'signal'>): void {
  const stop = new AbortController()
  const watching = keepQuota(space, { ...options, signal: stop.signal })
  stack.defer(async () => {
    stop.abort()
    await watching
  })
}
