/** Connections of one simulated peer: dial, hang up, notice that the other end is gone. */
import { RetryableError } from '../../core/errors/index.ts'
import { deadlineOf } from '../../core/mesh/index.ts'
import { KEEP_ALIVE_MS, type World } from '../world/index.ts'
import type { Connection, Registry } from './registry.ts'

interface Dialled {
  listens: boolean
  links: Links
}

export class Links {
  readonly #world: World
  readonly #registry: Registry
  readonly #peer: string
  readonly #open = new Map<string, { connection: Connection; end: AbortController }>()
  readonly #listeners = new Set<(change: { peer: string; connected: boolean }) => void>()
  readonly #watch: Disposable
  readonly #gone = new AbortController()

  constructor(world: World, registry: Registry, peer: string) {
    this.#world = world
    this.#registry = registry
    this.#peer = peer
    this.#watch = world.network.onChange(() => this.#check())
  }

  peers(): string[] {
    return [...this.#open.keys()]
  }

  onPeer(listener: (change: { peer: string; connected: boolean }) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  /** Aborts when the present connection to `peer` ends; undefined without one. */
  ended(peer: string): AbortSignal | undefined {
    return this.#open.get(peer)?.end.signal
  }

  /** Throws RetryableError CONNECT_FAILED when nobody answers, or nobody listens. */
  async dial(peer: string, find: (peer: string) => Dialled | undefined, withinMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#open.has(peer)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const failed = (why: string): RetryableError => new RetryableError('CONNECT_FAILED', `${peer} cannot be reached: ${why}`)
    using deadline = deadlineOf(this.#world.clock, withinMs, failed('no answer'), [signal, this.#gone.signal])
    deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason as Error), { once: true })
    const { network } = this.#world
    network.send({ from: this.#peer, to: peer, label: 'dial', sure: true }, () => {
      const other = find(peer)
      const answer = other?.listens ? other.links : undefined
      const connection = answer?.accept(this.#peer)
      network.send({ from: peer, to: this.#peer, label: connection ? 'accept' : 'refuse', sure: true }, () => {
        if (connection === undefined) return reject(failed('nobody listens there'))
        if (deadline.signal.aborted) return this.#decline(peer, connection)
        this.#enter(peer, connection)
        resolve()
      })
    })
    await promise
  }

  /** The other side dials us. */
  accept(from: string): Connection {
    const connection = this.#registry.connection(this.#peer, from)
    this.#enter(from, connection)
    return connection
  }

  hangUp(peer: string): void {
    const connection = this.#leave(peer)
    if (connection !== undefined) this.#decline(peer, connection)
  }

  /** The other side hung up, or does not know this connection. */
  hungUp(from: string, connection: Connection): void {
    if (this.#open.get(from)?.connection === connection) this.#leave(from)
  }

  /** Sends over the connection; `deliver` runs at the other end if that still holds the same connection. False when nothing is under way. */
  send(peer: string, label: string, bytes: Uint8Array | undefined, deliver: () => void): boolean {
    const connection = this.#open.get(peer)?.connection
    if (connection === undefined) return false
    const parcel = { from: this.#peer, to: peer, label, bytes }
    return this.#world.network.send(parcel, () => {
      if (connection.sides.has(peer)) deliver()
      else
        this.#world.network.send({ from: peer, to: this.#peer, label: 'reset', sure: true }, () => {
          this.#registry.retire(this.#peer, peer, connection)
          this.hungUp(peer, connection)
        })
    })
  }

  close(): void {
    this.#gone.abort(new RetryableError('NOT_CONNECTED', 'this mesh is closed'))
    this.#watch[Symbol.dispose]()
    for (const peer of this.peers()) this.hangUp(peer)
    this.#listeners.clear()
  }

  #enter(peer: string, connection: Connection): void {
    const known = this.#open.get(peer)
    if (known?.connection === connection) return
    if (known !== undefined) this.#leave(peer)
    connection.sides.add(this.#peer)
    this.#open.set(peer, { connection, end: new AbortController() })
    this.#tell(peer, true)
  }

  #leave(peer: string): Connection | undefined {
    const known = this.#open.get(peer)
    if (known === undefined) return undefined
    this.#open.delete(peer)
    known.connection.sides.delete(this.#peer)
    known.end.abort(new RetryableError('CALL_RESET', `the connection to ${peer} ended`))
    this.#tell(peer, false)
    return known.connection
  }

  /** Tells the other side that this connection is not held here (any more). */
  #decline(peer: string, connection: Connection): void {
    if (connection.sides.has(this.#peer)) return
    this.#registry.retire(this.#peer, peer, connection)
    this.#world.network.send({ from: this.#peer, to: peer, label: 'hang-up', sure: true }, () => {
      this.#registry.peers.get(peer)?.links.hungUp(this.#peer, connection)
    })
  }

  #tell(peer: string, connected: boolean): void {
    for (const listener of this.#listeners) listener({ peer, connected })
  }

  /** A machine that is down breaks its connections soon; a blocked link only when it stays blocked. */
  #check(): void {
    const { network } = this.#world
    for (const [peer, { connection }] of this.#open) {
      if (network.reachable(this.#peer, peer)) continue
      const afterMs = network.isDown(peer) || network.isDown(this.#peer) ? 100 : KEEP_ALIVE_MS
      this.#world.schedule(afterMs, `keep-alive ${this.#peer}>${peer}`, () => {
        if (network.reachable(this.#peer, peer) && connection.sides.has(peer)) return
        this.#registry.retire(this.#peer, peer, connection)
        this.hungUp(peer, connection)
      })
    }
  }
}
