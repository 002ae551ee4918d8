/** One frame each way on a libp2p stream: unsigned varint length, then the bytes, then the writing side is closed. */
import type { Stream } from '@libp2p/interface'
import { varint } from 'multiformats'
import { RejectedMessageError, RetryableError } from '../errors/index.ts'

/** Lengths below 2^35; nothing here comes near it. */
const MAX_PREFIX_BYTES = 5

export interface ReadOptions {
  /** Refused by its prefix alone, before its bytes are taken. */
  maxBytes: number
  signal: AbortSignal
  /** Waits until there is room for so many bytes; the stream is paused meanwhile, so that the sender waits too. */
  reserve?: (bytes: number) => Promise<void>
}

/** Sends the frame and closes our side; resolves when the bytes have left for the transport. */
export async function writeFrame(stream: Stream, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const prefix = varint.encodingLength(bytes.byteLength)
  const frame = new Uint8Array(prefix + bytes.byteLength)
  varint.encodeTo(bytes.byteLength, frame)
  frame.set(bytes, prefix)
  stream.send(frame)
  await stream.close({ signal })
}

/**
 * The peer's frame. Throws RejectedMessageError TOO_LARGE or BAD_FRAME (a prefix that is none, bytes after the frame),
 * RetryableError CALL_RESET when the stream ends first, or the signal's reason. The stream is not aborted here: the caller does it.
 */
export function readFrame(stream: Stream, { maxBytes, signal, reserve }: ReadOptions): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let head: Uint8Array = new Uint8Array(0)
    let body: Uint8Array | undefined
    let have = 0

    const finish = (settle: () => void): void => {
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('remoteCloseWrite', onEnd)
      stream.removeEventListener('close', onEnd)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const fail = (error: Error): void => finish(() => reject(error))
    const onAbort = (): void => fail(signal.reason as Error)
    const onEnd = (): void => {
      // what a paused stream still holds comes first
      if (stream.readBufferLength === 0 || stream.status !== 'open')
        fail(new RetryableError('CALL_RESET', 'the stream ended before its frame'))
    }
    const onMessage = (event: { data: { subarray(): Uint8Array } }): void => {
      const bytes = event.data.subarray()
      if (body !== undefined) return take(body, bytes)
      head = Buffer.concat([head, bytes])
      const prefix = prefixOf(head)
      if (prefix === 'bad') return fail(new RejectedMessageError('BAD_FRAME', 'a frame begins with its length as a minimal varint'))
      if (prefix === 'unfinished') return stream.remoteWriteStatus === 'closed' ? onEnd() : undefined
      const { length } = prefix
      if (length > maxBytes)
        return fail(
          new RejectedMessageError('TOO_LARGE', `a frame of ${length} bytes, at most ${maxBytes} are taken`, {
            detail: { length, maxBytes },
          }),
        )
      const begin = (): void => {
        body = Buffer.allocUnsafeSlow(length)
        take(body, head.subarray(prefix.bytes))
      }
      if (reserve === undefined || head.byteLength - prefix.bytes >= length) return begin()
      stream.pause()
      reserve(length).then(() => {
        begin()
        if (stream.readStatus === 'paused') stream.resume()
      }, fail)
    }
    const take = (into: Uint8Array, bytes: Uint8Array): void => {
      if (have + bytes.byteLength > into.byteLength) return fail(new RejectedMessageError('BAD_FRAME', 'bytes after the frame'))
      into.set(bytes, have)
      have += bytes.byteLength
      // a view of its own: a Buffer is not what callers expect of bytes
      if (have === into.byteLength) finish(() => resolve(new Uint8Array(into.buffer, into.byteOffset, into.byteLength)))
      else if (stream.remoteWriteStatus === 'closed') onEnd()
    }

    if (signal.aborted) return reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    stream.addEventListener('remoteCloseWrite', onEnd)
    stream.addEventListener('close', onEnd)
    stream.addEventListener('message', onMessage)
    if (stream.remoteWriteStatus === 'closed') onEnd()
  })
}

/** Decoded by hand: a decoder that throws, inside an event listener, would end the process on a peer's word. */
function prefixOf(head: Uint8Array): { length: number; bytes: number } | 'bad' | 'unfinished' {
  let length = 0
  for (let i = 0; i < MAX_PREFIX_BYTES; i++) {
    const byte = head[i]
    if (byte === undefined) return 'unfinished'
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return byte === 0 && i > 0 ? 'bad' : { length, bytes: i + 1 }
  }
  return 'bad'
}
