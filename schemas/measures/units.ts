/** Texts as arrays of numbers: a loop over an array is compiled once, while one over a string asks at every unit how that string is laid out. */

/** Room for more than this goes with the text that needed it. */
const LARGEST_KEPT = 1 << 16

/** What all texts use again: gives what `make` made for a size not below the one asked for. Whoever asks next gets the same, with all that lies in it. */
export function reused<T>(make: (size: number) => T): (size: number) => T {
  let size = 0
  let kept: T | undefined
  return (least) => {
    if (kept !== undefined && least <= size) return kept
    const needed = powerOfTwo(Math.max(1 << 10, least))
    const made = make(needed)
    if (needed <= LARGEST_KEPT) {
      kept = made
      size = needed
    }
    return made
  }
}

/** The least that is not below; of 0 to 2^30. */
export const powerOfTwo = (least: number): number => 1 << (32 - Math.clz32(least - 1))

/** Whether numbers lie in memory as WebAssembly and UTF-16LE have them. */
export const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

const room = reused((size) => new Uint16Array(size))

/** The UTF-16 units of a text, and whatever after them; until the next call. */
export function unitsOf(text: string): Uint16Array {
  const units = room(text.length)
  const bytes = Buffer.from(units.buffer, 0, text.length * 2)
  bytes.write(text, 'utf16le')
  if (!isLittleEndian) bytes.swap16()
  return units
}

/** The code point that begins at a place; a surrogate alone is one of its own. */
export function codePointAt(units: Uint16Array, at: number, length: number): number {
  const unit = units[at] as number
  if ((unit & 0xfc00) !== 0xd800 || at + 1 >= length) return unit
  const next = units[at + 1] as number
  return (next & 0xfc00) === 0xdc00 ? ((unit & 0x3ff) << 10) + (next & 0x3ff) + 0x10000 : unit
}
