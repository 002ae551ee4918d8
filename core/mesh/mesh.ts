/** What a peer can do with other peers. `Libp2pMesh` does it over TCP, the simulated world over a virtual clock; one compliance suite holds both. */
import type { z } from 'zod'

/** A request/response protocol: id, messages and limits are one value. Messages travel as one DAG-CBOR frame each way. */
export interface Protocol<Q extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  id: string
  query: Q
  reply: R
  limits: ProtocolLimits
}

export interface ProtocolLimits {
  queryBytes: number
  replyBytes: number
  /** For the whole call, both ways. */
  timeoutMs: number
  /** Calls under way at once per peer; callers queue below it, servers refuse above it. */
  inboundStreams: number
}

export function defineProtocol<Q extends z.ZodType, R extends z.ZodType>(protocol: Protocol<Q, R>): Protocol<Q, R> {
  return protocol
}

/** A gossip topic: small signed announcements only. */
export interface Topic<M extends z.ZodType = z.ZodType> {
  name: string
  message: M
  maxBytes: number
}

export function defineTopic<M extends z.ZodType>(topic: Topic<M>): Topic<M> {
  return topic
}

/** accept: deliver and forward. ignore: old or duplicate, drop quietly. reject: the sender broke the protocol and pays for it in score. */
export type Verdict = 'accept' | 'ignore' | 'reject'

export interface CallContext {
  /** Peer id of the caller, authenticated by the transport. */
  peer: string
  signal: AbortSignal
}

export interface Mesh {
  /** Our own peer id. */
  readonly peer: string
  /** Where others reach us: multiaddrs ending in `/p2p/<peer>`; empty for a peer that listens nowhere. */
  addresses(): string[]
  /**
   * Dials one of the addresses (multiaddrs ending in the same `/p2p/<peer>`) unless connected already; gives the peer id.
   * Throws InvalidInputError BAD_ADDRESS, RetryableError CONNECT_FAILED or NOT_CONNECTED (this mesh is closed), or the signal's reason.
   */
  connect(addresses: string[], options?: { signal?: AbortSignal }): Promise<string>
  disconnect(peer: string): Promise<void>
  peers(): string[]
  /** Tells of peers that come and go; also usable over the connections they opened to us. */
  onPeer(listener: (change: { peer: string; connected: boolean }) => void): Disposable
  /**
   * Serves a protocol; a later handler of the same id takes over. A thrown error resets the call (the caller sees CALL_RESET, we log it);
   * expected outcomes belong into the reply. `context.signal` aborts when the caller gives up, goes away, or the time is over.
   */
  handle<Q extends z.ZodType, R extends z.ZodType>(
    protocol: Protocol<Q, R>,
    handler: (query: z.infer<Q>, context: CallContext) => Promise<z.infer<R>>,
  ): Disposable
  /**
   * One call to a connected peer, over whichever side opened the connection. Calls beyond the protocol's `inboundStreams` wait their turn;
   * the time allowed (default `limits.timeoutMs`) runs from when the call's turn comes, and `signal` bounds the waiting too.
   * Throws RetryableError (NOT_CONNECTED, CALL_TIMEOUT, CALL_RESET, UNSUPPORTED_PROTOCOL), RejectedMessageError (BAD_REPLY, TOO_LARGE:
   * the peer's fault), InvalidInputError (BAD_QUERY, QUERY_TOO_LARGE: ours), or the signal's reason. It never asks twice: a reset call
   * may have been served, and only its caller knows whether asking again is safe.
   */
  ask<Q extends z.ZodType, R extends z.ZodType>(
    peer: string,
    protocol: Protocol<Q, R>,
    query: z.infer<Q>,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<z.infer<R>>
  /**
   * `judge` runs before delivery and before forwarding; `from` is the author, whose signature the mesh has checked. One subscription per
   * topic: a later one takes over. A message of the wrong size or shape is rejected before `judge` sees it; a judge that throws ignores.
   */
  subscribe<M extends z.ZodType>(
    topic: Topic<M>,
    receive: (message: z.infer<M>, from: string) => void,
    judge?: (message: z.infer<M>, from: string) => Verdict | Promise<Verdict>,
  ): Disposable
  /** Resolves when handed to the mesh, also when nobody listens yet; not delivered to ourselves. Throws InvalidInputError MESSAGE_TOO_LARGE, BAD_MESSAGE. */
  publish<M extends z.ZodType>(topic: Topic<M>, message: z.infer<M>): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
