/** Reads records and the time of their fetch back from blocks, by the leaf lists in the batch's index. */
import { gunzipSync } from 'node:zlib'
import { FatalError } from '../../core/errors/index.ts'
import {
  type BatchIndex,
  batchIndex,
  type CID,
  concatBytes,
  type GetBlock,
  type LeafRange,
  MAX_INDEX_BYTES,
  MAX_RECORD_BYTES,
  parse,
} from '../../schemas/wire/index.ts'
import { parseFetchGroup } from '../../schemas/evidence/index.ts'
import type { LedgerFiles, LedgerState } from '../ledger/index.ts'
import type { ReadRecord } from './row.ts'

/**
 * A `ReadRecord` over the ledger's files and a source of blocks (a space, a CAR). One parsed index is kept per batch, the newest `keep` of them.
 * Throws FatalError BLOCK_MISSING or FILE_MISSING; WireError where evidence is broken. Callers check the record's CID.
 */
export function recordReader({
  state,
  files,
  get,
  keep = 64,
}: {
  state: Pick<LedgerState, 'batches'>
  files: LedgerFiles
  get: GetBlock
  keep?: number
}): ReadRecord {
  const known = new Map<string, BatchIndex>()
  const indexOf = (manifest: CID): BatchIndex => {
    const key = manifest.toString()
    const cached = known.get(key)
    if (cached !== undefined) return cached
    const batch = state.batches.get(key)
    const bytes = batch && files.read(batch.manifest.index)
    if (bytes === undefined) throw new FatalError('FILE_MISSING', `the index of batch ${key} is not among the ledger’s files`)
    if (known.size >= keep) known.delete(known.keys().next().value as string)
    const index = parse(batchIndex, bytes, MAX_INDEX_BYTES)
    known.set(key, index)
    return index
  }
  const leaves = async (list: BatchIndex['recordLeaves'], [first, count]: LeafRange, manifest: CID): Promise<Uint8Array> => {
    const parts: Uint8Array[] = []
    for (const [leaf] of list.slice(first, first + count)) {
      const bytes = await get(leaf)
      if (bytes === undefined)
        throw new FatalError('BLOCK_MISSING', `block ${leaf} of batch ${manifest} is not here`, { detail: { cid: String(leaf) } })
      parts.push(bytes)
    }
    return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts)
  }
  return async ({ manifest, row }) => {
    const index = indexOf(manifest)
    const entry = index.rows[row]
    if (entry === undefined) throw new FatalError('BLOCK_MISSING', `batch ${manifest} has no row ${row}`)
    const record = gunzipSync(await leaves(index.recordLeaves, entry.recordLeaves, manifest), { maxOutputLength: MAX_RECORD_BYTES })
    const { exchange } = parseFetchGroup(await leaves(index.evidenceLeaves, entry.evidenceLeaves, manifest))
    return { record: new Uint8Array(record.buffer, record.byteOffset, record.byteLength), fetchedAt: exchange.fetchedAt }
  }
}
