/**
 * What goes over the wire and what is let in: canonical DAG-CBOR, size before decode, shape at the door.
 * Every implementation of `Mesh` uses these functions, so that a simulated peer refuses exactly what a real one refuses.
 */
import type { z } from 'zod'
import { decode, encode, shaped, WireError } from '../../schemas/wire/index.ts'
import { InvalidInputError, RejectedMessageError } from '../errors/index.ts'
import type { Protocol, Topic } from './mesh.ts'

/** Our own question. Throws InvalidInputError BAD_QUERY or QUERY_TOO_LARGE: the fault is the caller's, not the peer's. */
export function encodeQuery(protocol: Protocol, query: unknown): Uint8Array {
  return outgoing(protocol.query, query, protocol.limits.queryBytes, 'QUERY', protocol.id)
}

/** A peer's question. Throws RejectedMessageError BAD_QUERY or TOO_LARGE. */
export function decodeQuery<Q extends z.ZodType>(protocol: Protocol<Q>, bytes: Uint8Array): z.infer<Q> {
  return incoming(protocol.query, bytes, protocol.limits.queryBytes, 'BAD_QUERY', protocol.id)
}

/** Our own answer. Throws InvalidInputError BAD_REPLY or REPLY_TOO_LARGE: a bug of the handler. */
export function encodeReply(protocol: Protocol, reply: unknown): Uint8Array {
  return outgoing(protocol.reply, reply, protocol.limits.replyBytes, 'REPLY', protocol.id)
}

/** A peer's answer. Throws RejectedMessageError BAD_REPLY or TOO_LARGE. */
export function decodeReply<R extends z.ZodType>(protocol: Protocol<z.ZodType, R>, bytes: Uint8Array): z.infer<R> {
  return incoming(protocol.reply, bytes, protocol.limits.replyBytes, 'BAD_REPLY', protocol.id)
}

/** Our own announcement. Throws InvalidInputError BAD_MESSAGE or MESSAGE_TOO_LARGE. */
export function encodeMessage(topic: Topic, message: unknown): Uint8Array {
  return outgoing(topic.message, message, topic.maxBytes, 'MESSAGE', topic.name)
}

/** A peer's announcement. Throws RejectedMessageError BAD_MESSAGE or TOO_LARGE. */
export function decodeMessage<M extends z.ZodType>(topic: Topic<M>, bytes: Uint8Array): z.infer<M> {
  return incoming(topic.message, bytes, topic.maxBytes, 'BAD_MESSAGE', topic.name)
}

function outgoing(shape: z.ZodType, value: unknown, maxBytes: number, what: string, where: string): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = encode(shaped(shape, value))
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new InvalidInputError(`BAD_${what}`, `${where}: ${cause.message}`, { cause })
  }
  if (bytes.byteLength > maxBytes)
    throw new InvalidInputError(`${what}_TOO_LARGE`, `${where}: ${bytes.byteLength} bytes, at most ${maxBytes} may be sent`, {
      detail: { bytes: bytes.byteLength, maxBytes },
    })
  return bytes
}

function incoming<S extends z.ZodType>(shape: S, bytes: Uint8Array, maxBytes: number, code: string, where: string): z.infer<S> {
  try {
    return shaped(shape, decode(bytes, maxBytes))
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new RejectedMessageError(cause.code === 'TOO_LARGE' ? 'TOO_LARGE' : code, `${where}: ${cause.message}`, { cause })
  }
}
