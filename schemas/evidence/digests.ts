/** The digests and names of WARC records: warcio's spelling `sha256:` + padded base32, and record ids that follow from content alone. */
import { base32padupper } from 'multiformats/bases/base32'
import { sha256, toHex, utf8 } from '../wire/index.ts'

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
  const hash = sha256(utf8(`quern/warc-record/v1\0${type}\n${url}\n${date}\n${blockDigest}`)).slice(0, 16)
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = toHex(hash)
  return `<urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}>`
}
