/** Bytes that a seed decides, as the statistics of personal pools take them in tests: SHA-256 over a counter. */
import { sha256, u32, utf8 } from '../../schemas/wire/index.ts'

export class SeededBytes {
  readonly #seed: Uint8Array
  #block: Uint8Array = new Uint8Array()
  #counter = 0
  #at = 0

  constructor(seed: string) {
    this.#seed = utf8(seed)
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) {
      if (this.#at === this.#block.byteLength) {
        this.#block = sha256(this.#seed, u32(this.#counter++))
        this.#at = 0
      }
      out[i] = this.#block[this.#at++] as number
    }
    return out
  }

  /** As `Random` of core/effects has it; near enough uniform for a test. */
  int(bound: number): number {
    return new DataView(this.bytes(4).buffer).getUint32(0) % bound
  }
}
