import type { Space } from '../../core/storage/index.ts'
import { BatchSealer, type SealedBatch } from './batch-sealer.ts'
import type { SealInput } from './seal-batch.ts'

const PORTION_BYTES = 2 << 20

/**
 * `sealBatch` that stores the blocks as they are made, some 2 MiB at a time, so that sealing takes no second copy of the evidence; of the
 * batch given, `blocks` is empty. Pins nothing. Errors are those of BatchSealer and of `Space.put`; what was stored before one stays until `gc`.
 */
export async function sealInto(space: Pick<Space, 'put'>, { records, groups, from, to, ...header }: SealInput): Promise<SealedBatch> {
  const sealer = new BatchSealer(header)
  let bytes = 0
  const store = async (more: number): Promise<void> => {
    bytes += more
    if (bytes < PORTION_BYTES) return
    bytes = 0
    await space.put(sealer.drain())
  }
  for (const members of groups) {
    sealer.addGroup(members)
    await store(members.reduce((sum, member) => sum + member.byteLength, 0))
  }
  for (const record of records) {
    sealer.addRecord(record)
    await store(record.record.byteLength)
  }
  const batch = sealer.finish({ from, to })
  await space.put(batch.blocks)
  return { ...batch, blocks: [] }
}
