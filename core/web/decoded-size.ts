/** Bombs: a small compressed body that decodes to gigabytes. Whoever decodes later must not be the first to notice. */
import { promisify } from 'node:util'
import { brotliDecompress, constants, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import { contentCodings, hasZlibHeader, MAX_LAYERS } from '../../schemas/evidence/index.ts'
import { FatalError } from '../errors/index.ts'

/** DEFLATE never gives more than this per byte; brotli and zstd know no such bound. */
const DEFLATE_RATIO = 1032

type Decoder = (body: Uint8Array, maxOutputLength: number) => Promise<Uint8Array>

// a truncated body must still be measured: SYNC_FLUSH gives what there is instead of an error
const zlibOptions = (maxOutputLength: number) => ({ maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH })
const decoders: Record<string, Decoder> = {
  gzip: (body, max) => promisify(gunzip)(body, zlibOptions(max)),
  deflate: (body, max) => promisify(hasZlibHeader(body) ? inflate : inflateRaw)(body, zlibOptions(max)),
  br: (body, max) => promisify(brotliDecompress)(body, { maxOutputLength: max, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: (body, max) => promisify(zstdDecompress)(body, { maxOutputLength: max, finishFlush: constants.ZSTD_e_flush }),
}
decoders['x-gzip'] = decoders.gzip as Decoder

/**
 * Throws FatalError BODY_TOO_LARGE when the body would decode to more than `maxBytes`, BAD_RESPONSE when it is wrapped more often than readers take.
 * A body that does not decode at all passes: what it means is for those who read it.
 */
export async function checkDecodedSize(headers: readonly (readonly [string, string])[], body: Uint8Array, maxBytes: number): Promise<void> {
  const tooLarge = (): never => {
    throw new FatalError('BODY_TOO_LARGE', `the body decodes to more than ${maxBytes} bytes`, {
      detail: { maxBytes, received: body.length },
    })
  }
  if (body.length > maxBytes) tooLarge()
  const codings = contentCodings(headers).toReversed()
  if (codings.length > MAX_LAYERS)
    throw new FatalError('BAD_RESPONSE', `${codings.length} content codings, at most ${MAX_LAYERS} are taken`)
  const first = codings[0]
  if (first === undefined) return
  if (codings.length === 1 && first !== 'br' && first !== 'zstd' && body.length * DEFLATE_RATIO <= maxBytes) return
  let bytes = body
  for (const coding of codings) {
    const decode = decoders[coding]
    if (decode === undefined) return
    try {
      bytes = await decode(bytes, maxBytes)
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') tooLarge()
      return
    }
  }
}
