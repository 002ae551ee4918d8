/**
 * The inner loop of MinHash in WebAssembly: SIMD takes four lanes at a time, which JavaScript cannot ask for, in a tenth of the plain loop's time.
 * Written out as bytes: they are few, and a compiler would be one more tool that every build and every reader needs.
 */
import { isLittleEndian } from './units.ts'

/** Where the kernel's one page of memory holds what: least value of each of 128 lanes, A, B, and from here on shingles. */
const A = 512
const B = 1024
const SHINGLES = 1536
const PAGE = 65_536
/** Shingles that have room at once. */
const ROOM = (PAGE - SHINGLES) >> 2

/** Hexadecimal bytes, and what they say. Numbers are LEB128: 80 04 is 512, 80 08 is 1024, 80 0c is 1536. */
const LISTING = `
  00 61 73 6d 01 00 00 00    ; version 1
  01 05 01 60 01 7f 00       ; type 0: of one i32, gives nothing
  03 02 01 00                ; one function, of type 0
  05 03 01 00 01             ; one memory, of one page
  07 11 02                   ; two exports
  04 66 69 6c 6c 00 00       ;   fill, the function
  06 6d 65 6d 6f 72 79 02 00 ;   memory
  0a 65 01 63                ; its code
  02 02 7f 03 7b             ; end is 0; locals: lane 1, at 2 (i32), least 3, a 4, b 5 (four i32 each)
  03 40                      ; loop
  20 01 fd 00 04 00 21 03    ;   least = load(lane)
  20 01 fd 00 04 80 04 21 04 ;   a = load(lane + 512)
  20 01 fd 00 04 80 08 21 05 ;   b = load(lane + 1024)
  41 80 0c 21 02             ;   at = 1536
  03 40                      ;   loop
  20 03 20 02 fd 09 02 00    ;     least, four times the shingle at
  20 04 fd b5 01             ;     times a
  20 05 fd ae 01             ;     plus b
  fd b6 01 21 03             ;     least = the lesser, signed
  20 02 41 04 6a 22 02       ;     at += 4
  20 00 49 0d 00 0b          ;     again while at < end
  20 01 20 03 fd 0b 04 00    ;   store(lane, least)
  20 01 41 10 6a 22 01       ;   lane += 16
  41 80 04 49 0d 00 0b 0b    ;   again while lane < 512
`

interface Kernel {
  fill: (end: number) => void
  memory: { buffer: ArrayBuffer }
}
/** The part of it used here; TypeScript has its types among those of a browser's page only. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: Kernel }
}

/**
 * Makes a function that gives the least `multipliers[i] * shingle + addends[i]` (modulo 2^32, compared signed) over all shingles of each of the 128
 * lanes. Undefined where it cannot run: no WebAssembly, no SIMD, no address space for its memory, or a processor that puts high bytes first.
 */
export function laneKernel(multipliers: Int32Array, addends: Int32Array): ((shingles: Int32Array) => Int32Array) | undefined {
  if (!isLittleEndian) return undefined
  let kernel: Kernel
  try {
    kernel = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(LISTING))).exports
  } catch {
    return undefined
  }
  const { fill, memory } = kernel
  const words = new Int32Array(memory.buffer)
  words.set(multipliers, A >> 2)
  words.set(addends, B >> 2)
  return (shingles) => {
    words.fill(0x7fffffff, 0, A >> 2)
    for (let from = 0; from < shingles.length; from += ROOM) {
      const part = shingles.subarray(from, from + ROOM)
      words.set(part, SHINGLES >> 2)
      fill(SHINGLES + part.byteLength)
    }
    return words.slice(0, A >> 2)
  }
}

const bytesOf = (listing: string): Uint8Array => Buffer.from(listing.replace(/;.*|\s/g, ''), 'hex')
