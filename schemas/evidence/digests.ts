/** The digests and names of WARC records: warcio's spelling `sha256:` + padded base32, and record ids that follow from content alone. */
import { base32padupper } from 'multiformats/bases/base32'
import { sha256, sha256Hex, utf8 } from '../wire/index.ts'

/** `sha256:BASE32`, as warcio and pywb write and check it. */
export function warcDigest(bytes: Uint8Array): string {
  return `sha256:${base32padupper.baseEncode(sha256(bytes))}`
}

/** The 32 bytes of a `sha256:BASE32` digest; undefined when it is not one. */
export function digestBytes(text: string): Uint8Array | undefined {
  if (!/^sha256:[A-Z2-7]{52}====$/.test(text)) return undefined
  return base32padupper.baseDecode(text.slice('sha256:'.length))
}

/** `<urn:uuid:…>`, a version 8 UUID (RFC 9562) from what the record says: the same fetch always gets the same name. */
export function recordId(type: string, url: string, date: string, blockDigest: string): string {
  const hex = sha256Hex(utf8(`quern/warc-record/v1\0${type}\n${url}\n${date}\n${blockDigest}`))
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `<urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}>`
}
