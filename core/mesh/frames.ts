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
      let bytes = event.data.subarray()
      if (body === undefined) {
        head = Buffer.concat([head, bytes])
        const prefix = prefixOf(head)
        if (prefix === 'unfinished') return stream.remoteWriteStatus === 'closed' ? onEnd() : undefined
        if (prefix === 'bad') return fail(new RejectedMessageError('BAD_FRAME', 'a frame begins with its length as a minimal varint'))
        const { length } = prefix
        if (length > maxBytes)
          return fail(
            new RejectedMessageError('TOO_LARGE', `a frame of ${length} bytes, at most ${maxBytes} are taken`, {
              detail: { length, maxBytes },
            }),
          )
        bytes = head.subarray(prefix.bytes)
        // pages of it become real only as they are written; every byte is, before anybody sees it
        body = Buffer.allocUnsafeSlow(length)
        if (reserve !== undefined && bytes.byteLength < length) wait(reserve(length))
      }
      if (have + bytes.byteLength > body.byteLength) return fail(new RejectedMessageError('BAD_FRAME', 'bytes after the frame'))
      body.set(bytes, have)
      have += bytes.byteLength
      if (have === body.byteLength) {
        const whole = body
        finish(() => resolve(new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength)))
      } else if (stream.remoteWriteStatus === 'closed' && stream.readStatus !== 'paused') onEnd()
    }
    const wait = (room: Promise<void>): void => {
      stream.pause()
      room.then(() => {
        if (stream.readStatus === 'paused') stream.resume()
      }, fail)
    }

    if (signal.aborted) return reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    stream.addEventListener('remoteCloseWrite', onEnd)
    stream.addEventListener('close', onEnd)
    stream.addEventListener('message', onMessage)
    if (stream.remoteWriteStatus === 'closed') onEnd()
  })
}

function prefixOf(head: Uint8Array): { length: number; bytes: number } | 'bad' | 'unfinished' {
  const end = head.subarray(0, MAX_PREFIX_BYTES).findIndex((byte) => byte < 0x80)
  if (end === -1) return head.byteLength < MAX_PREFIX_BYTES ? 'unfinished' : 'bad'
  const [length, bytes] = varint.decode(head)
  return varint.encodingLength(length) === bytes ? { length, bytes } : 'bad'
}
