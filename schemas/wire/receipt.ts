/** The two signed promises of a DAO: an entry will be logged, a batch is held. */
import { z } from 'zod'
import { did } from './account.ts'
import { cid, uint } from './bytes.ts'
import { hash32, signature } from './signed.ts'

/** "This entry will be in the log by the deadline." Signed under `quern/submit-receipt/v1\0` over the DAG-CBOR without `s`. */
export const submitReceipt = z.strictObject({
  v: z.literal(1),
  ledger: z.string().max(128),
  leafHash: hash32,
  /** Unix seconds. */
  deadline: uint,
  by: did,
  s: signature,
})
export type SubmitReceipt = z.infer<typeof submitReceipt>

/** "These peers hold and pin the batch." After this nothing of it may be lost. Signed under `quern/batch-receipt/v1\0`. */
export const batchReceipt = z.strictObject({
  v: z.literal(1),
  ledger: z.string().max(128),
  manifest: cid,
  contributor: did,
  replicas: z.array(did).min(1).max(64),
  /** Unix seconds. */
  at: uint,
  by: did,
  s: signature,
})
export type BatchReceipt = z.infer<typeof batchReceipt>
