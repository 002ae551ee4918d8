import type { CID } from '../../schemas/wire/index.ts'
import { type BatchFiles, parseBatchFiles, parseManifest } from './batch-files.ts'

/** A batch's ledger files from wherever they are kept; undefined when one of them is not there. Errors are those of parseBatchFiles. */
export function loadBatch(read: (cid: CID) => Uint8Array | undefined, manifest: CID): BatchFiles | undefined {
  const bytes = read(manifest)
  if (bytes === undefined) return undefined
  const { index, sketches } = parseManifest(bytes)
  const indexBytes = read(index)
  const sketchBytes = read(sketches)
  return indexBytes === undefined || sketchBytes === undefined ? undefined : parseBatchFiles(bytes, indexBytes, sketchBytes)
}
