/** The fingerprint of a history. Lines and bytes are laid together before they are hashed: a call of the hash per event costs more than its bytes. */
import { createHash } from 'node:crypto'
import type { WorldEvent } from './queue.ts'

const ROOM = 64 << 10
/** A label names two peers and a protocol; anything longer is hashed by itself. */
const LONGEST_LINE = 1024

export class Trace {
  readonly #hash = createHash('sha256')
  readonly #waiting = Buffer.alloc(ROOM)
  #used = 0

  /** Time, sequence, label and bytes of an event, in the order of calls. */
  add({ atMs, sequence, label, bytes }: Pick<WorldEvent, 'atMs' | 'sequence' | 'label' | 'bytes'>): void {
    const line = `${atMs} ${sequence} ${label} ${bytes?.byteLength ?? '-'}\n`
    // UTF-8 takes three bytes per unit at most
    if (line.length > LONGEST_LINE / 3) this.#put(Buffer.from(line))
    else {
      if (this.#used + LONGEST_LINE > ROOM) this.#flush()
      this.#used += this.#waiting.write(line, this.#used)
    }
    if (bytes !== undefined) this.#put(bytes)
  }

  /** SHA-256 over everything added so far, in hexadecimal. */
  digest(): string {
    this.#flush()
    return this.#hash.copy().digest('hex')
  }

  #put(bytes: Uint8Array): void {
    if (this.#used + bytes.byteLength > ROOM) this.#flush()
    if (bytes.byteLength > ROOM) this.#hash.update(bytes)
    else {
      this.#waiting.set(bytes, this.#used)
      this.#used += bytes.byteLength
    }
  }

  #flush(): void {
    this.#hash.update(this.#waiting.subarray(0, this.#used))
    this.#used = 0
  }
}
