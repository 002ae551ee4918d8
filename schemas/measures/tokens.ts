/**
 * Tokens: maximal runs of letters and numbers, each CJK character one by itself. Combining marks continue a run.
 * The normalised text (folded tokens with one space between) is what sketches and exact-duplicate digests are made from.
 */
import { sha256 } from '../wire/index.ts'
import { codePointAt, reused, unitsOf } from './units.ts'
import { CJK, classes, folds, MARK } from './unicode.ts'

export interface Tokens {
  count: number
  /** UTF-8 of the folded tokens, one space between. */
  bytes: Uint8Array
  /** 32-bit hash of each folded token. */
  hashes: Uint32Array
  /** Code points of each token before folding, at most 65,535. */
  lengths: Uint16Array
  /** Sum of `lengths`. */
  characters: number
  /** Tokens that hold something else than digits. */
  lettered: number
}

/** FNV-1a's offset and prime, 32 bits. */
export const FNV_OFFSET = 0x811c9dc5
export const FNV_PRIME = 0x01000193

/** ASCII -> its token character: digits, lower-case letters; 0 ends a token. */
const asciiTokens = new Uint8Array(0x80)
for (let unit = 0x30; unit <= 0x39; unit++) asciiTokens[unit] = unit
for (let unit = 0x61; unit <= 0x7a; unit++) asciiTokens[unit] = asciiTokens[unit - 0x20] = unit

/**
 * Units of ASCII taken at a time. Were it all of a long first text, the engine would compile the loop before it ever saw what follows it, and leave
 * that code there for hundreds of texts.
 */
const STRETCH = 256
/** The bit that tells the letters there from the digits. */
const LETTER = 0x40

export function tokenize(text: string): Tokens {
  const { bytes, hashes, lengths, ...rest } = tokensOf(text)
  return { bytes: bytes.slice(), hashes: hashes.slice(), lengths: lengths.slice(), ...rest }
}

/** The same for whoever is done with them before the next text is read: until then they lie in arrays that all texts use. */
export function tokensOf(text: string): Tokens {
  const { length } = text
  const units = unitsOf(text)
  const out = new TokenWriter(length)
  for (let i = 0; i < length; ) {
    i = out.ascii(units, i, Math.min(length, i + STRETCH))
    i = out.others(units, i, length)
  }
  return out.tokens()
}

/** SHA-256 of the normalised text: equal for texts that differ in case, accents, punctuation and spaces only. */
export function contentDigest(tokens: Tokens): Uint8Array {
  return sha256(tokens.bytes)
}

/** The folded tokens as strings; for people and tests, the hot path uses hashes. */
export function tokenTexts(tokens: Tokens): string[] {
  const text = Buffer.from(tokens.bytes.buffer, tokens.bytes.byteOffset, tokens.bytes.byteLength).toString('utf8')
  return text === '' ? [] : text.split(' ')
}

const bytesRoom = reused((size) => new Uint8Array(size))
const tokenRoom = reused((size) => ({ hashes: new Uint32Array(size), lengths: new Uint16Array(size) }))

/** One pass writes bytes, hashes and lengths, into what every text uses again. */
class TokenWriter {
  private bytes: Uint8Array
  private at = 0
  private readonly hashes: Uint32Array
  private readonly lengths: Uint16Array
  private count = 0
  private characters = 0
  private lettered = 0
  private hash = FNV_OFFSET | 0
  private length = 0
  private start = 0
  private letters = 0

  constructor(units: number) {
    this.bytes = bytesRoom(units * 2 + 16)
    const { hashes, lengths } = tokenRoom(units)
    this.hashes = hashes
    this.lengths = lengths
  }

  /** Takes ASCII from a place on; gives the place of the first unit that is none. */
  ascii(units: Uint16Array, from: number, to: number): number {
    let i = from
    let { at, hash, length, letters } = this
    // two bytes per unit are reserved, so only what folds to more can run out
    if (at + to - from >= this.bytes.length) this.grow(to - from + 1)
    const { bytes } = this
    for (; i < to; i++) {
      const unit = units[i] as number
      if (unit >= 0x80) break
      const byte = asciiTokens[unit] as number
      if (byte !== 0) {
        bytes[at++] = byte
        hash = Math.imul(hash ^ byte, FNV_PRIME)
        length++
        letters |= byte & LETTER
      } else if (length !== 0) {
        this.end(at, hash, length, letters)
        at = this.at
        hash = FNV_OFFSET | 0
        length = 0
        letters = 0
      }
    }
    this.at = at
    this.hash = hash
    this.length = length
    this.letters = letters
    return i
  }

  /** Takes what is not ASCII from a place on; gives the place of the first unit that is. */
  others(units: Uint16Array, from: number, to: number): number {
    const classOf = classes()
    const fold = folds()
    let i = from
    for (; i < to; i++) {
      const cp = codePointAt(units, i, to)
      if (cp < 0x80) break
      if (cp > 0xffff) i++
      const kind = classOf[cp] as number
      if (kind === 0 || kind === CJK) this.endRun()
      // a run is open where it has a length
      if (kind === 0 || (kind === MARK && this.length === 0)) continue
      this.character(cp, fold.get(cp))
      if (kind === CJK) this.endRun()
    }
    return i
  }

  private character(cp: number, folded: string | undefined): void {
    this.length++
    this.letters = LETTER
    if (folded === undefined) this.codePoint(cp)
    else for (let i = 0; i < folded.length; i += this.codePoint(folded.codePointAt(i) ?? 0));
  }

  private endRun(): void {
    if (this.length === 0) return
    this.end(this.at, this.hash, this.length, this.letters)
    this.hash = FNV_OFFSET | 0
    this.length = 0
    this.letters = 0
  }

  /** Ends the token whose bytes go up to `at`. */
  private end(at: number, hash: number, length: number, letters: number): void {
    this.at = at
    // tatweel and the like fold to nothing: no token
    if (at === this.start) return
    const { count } = this
    const characters = Math.min(length, 0xffff)
    this.hashes[count] = mix32(hash)
    this.lengths[count] = characters
    this.count = count + 1
    this.characters += characters
    if (letters !== 0) this.lettered++
    this.bytes[at] = 0x20
    this.at = this.start = at + 1
  }

  tokens(): Tokens {
    this.endRun()
    const { count, characters, lettered } = this
    return {
      count,
      bytes: this.bytes.subarray(0, Math.max(0, this.at - 1)),
      hashes: this.hashes.subarray(0, count),
      lengths: this.lengths.subarray(0, count),
      characters,
      lettered,
    }
  }

  private byte(byte: number): void {
    this.bytes[this.at++] = byte
    this.hash = Math.imul(this.hash ^ byte, FNV_PRIME)
  }

  /** Writes UTF-8; gives the width in UTF-16 units. */
  private codePoint(cp: number): number {
    if (this.at + 5 >= this.bytes.length) this.grow(5)
    if (cp < 0x80) this.byte(cp)
    else if (cp < 0x800) {
      this.byte(0xc0 | (cp >> 6))
      this.byte(0x80 | (cp & 0x3f))
    } else if (cp < 0x10000) {
      this.byte(0xe0 | (cp >> 12))
      this.byte(0x80 | ((cp >> 6) & 0x3f))
      this.byte(0x80 | (cp & 0x3f))
    } else {
      this.byte(0xf0 | (cp >> 18))
      this.byte(0x80 | ((cp >> 12) & 0x3f))
      this.byte(0x80 | ((cp >> 6) & 0x3f))
      this.byte(0x80 | (cp & 0x3f))
    }
    return cp > 0xffff ? 2 : 1
  }

  private grow(least: number): void {
    const bytes = new Uint8Array((this.bytes.length + least) * 2)
    bytes.set(this.bytes)
    this.bytes = bytes
  }
}

/** MurmurHash3's 32-bit finaliser: every input bit reaches every output bit. */
export function mix32(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
