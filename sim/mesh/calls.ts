/** Request and response between simulated peers: same frames, limits, queues and errors as over libp2p. */
import type { z } from 'zod'
import { RetryableError } from '../../core/errors/index.ts'
import { Busy, type CallContext, decodeQuery, decodeReply, encodeQuery, type Protocol, SlotsPerPeer } from '../../core/mesh/index.ts'
import type { World } from '../world/index.ts'
import { decodedOnce, encodedOnce } from './decoded.ts'
import type { Links } from './links.ts'
import { Serving } from './serving.ts'

type Handler = (query: unknown, context: CallContext) => Promise<unknown>
interface Entry {
  protocol: Protocol
  handler: Handler
}
/** How a call ends on the wire, as its caller sees it. */
type Ending = { reply: Uint8Array } | { reset: 'CALL_RESET' | 'UNSUPPORTED_PROTOCOL' }

/** A call of ours that has no ending yet. */
interface Waiting {
  connection: AbortSignal
  end: (ending: Ending) => void
  fail: (reason: Error) => void
}

export class Calls {
  readonly #world: World
  readonly #links: Links
  readonly #peer: string
  readonly #find: (peer: string) => Calls | undefined
  readonly #handlers = new Map<string, Entry>()
  readonly #slots = new SlotsPerPeer()
  readonly #busy = new Busy()
  readonly #waiting = new Map<number, Waiting>()
  readonly #serving = new Map<string, Serving>()
  /** Connections whose end is listened for: once for all calls over them. */
  readonly #watched = new WeakSet<AbortSignal>()
  #isClosed = false
  #next = 0

  constructor(world: World, links: Links, peer: string, find: (peer: string) => Calls | undefined) {
    this.#world = world
    this.#links = links
    this.#peer = peer
    this.#find = find
  }

  handle(protocol: Protocol, handler: Handler): Disposable {
    const entry = { protocol, handler }
    this.#handlers.set(protocol.id, entry)
    return {
      [Symbol.dispose]: () => {
        if (this.#handlers.get(protocol.id) === entry) this.#handlers.delete(protocol.id)
      },
    }
  }

  async ask<Q extends z.ZodType, R extends z.ZodType>(
    peer: string,
    protocol: Protocol<Q, R>,
    query: z.infer<Q>,
    { signal, timeoutMs = protocol.limits.timeoutMs }: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<z.infer<R>> {
    signal?.throwIfAborted()
    const bytes = encodeQuery(protocol, query)
    this.#mustBeConnected(peer)
    using _slot = await this.#slots.take(peer, protocol, signal)
    const connection = this.#mustBeConnected(peer)
    signal?.throwIfAborted()
    const ending = await this.#wait(peer, protocol, bytes, { connection, signal, timeoutMs })
    if ('reply' in ending) return decodedOnce(protocol, 'reply', ending.reply, () => decodeReply(protocol, ending.reply))
    throw new RetryableError(ending.reset, `${peer} ended the call to ${protocol.id}`)
  }

  /** A peer asks us. */
  serve(from: string, call: number, id: string, bytes: Uint8Array): void {
    const entry = this.#handlers.get(id)
    if (entry === undefined) return this.#end(from, call, { reset: 'UNSUPPORTED_PROTOCOL' })
    const { protocol } = entry
    const busy = `${from} ${id}`
    if (!this.#busy.enter(busy, protocol.limits.inboundStreams)) return this.#end(from, call, { reset: 'CALL_RESET' })
    void this.#answer(from, call, entry, bytes).then((ending) => {
      this.#busy.leave(busy)
      if (!this.#isClosed) this.#end(from, call, ending)
    })
  }

  /** The caller lost interest. */
  cancel(from: string, call: number): void {
    this.#serving.get(`${from} ${call}`)?.end(new RetryableError('CALL_RESET', `${from} cancelled the call`))
  }

  /** A call of ours ended. */
  ended(call: number, ending: Ending): void {
    this.#waiting.get(call)?.end(ending)
  }

  close(): void {
    this.#isClosed = true
    const reason = new RetryableError('NOT_CONNECTED', 'this mesh is closed')
    for (const waiting of this.#waiting.values()) waiting.fail(reason)
    for (const serving of this.#serving.values()) serving.end(reason)
    this.#handlers.clear()
  }

  /** Sends a question and waits for its ending; whatever else comes first (the time, the caller's signal, the connection's end) cancels it. */
  #wait(
    peer: string,
    protocol: Protocol,
    bytes: Uint8Array,
    { connection, signal, timeoutMs }: { connection: AbortSignal; signal: AbortSignal | undefined; timeoutMs: number },
  ): Promise<Ending> {
    this.#watch(connection)
    const call = this.#next++
    return new Promise<Ending>((resolve, reject) => {
      const abort = (): void => fail(signal?.reason as Error)
      const timer = this.#world.schedule(timeoutMs, 'call-timeout', () => fail(timeOut(peer, protocol, timeoutMs)))
      const leave = (): void => {
        this.#waiting.delete(call)
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
      }
      const fail = (reason: Error): void => {
        leave()
        reject(reason)
        this.#links.send(peer, 'cancel', undefined, () => this.#find(peer)?.cancel(this.#peer, call))
      }
      const end = (ending: Ending): void => {
        leave()
        resolve(ending)
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.set(call, { connection, end, fail })
      this.#links.send(peer, `ask ${protocol.id}`, bytes, () => this.#find(peer)?.serve(this.#peer, call, protocol.id, bytes))
    })
  }

  async #answer(from: string, call: number, { protocol, handler }: Entry, bytes: Uint8Array): Promise<Ending> {
    const connection = this.#links.ended(from)
    if (connection !== undefined) this.#watch(connection)
    const key = `${from} ${call}`
    const serving = new Serving(from, connection)
    this.#serving.set(key, serving)
    const { timeoutMs } = protocol.limits
    using _timer = this.#world.schedule(timeoutMs, 'call-timeout', () => serving.end(timeOut(from, protocol, timeoutMs)))
    try {
      const query = decodedOnce(protocol, 'query', bytes, () => decodeQuery(protocol, bytes))
      return { reply: encodedOnce(protocol, await serving.run(() => handler(query, serving.context))) }
    } catch {
      return { reset: 'CALL_RESET' }
    } finally {
      this.#serving.delete(key)
    }
  }

  #end(to: string, call: number, ending: Ending): void {
    const bytes = 'reply' in ending ? ending.reply : undefined
    this.#links.send(to, 'reply' in ending ? 'reply' : ending.reset, bytes, () => this.#find(to)?.ended(call, ending))
  }

  #mustBeConnected(peer: string): AbortSignal {
    const ended = this.#links.ended(peer)
    if (ended === undefined || this.#isClosed) throw new RetryableError('NOT_CONNECTED', `no connection to ${peer}`)
    return ended
  }

  /** Every call over a connection ends with it. */
  #watch(connection: AbortSignal): void {
    if (this.#watched.has(connection)) return
    this.#watched.add(connection)
    const ended = (): void => {
      const reason = connection.reason as Error
      for (const waiting of this.#waiting.values()) if (waiting.connection === connection) waiting.fail(reason)
      for (const serving of this.#serving.values()) if (serving.connection === connection) serving.end(reason)
    }
    connection.addEventListener('abort', ended, { once: true })
  }
}

const timeOut = (peer: string, { id }: Protocol, ms: number): RetryableError =>
  new RetryableError('CALL_TIMEOUT', `${id} with ${peer} took longer than ${ms} ms`, { detail: { ms } })
