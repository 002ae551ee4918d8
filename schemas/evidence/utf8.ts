/** UTF-8 with replacement exactly as the WHATWG Encoding Standard has it, whatever decoder the engine ships. */
import { isUtf8 } from 'node:buffer'

/** Broken sequences become U+FFFD, one per maximal subpart. A leading BOM stays. */
export function decodeUtf8(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(bytes) ? buffer.toString('utf8') : repaired(bytes)
}

function repaired(bytes: Uint8Array): string {
  const parts: string[] = []
  let units: number[] = []
  let i = 0
  while (i < bytes.length) {
    const { cp, width } = sequenceAt(bytes, i)
    if (cp > 0xffff) units.push(0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + ((cp - 0x10000) & 0x3ff))
    else units.push(cp)
    i += width
    if (units.length > 8000) {
      parts.push(String.fromCharCode(...units))
      units = []
    }
  }
  return parts.join('') + String.fromCharCode(...units)
}

/** The character that starts at `i`, or U+FFFD and how many bytes it stands for. */
function sequenceAt(bytes: Uint8Array, i: number): { cp: number; width: number } {
  const lead = bytes[i] ?? 0
  if (lead < 0x80) return { cp: lead, width: 1 }
  const need = lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0
  let cp = need === 1 ? lead & 0x1f : need === 2 ? lead & 0x0f : lead & 0x07
  // the second byte's range is narrower after E0, ED, F0 and F4 (overlong forms, surrogates, beyond U+10FFFF)
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  for (let k = 1; k <= need; k++) {
    const byte = bytes[i + k] ?? 0
    if (byte < low || byte > high) return { cp: 0xfffd, width: k }
    cp = (cp << 6) | (byte & 0x3f)
    low = 0x80
    high = 0xbf
  }
  return need === 0 ? { cp: 0xfffd, width: 1 } : { cp, width: need + 1 }
}
