/** A mesh over a world's network: the real wire bytes, limits and errors, a virtual clock, and no sockets. */
import type { z } from 'zod'
import { InvalidInputError, RetryableError } from '../../core/errors/index.ts'
import type { CallContext, Mesh, Protocol, Topic, Verdict } from '../../core/mesh/index.ts'
import type { World } from '../world/index.ts'
import { Calls } from './calls.ts'
import { Gossip } from './gossip.ts'
import { Links } from './links.ts'
import { Registry } from './registry.ts'

export interface SimMeshOptions {
  world: World
  /** Peer id; `keyFromSeed(…).peer` gives one that fits an account. */
  peer: string
  /** False for a peer behind a closed door: it dials out, nobody dials it. */
  listen?: boolean
}

const DIAL_MS = 10_000

export class SimMesh implements Mesh {
  readonly peer: string
  readonly listens: boolean
  /** The three layers, for the meshes of other peers in the same world. */
  readonly links: Links
  readonly calls: Calls
  readonly gossip: Gossip
  readonly #world: World
  readonly #registry: Registry
  #closed = false

  /** Throws InvalidInputError PEER_TAKEN when a mesh of this peer is open in the world already. */
  constructor({ world, peer, listen = true }: SimMeshOptions) {
    this.#world = world
    this.#registry = Registry.of(world)
    if (this.#registry.peers.has(peer)) throw new InvalidInputError('PEER_TAKEN', `${peer} is in this world already`)
    this.peer = peer
    this.listens = listen
    this.links = new Links(world, this.#registry, peer)
    this.calls = new Calls(world, this.links, peer, (other) => this.#registry.peers.get(other)?.calls)
    this.gossip = new Gossip(world, this.links, peer, (other) => this.#registry.peers.get(other)?.gossip)
    this.#registry.peers.set(peer, this)
  }

  addresses(): string[] {
    return this.listens && !this.#closed ? [`/memory/${this.peer.slice(-8)}/p2p/${this.peer}`] : []
  }

  async connect(addresses: string[], { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    signal?.throwIfAborted()
    const peers = new Set(addresses.map(peerOf))
    const [peer] = peers
    if (peer === undefined || peers.size !== 1)
      throw new InvalidInputError('BAD_ADDRESS', 'give at least one address, all ending in the same /p2p/<peer id>')
    if (this.#closed) throw new RetryableError('NOT_CONNECTED', 'this mesh is closed')
    if (peer === this.peer) throw new InvalidInputError('BAD_ADDRESS', 'that address is our own')
    await this.links.dial(peer, (other) => this.#registry.peers.get(other), DIAL_MS, signal)
    return peer
  }

  async disconnect(peer: string): Promise<void> {
    this.links.hangUp(peer)
  }

  peers(): string[] {
    return this.links.peers()
  }

  onPeer(listener: (change: { peer: string; connected: boolean }) => void): Disposable {
    return this.links.onPeer(listener)
  }

  handle<Q extends z.ZodType, R extends z.ZodType>(
    protocol: Protocol<Q, R>,
    handler: (query: z.infer<Q>, context: CallContext) => Promise<z.infer<R>>,
  ): Disposable {
    return this.calls.handle(protocol, handler as (query: unknown, context: CallContext) => Promise<unknown>)
  }

  ask<Q extends z.ZodType, R extends z.ZodType>(
    peer: string,
    protocol: Protocol<Q, R>,
    query: z.infer<Q>,
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<z.infer<R>> {
    return this.calls.ask(peer, protocol, query, options)
  }

  subscribe<M extends z.ZodType>(
    topic: Topic<M>,
    receive: (message: z.infer<M>, from: string) => void,
    judge?: (message: z.infer<M>, from: string) => Verdict | Promise<Verdict>,
  ): Disposable {
    return this.gossip.subscribe(topic, receive as (message: unknown, from: string) => void, judge as never)
  }

  async publish<M extends z.ZodType>(topic: Topic<M>, message: z.infer<M>): Promise<void> {
    if (this.#closed) throw new RetryableError('NOT_CONNECTED', 'this mesh is closed')
    this.gossip.publish(topic, message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.#close()
  }

  /** The process dies here and now: as dispose, but nobody is told until their own calls fail or the broken connection shows. */
  crash(): void {
    this.#world.network.down(this.peer)
    this.#close()
    this.#world.network.up(this.peer)
  }

  #close(): void {
    this.#closed = true
    this.gossip.close()
    this.calls.close()
    this.links.close()
    this.#registry.peers.delete(this.peer)
  }
}

function peerOf(address: string): string {
  const match = /^\/.+\/p2p\/([1-9A-HJ-NP-Za-km-z]{40,64})$/.exec(address)
  if (match?.[1] === undefined)
    throw new InvalidInputError('BAD_ADDRESS', `${JSON.stringify(address.slice(0, 128))} is no multiaddr ending in /p2p/<peer id>`)
  return match[1]
}
