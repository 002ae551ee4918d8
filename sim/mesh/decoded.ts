/**
 * What comes over a simulated wire is decoded and checked as over a real one, but the same bytes once per process: seven validators ask the same
 * question about the same rows, and fifty followers read the same page of the log. Decoding is pure in the bytes and the protocol.
 */
import { ByteLru } from '../../schemas/cache/index.ts'
import { deepFreeze } from '../../core/envelope/index.ts'
import { encodeReply, type Protocol } from '../../core/mesh/index.ts'
import { sha256Hex } from '../../schemas/wire/index.ts'

interface Decoded {
  value: unknown
  bytes: number
}

/** A decoded message weighs about twice its bytes. */
const decoded = new ByteLru<Decoded>(32 << 20, ({ bytes }) => 2 * bytes)

let protocols = 0
const numbers = new WeakMap<Protocol, number>()
const sameArray = new WeakMap<Uint8Array, { number: number; way: 'query' | 'reply'; value: unknown }>()

/** What `decode` gives for these bytes of a protocol's query or reply; frozen, since whoever gets the same bytes shares it. What throws is not remembered. */
export function decodedOnce<T>(protocol: Protocol, way: 'query' | 'reply', bytes: Uint8Array, decode: () => T): T {
  let number = numbers.get(protocol)
  if (number === undefined) numbers.set(protocol, (number = protocols++))
  // the very same array first: what one peer says to many is encoded once (below)
  const seen = sameArray.get(bytes)
  if (seen !== undefined && seen.number === number && seen.way === way) return seen.value as T
  const make = (): Decoded => ({ value: deepFreeze(decode()), bytes: bytes.byteLength })
  const { value } = decoded.recall(`${number} ${way} ${sha256Hex(bytes)}`, make)
  if (way === 'reply') sameArray.set(bytes, { number, way, value })
  return value as T
}

const encoded = new WeakMap<object, Uint8Array>()

/** The bytes of a reply; of one that is frozen, as who answers many with the same gives it, made once. */
export function encodedOnce(protocol: Protocol, reply: unknown): Uint8Array {
  if (typeof reply !== 'object' || reply === null || !Object.isFrozen(reply)) return encodeReply(protocol, reply)
  let bytes = encoded.get(reply)
  if (bytes === undefined) encoded.set(reply, (bytes = encodeReply(protocol, reply)))
  return bytes
}
