/** Takes the content encoding off a body, within a limit. */
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { WireError } from '../wire/index.ts'
import type { Exchange } from './exchange.ts'
import { headerValues } from './http-head.ts'

/** Codings on top of each other that readers take. */
export const MAX_LAYERS = 3

/** The content codings of a response in the order in which they were applied, in lower case; `identity` says nothing. */
export function contentCodings(headers: readonly (readonly [string, string])[]): string[] {
  return headerValues(headers, 'content-encoding')
    .flatMap((value) => value.split(','))
    .map((value) => value.trim().toLowerCase())
    .filter((value) => value !== '' && value !== 'identity')
}

/**
 * Body bytes after content decoding (gzip, deflate, br, zstd, up to three on top of each other).
 * Throws WireError BODY_TOO_LARGE when any layer grows beyond `maxBytes`, BAD_ENCODING when data is broken or the encoding unknown.
 */
export function decodeBody(exchange: Pick<Exchange, 'headers' | 'body'>, maxBytes: number): Uint8Array {
  const codings = contentCodings(exchange.headers)
  if (codings.length > MAX_LAYERS) throw new WireError('BAD_ENCODING', `more than ${MAX_LAYERS} content encodings`)
  const body = codings.toReversed().reduce((bytes, coding) => decodeLayer(coding, bytes, maxBytes), exchange.body)
  if (body.byteLength > maxBytes) throw new WireError('BODY_TOO_LARGE', `a body beyond ${maxBytes} bytes`)
  return body
}

function decodeLayer(coding: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const decoder = decoderOf(coding, bytes)
  if (decoder === undefined) throw new WireError('BAD_ENCODING', 'unknown content encoding')
  if (bytes.byteLength === 0) return bytes
  try {
    return new Uint8Array(decoder(bytes, { maxOutputLength: maxBytes }))
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new WireError('BODY_TOO_LARGE', `unpacks to more than ${maxBytes} bytes`)
    throw new WireError('BAD_ENCODING', 'the body is not in the encoding its header names')
  }
}

function decoderOf(coding: string, bytes: Uint8Array): ((bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer) | undefined {
  if (coding === 'gzip' || coding === 'x-gzip') return gunzipSync
  // RFC 9110, 8.4.1.2
  if (coding === 'deflate') return hasZlibHeader(bytes) ? inflateSync : inflateRawSync
  if (coding === 'br') return brotliDecompressSync
  return coding === 'zstd' ? zstdDecompressSync : undefined
}

/** Whether a `deflate` body begins as RFC 1950 says; servers send it without as well. */
export function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
}
