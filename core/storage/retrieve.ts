/** Brings a public DAG here over bitswap, block by block from one peer after the other: a bitswap session alone stalls for ever on a slow peer. */
import type { Helia } from 'helia'
import toBuffer from 'it-to-buffer'
import { CID as AnyCid } from 'multiformats/cid'
import { base58btc } from 'multiformats/bases/base58'
import * as Digest from 'multiformats/hashes/digest'
import type { Block, CID } from '../../schemas/wire/index.ts'
import type { Clock } from '../effects/index.ts'
import { RetryableError, toError } from '../errors/index.ts'
import { blockKey, Budget, linksOfChecked } from './blocks.ts'
import type { Space } from './storage.ts'

/** Blocks under way at once: bitswap answers a single one in some 30 ms. */
const AT_ONCE = 16
/** One peer's time for one block, before the next is asked. */
const PER_BLOCK_MS = 10_000
/** How often a peer that was late is asked for one block. */
const ROUNDS = 2
const LIBP2P_KEY = 0x72

export interface AskOptions {
  helia: Helia
  space: Pick<Space, 'get'>
  clock: Clock
  /** Peer ids to ask, the likeliest first. */
  peers: string[]
  signal: AbortSignal
  maxBytes?: number
}

/** Throws RetryableError RETRIEVE_FAILED, RejectedMessageError TOO_LARGE or NOT_A_NODE. Blocks are stored as they come, so a repeat goes on where this stopped. */
export async function retrieveDag(root: CID, options: AskOptions): Promise<void> {
  const budget = new Budget(root, options.maxBytes)
  using asking = new Asking(root, options)
  const seen = new Set([blockKey(root)])
  let open = [root]
  while (open.length > 0) {
    const portion = open.splice(-AT_ONCE)
    const blocks = await Promise.all(portion.map((cid) => asking.block(cid)))
    for (const block of blocks) budget.spend(block.bytes.byteLength)
    open = [...open, ...blocks.flatMap(linksOfChecked).filter((cid) => !seen.has(blockKey(cid)) && seen.add(blockKey(cid)))]
  }
}

type Session = ReturnType<Helia['blockstore']['createSession']>

class Asking implements Disposable {
  readonly #root: CID
  readonly #options: AskOptions
  readonly #sessions = new Map<string, Session>()
  /** The peer that gave the last block is asked first. */
  #peers: string[]

  constructor(root: CID, options: AskOptions) {
    this.#root = root
    this.#options = options
    this.#peers = options.peers
  }

  async block(cid: CID): Promise<Block> {
    const here = await this.#options.space.get(cid)
    if (here !== undefined) return { cid, bytes: here }
    let cause: unknown
    let peers = this.#peers
    for (let round = 0; round < ROUNDS && peers.length > 0; round++) {
      const late: string[] = []
      for (const peer of peers) {
        if (this.#options.signal.aborted) break
        const deadline = this.#options.clock.deadline(PER_BLOCK_MS)
        try {
          const bytes = await this.#ask(peer, cid, deadline)
          if (this.#peers[0] !== peer) this.#peers = [peer, ...this.#peers.filter((other) => other !== peer)]
          return { cid, bytes }
        } catch (thrown) {
          cause = thrown
          this.#end(peer)
          if (deadline.aborted) late.push(peer)
        }
      }
      // bitswap says once that it lacks a block and is silent to the same question afterwards: only the late are asked again
      peers = late
    }
    throw new RetryableError(
      'RETRIEVE_FAILED',
      `none of ${this.#options.peers.length} peers gave block ${cid}; try again, or name another peer`,
      {
        cause: cause === undefined ? undefined : toError(cause),
        detail: { root: String(this.#root), cid: String(cid) },
      },
    )
  }

  /** Helia checks the block against its CID and stores it. */
  async #ask(peer: string, cid: CID, deadline: AbortSignal): Promise<Uint8Array> {
    const signal = AbortSignal.any([this.#options.signal, deadline])
    const session =
      this.#sessions.get(peer) ?? this.#options.helia.blockstore.createSession(this.#root, { providers: [peerCid(peer)], maxProviders: 1 })
    this.#sessions.set(peer, session)
    return toBuffer(await Array.fromAsync(session.get(cid, { signal })))
  }

  /** A session evicts a peer that failed once, so the next round needs a new one. */
  #end(peer: string): void {
    this.#sessions.get(peer)?.close()
    this.#sessions.delete(peer)
  }

  [Symbol.dispose](): void {
    for (const peer of this.#sessions.keys()) this.#end(peer)
  }
}

/** A peer id as Helia's sessions want it: a CID with the libp2p-key codec. */
const peerCid = (peer: string): AnyCid => AnyCid.createV1(LIBP2P_KEY, Digest.decode(base58btc.decode(`z${peer}`)))
