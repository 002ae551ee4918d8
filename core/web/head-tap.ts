/**
 * Evidence wants the heads as they crossed the wire, and undici gives parsed headers only. The tap sits on the socket
 * (below TLS decryption, above TCP): it notes what is written and what is pushed into the stream until the head is complete.
 */
import type { Socket } from 'node:net'

const END = Buffer.from('\r\n\r\n')

export class HeadTap {
  readonly #limit: number
  #written: Buffer[] = []
  #received: Buffer[] = []
  #size = 0
  #armed = false

  /** Notes at most `limit` bytes of each direction. */
  constructor(socket: Socket, limit: number) {
    this.#limit = limit
    const write = socket.write.bind(socket) as (...all: unknown[]) => boolean
    socket.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
      if (this.#armed) this.#note(this.#written, bytesOf(chunk, rest[0]))
      return write(chunk, ...rest)
    }
    const push = socket.push.bind(socket)
    socket.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
      if (this.#armed && chunk !== null) this.#note(this.#received, bytesOf(chunk, encoding))
      return push(chunk, encoding)
    }
  }

  /** Before a request is written on this socket. */
  arm(): void {
    this.#written = []
    this.#received = []
    this.#size = 0
    this.#armed = true
  }

  /** Once the final response head was parsed: both heads, each to its blank line, where they lie; undefined where the bytes do not show one. */
  take(): { request: Uint8Array | undefined; response: Uint8Array | undefined } {
    this.#armed = false
    const written = whole(this.#written)
    const received = whole(this.#received)
    this.#written = []
    this.#received = []
    return { request: headAt(written, 0), response: finalHead(received) }
  }

  #note(into: Buffer[], bytes: Buffer): void {
    if (this.#size > this.#limit) return
    this.#size += bytes.byteLength
    into.push(bytes)
  }
}

/** As a rule one piece: the head came with the first of the body, which is not copied for it. */
const whole = (pieces: Buffer[]): Buffer => (pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces))

function headAt(bytes: Buffer, from: number): Uint8Array | undefined {
  const end = bytes.indexOf(END, from)
  return end === -1 ? undefined : bytes.subarray(from, end + END.length)
}

/** Skips interim 1xx heads. */
function finalHead(bytes: Buffer): Uint8Array | undefined {
  for (let from = 0; ; ) {
    const head = headAt(bytes, from)
    if (head === undefined) return undefined
    if (!/^HTTP\/\d\.\d 1\d\d/.test(bytes.toString('latin1', from, from + 16))) return head
    from += head.byteLength
  }
}

function bytesOf(chunk: Uint8Array | string, encoding: unknown): Buffer {
  return typeof chunk === 'string'
    ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
