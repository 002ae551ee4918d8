/** Request and response between simulated peers: same frames, limits, queues and errors as over libp2p. */
import type { z } from 'zod'
import type { Logger } from '../../core/effects/index.ts'
import { codeOf, RetryableError, toError } from '../../core/errors/index.ts'
import {
  Busy,
  type CallContext,
  deadlineOf,
  decodeQuery,
  decodeReply,
  encodeQuery,
  encodeReply,
  type Protocol,
  SlotsPerPeer,
  untilAborted,
} from '../../core/mesh/index.ts'
import type { World } from '../world/index.ts'
import type { Links } from './links.ts'

type Handler = (query: unknown, context: CallContext) => Promise<unknown>
interface Entry {
  protocol: Protocol
  handler: Handler
}
/** How a call ends on the wire, as its caller sees it. */
type Ending = { reply: Uint8Array } | { reset: 'CALL_RESET' | 'UNSUPPORTED_PROTOCOL' }

export class Calls {
  readonly #world: World
  readonly #links: Links
  readonly #peer: string
  readonly #find: (peer: string) => Calls | undefined
  readonly #log: Logger
  readonly #handlers = new Map<string, Entry>()
  readonly #slots = new SlotsPerPeer()
  readonly #busy = new Busy()
  readonly #waiting = new Map<number, (ending: Ending) => void>()
  readonly #serving = new Map<string, AbortController>()
  readonly #closed = new AbortController()
  #next = 0

  constructor(world: World, links: Links, peer: string, find: (peer: string) => Calls | undefined, log: Logger) {
    this.#log = log
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
    const ended = this.#mustBeConnected(peer)
    using deadline = deadlineOf(this.#world.clock, timeoutMs, timeOut(peer, protocol, timeoutMs), [signal, ended, this.#closed.signal])
    deadline.signal.throwIfAborted()
    const call = this.#next++
    try {
      const ending = await new Promise<Ending>((resolve, reject) => {
        deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason as Error), { once: true })
        this.#waiting.set(call, resolve)
        this.#links.send(peer, `ask ${protocol.id}`, bytes, () => this.#find(peer)?.serve(this.#peer, call, protocol.id, bytes))
      })
      if ('reply' in ending) return decodeReply(protocol, ending.reply)
      throw new RetryableError(ending.reset, `${peer} ended the call to ${protocol.id}`)
    } finally {
      this.#waiting.delete(call)
      if (deadline.signal.aborted) this.#links.send(peer, 'cancel', undefined, () => this.#find(peer)?.cancel(this.#peer, call))
    }
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
      if (!this.#closed.signal.aborted) this.#end(from, call, ending)
    })
  }

  /** The caller lost interest. */
  cancel(from: string, call: number): void {
    this.#serving.get(`${from} ${call}`)?.abort(new RetryableError('CALL_RESET', `${from} cancelled the call`))
  }

  /** A call of ours ended. */
  ended(call: number, ending: Ending): void {
    this.#waiting.get(call)?.(ending)
  }

  close(): void {
    this.#closed.abort(new RetryableError('NOT_CONNECTED', 'this mesh is closed'))
    this.#handlers.clear()
  }

  async #answer(from: string, call: number, { protocol, handler }: Entry, bytes: Uint8Array): Promise<Ending> {
    const cancel = new AbortController()
    this.#serving.set(`${from} ${call}`, cancel)
    const { timeoutMs } = protocol.limits
    const ends = [cancel.signal, this.#links.ended(from), this.#closed.signal]
    using deadline = deadlineOf(this.#world.clock, timeoutMs, timeOut(from, protocol, timeoutMs), ends)
    const { signal } = deadline
    try {
      const query = decodeQuery(protocol, bytes)
      return { reply: encodeReply(protocol, await untilAborted(signal, () => handler(query, { peer: from, signal }))) }
    } catch (thrown) {
      if (!signal.aborted)
        this.#log.warn('mesh.serve-failed', { protocol: protocol.id, peer: from, code: codeOf(thrown), error: toError(thrown).message })
      return { reset: 'CALL_RESET' }
    } finally {
      this.#serving.delete(`${from} ${call}`)
    }
  }

  #end(to: string, call: number, ending: Ending): void {
    const bytes = 'reply' in ending ? ending.reply : undefined
    this.#links.send(to, 'reply' in ending ? 'reply' : ending.reset, bytes, () => this.#find(to)?.ended(call, ending))
  }

  #mustBeConnected(peer: string): AbortSignal {
    const ended = this.#links.ended(peer)
    if (ended === undefined || this.#closed.signal.aborted) throw new RetryableError('NOT_CONNECTED', `no connection to ${peer}`)
    return ended
  }
}

const timeOut = (peer: string, { id }: Protocol, ms: number): { code: string; message: string } => ({
  code: 'CALL_TIMEOUT',
  message: `${id} with ${peer} took longer than ${ms} ms`,
})
