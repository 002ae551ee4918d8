/** The mesh over TCP: libp2p streams for calls, gossipsub for announcements. Wraps a running node that somebody else composed. */
import type { Libp2p, PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { z } from 'zod'
import type { Clock } from '../effects/index.ts'
import { InvalidInputError, RetryableError } from '../errors/index.ts'
import { quiet, type Telemetry } from '../events/index.ts'
import { deadlineOf } from './deadline.ts'
import { peerChanged } from './events.ts'
import { type Handler, Libp2pCalls } from './libp2p-calls.ts'
import { type MeshServices, standingOf } from './libp2p-config.ts'
import { Libp2pGossip } from './libp2p-gossip.ts'
import type { CallContext, Mesh, Protocol, Topic, Verdict } from './mesh.ts'
import { Standing } from './standing.ts'

const DIAL_MS = 10_000

export interface Libp2pMeshInit {
  /** Started, with gossipsub as `services.pubsub`; built from `openLibp2pConfig`. Closing the mesh leaves it running. */
  node: Libp2p<MeshServices>
  clock: Clock
  telemetry?: Telemetry
}

export class Libp2pMesh implements Mesh {
  readonly peer: string
  readonly #node: Libp2p<MeshServices>
  readonly #clock: Clock
  readonly #calls: Libp2pCalls
  readonly #gossip: Libp2pGossip
  readonly #closed = new AbortController()

  constructor({ node, clock, telemetry = quiet }: Libp2pMeshInit) {
    this.#node = node
    this.#clock = clock
    this.peer = node.peerId.toString()
    this.#calls = new Libp2pCalls(node, clock, telemetry)
    const { pubsub } = node.services
    this.#gossip = new Libp2pGossip(pubsub, standingOf(pubsub) ?? new Standing(clock), telemetry)
    this.onPeer(({ peer, connected }) => peerChanged(telemetry, { peer, connected, count: this.peers().length }))
  }

  addresses(): string[] {
    return this.#node.getMultiaddrs().map(String)
  }

  async connect(addresses: string[], { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    signal?.throwIfAborted()
    const parsed = addresses.map(addressOf)
    const peers = new Set(parsed.map(({ peer }) => peer))
    const [peer] = peers
    if (peer === undefined || peers.size !== 1)
      throw new InvalidInputError('BAD_ADDRESS', 'give at least one address, all ending in the same /p2p/<peer id>')
    if (this.#closed.signal.aborted) throw this.#closed.signal.reason as Error
    if (peer === this.peer) throw new InvalidInputError('BAD_ADDRESS', 'that address is our own')
    if (this.peers().includes(peer)) return peer
    const late = { code: 'CONNECT_FAILED', message: `${peer} cannot be reached: no answer` }
    using deadline = deadlineOf(this.#clock, DIAL_MS, late, [signal, this.#closed.signal])
    try {
      await this.#node.dial(
        parsed.map((one) => one.multiaddr),
        { signal: deadline.signal },
      )
      return peer
    } catch (cause) {
      if (deadline.signal.aborted) throw deadline.signal.reason as Error
      throw new RetryableError('CONNECT_FAILED', `${peer} cannot be reached at ${addresses.join(' or ')}`, { cause })
    }
  }

  async disconnect(peer: string): Promise<void> {
    const open = this.#node.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer)
    await Promise.all(open.map((connection) => connection.close().catch((error: Error) => connection.abort(error))))
  }

  peers(): string[] {
    return this.#node.getPeers().map(String)
  }

  onPeer(listener: (change: { peer: string; connected: boolean }) => void): Disposable {
    const on = (event: CustomEvent<PeerId>): void => listener({ peer: event.detail.toString(), connected: true })
    const off = (event: CustomEvent<PeerId>): void => listener({ peer: event.detail.toString(), connected: false })
    const stop = (): void => {
      this.#node.removeEventListener('peer:connect', on)
      this.#node.removeEventListener('peer:disconnect', off)
    }
    this.#node.addEventListener('peer:connect', on)
    this.#node.addEventListener('peer:disconnect', off)
    this.#closed.signal.addEventListener('abort', stop, { once: true })
    return { [Symbol.dispose]: stop }
  }

  handle<Q extends z.ZodType, R extends z.ZodType>(
    protocol: Protocol<Q, R>,
    handler: (query: z.infer<Q>, context: CallContext) => Promise<z.infer<R>>,
  ): Disposable {
    return this.#calls.handle(protocol, handler as Handler)
  }

  ask<Q extends z.ZodType, R extends z.ZodType>(
    peer: string,
    protocol: Protocol<Q, R>,
    query: z.infer<Q>,
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<z.infer<R>> {
    return this.#calls.ask(peer, protocol, query, options)
  }

  subscribe<M extends z.ZodType>(
    topic: Topic<M>,
    receive: (message: z.infer<M>, from: string) => void,
    judge?: (message: z.infer<M>, from: string) => Verdict | Promise<Verdict>,
  ): Disposable {
    return this.#gossip.subscribe(topic, receive as (message: unknown, from: string) => void, judge as never)
  }

  async publish<M extends z.ZodType>(topic: Topic<M>, message: z.infer<M>): Promise<void> {
    if (this.#closed.signal.aborted) throw this.#closed.signal.reason as Error
    await this.#gossip.publish(topic, message)
  }

  /** Ends calls and subscriptions; the node itself belongs to whoever started it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#closed.abort(new RetryableError('NOT_CONNECTED', 'this mesh is closed'))
    this.#gossip.close()
    await this.#calls.close()
  }
}

function addressOf(text: string): { multiaddr: ReturnType<typeof multiaddr>; peer: string } {
  try {
    const parsed = multiaddr(text)
    const last = parsed.getComponents().at(-1)
    if (last?.name === 'p2p' && last.value !== undefined) return { multiaddr: parsed, peer: last.value }
  } catch {
    // falls through to the one error below
  }
  throw new InvalidInputError('BAD_ADDRESS', `${JSON.stringify(text.slice(0, 128))} is no multiaddr ending in /p2p/<peer id>`)
}
