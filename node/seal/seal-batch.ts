import { BatchSealer, type SealedBatch, type SealHeader, type SealRecord } from './batch-sealer.ts'

export interface SealInput extends SealHeader {
  records: Iterable<SealRecord>
  /** The gzip members of each fetch, in order; group 0 is the warcinfo record. */
  groups: Iterable<Uint8Array[]>
  /** First and last fetch, Unix seconds. */
  from: number
  to: number
}

/** Seals records that are all at hand; a crawl that goes on for hours feeds a `BatchWriter` instead. Errors are those of BatchSealer. */
export function sealBatch({ records, groups, from, to, ...header }: SealInput): SealedBatch {
  const sealer = new BatchSealer(header)
  for (const members of groups) sealer.addGroup(members)
  for (const record of records) sealer.addRecord(record)
  return sealer.finish({ from, to })
}
