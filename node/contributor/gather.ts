/** What a contributor does in a gather phase, as one function, so that a crawl, a test or an adversary can stand in its place. */
import type { Charter } from '../../schemas/wire/index.ts'
import type { SealInput, SealRecord } from '../seal/index.ts'

export interface GatherJob {
  epoch: number
  charter: Charter
  /** Whether this URL is ours by the epoch's host leases. */
  mine: (url: string) => boolean
  /** Whether an earlier epoch's batch of ours holds a record of this URL. */
  known: (url: string) => boolean
  /** Most records to bring. */
  limit: number
  /** Aborts when it is time to seal: give what there is. */
  until: AbortSignal
  /** Aborts when the role stops: give nothing. */
  signal: AbortSignal
}

/** Records with their evidence, as `sealBatch` takes them, and the URLs they came from. */
export type Gathered = Pick<SealInput, 'groups' | 'from' | 'to'> & { records: SealRecord[]; urls: string[] }

export type Gather = (job: GatherJob) => Promise<Gathered>
