/** Index and sketches of a revealed batch, held against its manifest, salt and author: what every replica judges for itself (D1, D2, D9). */
import { FatalError, QuernError } from '../../core/errors/index.ts'
import type { Check, IndexRow } from '../../schemas/wire/index.ts'
import { checkBatchStructure, parseBatchFiles } from '../batches/index.ts'
import { requireFile } from './parsed-files.ts'
import type { BatchFiles, BatchState, LedgerFiles } from './types.ts'

export type ReadBatch =
  | { ok: true; files: BatchFiles; rows: IndexRow[]; sketches: Uint8Array }
  | { ok: false; check: Check; message: string }

/** Throws FatalError FILE_MISSING or FILE_CORRUPT. */
export function readBatch(files: LedgerFiles, batch: Pick<BatchState, 'manifestCid' | 'manifest' | 'salt' | 'contributor'>): ReadBatch {
  const { manifest } = batch
  const bytes = [batch.manifestCid, manifest.index, manifest.sketches].map((cid) => requireFile(files, cid))
  let parsed: BatchFiles
  try {
    parsed = parseBatchFiles(...(bytes as [Uint8Array, Uint8Array, Uint8Array]))
  } catch (thrown) {
    if (!(thrown instanceof QuernError)) throw thrown
    // other bytes than the manifest names: our own copy is at fault, and nobody is accused for that
    if (thrown.code.endsWith('_MISMATCH')) throw new FatalError('FILE_CORRUPT', thrown.message, { cause: thrown })
    return { ok: false, check: 'D1', message: thrown.message }
  }
  const structure = checkBatchStructure(parsed, batch.salt, batch.contributor)
  if (!structure.ok) return { ok: false, check: structure.check, message: structure.message }
  return { ok: true, files: parsed, rows: parsed.index.rows, sketches: parsed.sketches }
}
