/** Request and response over libp2p streams: one stream per call, over whichever connection to the peer stands. */
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { z } from 'zod'
import type { Clock } from '../effects/index.ts'
import { QuernError, RetryableError, toError } from '../errors/index.ts'
import type { Telemetry } from '../events/index.ts'
import { ByteBudget } from './budget.ts'
import { deadlineOf, untilAborted } from './deadline.ts'
import { callEnded, callRefused, callServed } from './events.ts'
import { readFrame, writeFrame } from './frames.ts'
import type { CallContext, Protocol } from './mesh.ts'
import { decodeQuery, decodeReply, encodeQuery, encodeReply } from './messages.ts'
import { Busy, SlotsPerPeer } from './slots.ts'

export type Handler = (query: unknown, context: CallContext) => Promise<unknown>

/** Frames up to this size are not counted against the budget. */
const SMALL = 64 << 10
/** How long the other side may leave a stream open behind the answer: as caller, and as server (the answer may still be on its way). */
const LINGER_MS = { caller: 1000, server: 30_000 }
const MiB = 1 << 20
const MUXER_CLOSED = new Set(['ConnectionClosedError', 'MuxerClosedError'])

export class Libp2pCalls {
  readonly #node: Libp2p
  readonly #clock: Clock
  readonly #telemetry: Telemetry
  readonly #closed = new AbortController()
  readonly #handlers = new Map<string, Handler>()
  readonly #slots = new SlotsPerPeer()
  readonly #busy = new Busy()
  readonly #budget = new ByteBudget({ perPeer: 40 * MiB, total: 256 * MiB })

  constructor(node: Libp2p, clock: Clock, telemetry: Telemetry) {
    this.#node = node
    this.#clock = clock
    this.#telemetry = telemetry
  }

  handle(protocol: Protocol, handler: Handler): Disposable {
    this.#handlers.set(protocol.id, handler)
    // ours is the limit that answers; libp2p's stands behind it for streams that are done but not yet closed by the other side
    const behind = 2 * protocol.limits.inboundStreams + 8
    const options = { maxInboundStreams: behind, maxOutboundStreams: behind, force: true as const }
    void this.#node
      .handle(protocol.id, (stream, connection) => void this.#serve(protocol, stream, connection), options)
      .catch((error: unknown) => this.#telemetry.log.warn('mesh.handle-failed', { protocol: protocol.id, error: toError(error).message }))
    return {
      [Symbol.dispose]: () => {
        if (this.#handlers.get(protocol.id) !== handler) return
        this.#handlers.delete(protocol.id)
        void this.#node.unhandle(protocol.id).catch(() => {})
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
    const id = peerIdOf(peer)
    this.#connections(id)
    using _slot = await this.#slots.take(peer, protocol, signal)
    using deadline = deadlineOf(this.#clock, timeoutMs, timeOut(peer, protocol, timeoutMs), [signal, this.#closed.signal])
    const startedMs = this.#clock.now()
    const ended = (error?: unknown): void => callEnded(this.#telemetry, { protocol, peer, ms: this.#clock.now() - startedMs, error })
    try {
      const reply = await this.#exchange(id, protocol, bytes, deadline.signal)
      ended()
      return reply
    } catch (thrown) {
      // whatever the stream says when it is torn down, the caller hears why it was
      const error = deadline.signal.aborted ? (deadline.signal.reason as Error) : thrown
      ended(error)
      if (error === deadline.signal.reason || error instanceof QuernError) throw error
      throw new RetryableError('CALL_RESET', `${peer} ended the call to ${protocol.id}`, { cause: error })
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new RetryableError('NOT_CONNECTED', 'this mesh is closed'))
    const ids = [...this.#handlers.keys()]
    this.#handlers.clear()
    await Promise.allSettled(ids.map((id) => this.#node.unhandle(id)))
  }

  async #exchange<R extends z.ZodType>(
    peer: PeerId,
    protocol: Protocol<z.ZodType, R>,
    query: Uint8Array,
    signal: AbortSignal,
  ): Promise<z.infer<R>> {
    signal.throwIfAborted()
    const stream = await this.#open(peer, protocol, signal)
    try {
      const answer = readFrame(stream, { maxBytes: protocol.limits.replyBytes, signal })
      const [bytes] = await Promise.all([answer, writeFrame(stream, query, signal)])
      const reply = decodeReply(protocol, bytes)
      this.#letGo(stream, LINGER_MS.caller)
      return reply
    } catch (thrown) {
      stream.abort(toError(thrown))
      throw thrown
    }
  }

  /** Nothing more is to be said: an honest peer's side is closed now or in a moment; one that leaves it open, or says more, loses the stream. */
  #letGo(stream: Stream, ms: number): void {
    if (stream.status !== 'open') return
    const timer = this.#clock.timer(ms, () =>
      stream.abort(new RetryableError('CALL_TIMEOUT', 'the stream was left open behind its answer')),
    )
    stream.addEventListener('close', () => timer[Symbol.dispose](), { once: true })
    stream.addEventListener('message', () => stream.abort(new RetryableError('BAD_FRAME', 'bytes after the frame')), { once: true })
  }

  /** Tries one connection after the other: nothing was said yet, so trying again is safe. */
  async #open(peer: PeerId, protocol: Protocol, signal: AbortSignal): Promise<Stream> {
    let last: unknown
    for (const connection of this.#connections(peer)) {
      try {
        return await connection.newStream(protocol.id, { signal, maxOutboundStreams: 2 * protocol.limits.inboundStreams + 8 })
      } catch (thrown) {
        if (signal.aborted) throw thrown
        const error = toError(thrown)
        if (error.name === 'UnsupportedProtocolError')
          throw new RetryableError('UNSUPPORTED_PROTOCOL', `${peer} does not serve ${protocol.id}`, { cause: error })
        // a muxer that was told to go away leaves its connection standing, and of no use: without this it would count as a peer
        if (MUXER_CLOSED.has(error.name)) connection.abort(error)
        last = error
      }
    }
    throw last
  }

  #connections(peer: PeerId): Connection[] {
    const open = this.#node.getConnections(peer).filter(({ status }) => status === 'open')
    if (open.length === 0 || this.#closed.signal.aborted) throw new RetryableError('NOT_CONNECTED', `no connection to ${peer}`)
    return open
  }

  async #serve(protocol: Protocol, stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    const key = `${peer} ${protocol.id}`
    const { timeoutMs, inboundStreams } = protocol.limits
    if (!this.#busy.enter(key, inboundStreams)) {
      callRefused(this.#telemetry, { protocol, peer })
      return stream.abort(new RetryableError('BUSY', 'more calls at once than the protocol allows'))
    }
    const gone = new AbortController()
    stream.addEventListener('close', () => gone.abort(new RetryableError('CALL_RESET', `${peer} ended the call`)), { once: true })
    using deadline = deadlineOf(this.#clock, timeoutMs, timeOut(peer, protocol, timeoutMs), [gone.signal, this.#closed.signal])
    const startedMs = this.#clock.now()
    let error: unknown
    let reply: Uint8Array | undefined
    try {
      reply = await this.#answer(protocol, stream, peer, deadline.signal)
    } catch (thrown) {
      error = thrown
    }
    // before the reply leaves: whoever holds it may ask again at once
    this.#busy.leave(key)
    try {
      if (reply === undefined) stream.abort(toError(error))
      else await this.#send(stream, reply, peer, deadline.signal)
    } catch (thrown) {
      error = thrown
      stream.abort(toError(thrown))
    }
    callServed(this.#telemetry, { protocol, peer, ms: this.#clock.now() - startedMs, error })
  }

  async #answer(protocol: Protocol, stream: Stream, peer: string, signal: AbortSignal): Promise<Uint8Array> {
    const handler = this.#handlers.get(protocol.id)
    if (handler === undefined) throw new RetryableError('UNSUPPORTED_PROTOCOL', 'not served any more')
    await using held = new AsyncDisposableStack()
    const reserve = async (bytes: number): Promise<void> => {
      if (bytes <= SMALL) return
      const room = await this.#budget.take(peer, bytes, signal)
      if (held.disposed) room[Symbol.dispose]()
      else held.use(room)
    }
    const frame = await readFrame(stream, { maxBytes: protocol.limits.queryBytes, signal, reserve })
    // one frame and no more: what follows is a breach
    stream.addEventListener('message', () => stream.abort(new RetryableError('BAD_FRAME', 'bytes after the frame')), { once: true })
    const query = decodeQuery(protocol, frame)
    return encodeReply(protocol, await untilAborted(signal, () => handler(query, { peer, signal })))
  }

  async #send(stream: Stream, reply: Uint8Array, peer: string, signal: AbortSignal): Promise<void> {
    using _room = reply.byteLength > SMALL ? await this.#budget.take(peer, reply.byteLength, signal) : undefined
    await writeFrame(stream, reply, signal)
    this.#letGo(stream, LINGER_MS.server)
  }
}

const timeOut = (peer: string, { id }: Protocol, ms: number): { code: string; message: string } => ({
  code: 'CALL_TIMEOUT',
  message: `${id} with ${peer} took longer than ${ms} ms`,
})

function peerIdOf(peer: string): PeerId {
  try {
    return peerIdFromString(peer)
  } catch (cause) {
    throw new RetryableError('NOT_CONNECTED', `${JSON.stringify(peer.slice(0, 64))} is no peer id`, { cause })
  }
}
