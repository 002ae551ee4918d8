/** A tar archive (POSIX.1-1988 ustar) of plain files with short names, as `tar x` reads it: no owner, no mode, no time, so the same files give the same bytes. */
import { RejectedMessageError } from '../../core/errors/index.ts'
import { concatBytes, utf8 } from '../../schemas/wire/index.ts'

const BLOCK = 512
const NAME = /^(?:data\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/

export interface TarFile {
  name: string
  bytes: Uint8Array
}

/** One file: header, bytes, padding. */
export function tarFile({ name, bytes }: TarFile): Uint8Array {
  if (!NAME.test(name)) throw new RejectedMessageError('BAD_NAME', `no file of a bundle is called ${JSON.stringify(name.slice(0, 100))}`)
  const header = new Uint8Array(BLOCK)
  const put = (at: number, text: string): void => header.set(utf8(text), at)
  put(0, name)
  put(100, '0000644\0')
  put(108, '0000000\0')
  put(116, '0000000\0')
  put(124, `${bytes.byteLength.toString(8).padStart(11, '0')}\0`)
  put(136, '00000000000\0')
  put(148, ' '.repeat(8))
  put(156, '0')
  put(257, 'ustar\x0000')
  put(148, `${sumOf(header).toString(8).padStart(6, '0')}\0 `)
  return concatBytes(header, bytes, new Uint8Array((BLOCK - (bytes.byteLength % BLOCK)) % BLOCK))
}

export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK)

const sumOf = (header: Uint8Array): number => header.reduce((sum, byte) => sum + byte, 0)

/**
 * The files of such an archive, one at a time. Throws RejectedMessageError BAD_BUNDLE for whatever `tarFile` does not write, TOO_LARGE for a file
 * of more than `maxBytes`.
 */
export async function* untar(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<TarFile> {
  const bad = (why: string): RejectedMessageError => new RejectedMessageError('BAD_BUNDLE', `not a bundle: ${why}`)
  const reader = new Exactly(chunks)
  for (;;) {
    const header = await reader.take(BLOCK)
    if (header === undefined) throw bad('it ends too early')
    if (header.every((byte) => byte === 0)) return
    const field = (from: number, to: number): string => Buffer.from(header.subarray(from, to)).toString('latin1').split('\0')[0] ?? ''
    const [name, size, sum] = [field(0, 100), Number.parseInt(field(124, 136), 8), Number.parseInt(field(148, 156), 8)]
    if (sumOf(header.slice().fill(32, 148, 156)) !== sum || field(156, 157) !== '0' || !NAME.test(name))
      throw bad('a header is not its own')
    if (!(size <= maxBytes)) throw new RejectedMessageError('TOO_LARGE', `a file of a bundle has at most ${maxBytes} bytes`)
    const bytes = await reader.take(size)
    if (bytes === undefined || (await reader.take((BLOCK - (size % BLOCK)) % BLOCK)) === undefined) throw bad('a file ends too early')
    yield { name, bytes }
  }
}

/** Pieces of any size, taken in pieces of the size asked for. */
class Exactly {
  readonly #chunks: AsyncIterator<Uint8Array>
  #held: Uint8Array[] = []
  #size = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async take(size: number): Promise<Uint8Array | undefined> {
    while (this.#size < size) {
      const next = await this.#chunks.next()
      if (next.done === true) return undefined
      this.#held.push(next.value)
      this.#size += next.value.byteLength
    }
    const whole = this.#held.length === 1 ? (this.#held[0] as Uint8Array) : concatBytes(...this.#held)
    this.#held = [whole.subarray(size)]
    this.#size -= size
    return whole.slice(0, size)
  }
}
