/**
 * Tokens: maximal runs of letters and numbers, each CJK character one by itself. Combining marks continue a run.
 * The normalised text (folded tokens with one space between) is what sketches and exact-duplicate digests are made from.
 */
import { sha256 } from '../wire/index.ts'
import { CJK, classes, folds, MARK } from './unicode.ts'

export interface Tokens {
  count: number
  /** UTF-8 of the folded tokens, one space between. */
  bytes: Uint8Array
  /** 32-bit hash of each folded token. */
  hashes: Uint32Array
  /** Code points of each token before folding. */
  lengths: Uint16Array
  /** 1 where a token holds something else than digits. */
  lettered: Uint8Array
}

/** FNV-1a's offset and prime, 32 bits. */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** ASCII -> its token character: digits, lower-case letters; 0 ends a token. */
const asciiTokens = new Uint8Array(0x80)
for (let unit = 0x30; unit <= 0x39; unit++) asciiTokens[unit] = unit
for (let unit = 0x61; unit <= 0x7a; unit++) asciiTokens[unit] = asciiTokens[unit - 0x20] = unit

export function tokenize(text: string): Tokens {
  const out = new TokenWriter(text.length)
  const classOf = classes()
  const fold = folds()
  let inRun = false
  for (let i = 0; i < text.length; i++) {
    let cp = text.charCodeAt(i)
    if (cp < 0x80) {
      const end = out.asciiRun(text, i)
      if (end > i) {
        inRun = true
        i = end - 1
      } else if (inRun) {
        out.end()
        inRun = false
      }
      continue
    }
    if (cp >= 0xd800 && cp <= 0xdbff) {
      cp = text.codePointAt(i) ?? cp
      if (cp > 0xffff) i++
    }
    const kind = classOf[cp] as number
    if (inRun && (kind === 0 || kind === CJK)) {
      out.end()
      inRun = false
    }
    if (kind === 0 || (kind === MARK && !inRun)) continue
    out.character(cp, fold.get(cp))
    if (kind === CJK) out.end()
    else inRun = true
  }
  if (inRun) out.end()
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

/** Grows with the text; one pass writes bytes, hashes and lengths. */
class TokenWriter {
  private bytes: Uint8Array
  private at = 0
  private hashes: Uint32Array
  private lengths: Uint16Array
  private lettered: Uint8Array
  private count = 0
  private hash = FNV_OFFSET | 0
  private length = 0
  private start = 0
  private letters = 0

  constructor(units: number) {
    this.bytes = new Uint8Array(units * 2 + 16)
    this.hashes = new Uint32Array((units >> 2) + 16)
    this.lengths = new Uint16Array(this.hashes.length)
    this.lettered = new Uint8Array(this.hashes.length)
  }

  /** Takes the letters and digits that begin at `from`; gives the place of the first unit that is neither. */
  asciiRun(text: string, from: number): number {
    let i = from
    let { at, hash, letters } = this
    // two bytes per unit are reserved, so only what folds to more can run out
    if (at + text.length - from >= this.bytes.length) this.grow(text.length - from)
    const { bytes } = this
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const byte = unit < 0x80 ? (asciiTokens[unit] as number) : 0
      if (byte === 0) break
      bytes[at++] = byte
      hash = Math.imul(hash ^ byte, FNV_PRIME)
      if (byte > 0x39) letters = 1
    }
    this.length += i - from
    this.at = at
    this.hash = hash
    this.letters = letters
    return i
  }

  character(cp: number, folded: string | undefined): void {
    this.length++
    this.letters = 1
    if (folded === undefined) this.codePoint(cp)
    else for (let i = 0; i < folded.length; i += this.codePoint(folded.codePointAt(i) ?? 0));
  }

  end(): void {
    // tatweel and the like fold to nothing: no token
    if (this.at > this.start) {
      if (this.count === this.hashes.length) this.growTokens()
      this.hashes[this.count] = mix32(this.hash)
      this.lengths[this.count] = Math.min(this.length, 0xffff)
      this.lettered[this.count++] = this.letters
      this.bytes[this.at++] = 0x20
      this.start = this.at
    }
    this.hash = FNV_OFFSET | 0
    this.length = 0
    this.letters = 0
  }

  tokens(): Tokens {
    const { count } = this
    return {
      count,
      bytes: this.bytes.subarray(0, Math.max(0, this.at - 1)),
      hashes: this.hashes.subarray(0, count),
      lengths: this.lengths.subarray(0, count),
      lettered: this.lettered.subarray(0, count),
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

  private growTokens(): void {
    const size = this.hashes.length * 2
    const hashes = new Uint32Array(size)
    hashes.set(this.hashes)
    this.hashes = hashes
    const lengths = new Uint16Array(size)
    lengths.set(this.lengths)
    this.lengths = lengths
    const lettered = new Uint8Array(size)
    lettered.set(this.lettered)
    this.lettered = lettered
  }
}

/** MurmurHash3's 32-bit finaliser: every input bit reaches every output bit. */
export function mix32(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
