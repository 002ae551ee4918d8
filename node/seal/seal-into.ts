import type { Space } from '../../core/storage/index.ts'
import type { SealedBatch, SealHeader } from './batch-sealer.ts'
import { BatchWriter, type SealPage } from './batch-writer.ts'

export interface SealIntoInput extends SealHeader {
  warcinfo: Uint8Array[]
  /** Taken one by one: the next is asked for when the one before is sealed. */
  pages: Iterable<SealPage>
  /** First and last fetch, Unix seconds. */
  from: number
  to: number
}

/** Seals pages that are at hand, or read while they are sealed; errors and what stays after them are those of BatchWriter. */
export async function sealInto(space: Pick<Space, 'put'>, { pages, from, to, ...header }: SealIntoInput): Promise<SealedBatch> {
  const batch = new BatchWriter(space, header)
  for (const page of pages) await batch.add(page)
  return batch.finish({ from, to })
}
