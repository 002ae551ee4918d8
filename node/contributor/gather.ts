/** What a contributor does in a gather phase, as one function, so that a crawl, a test or an adversary can stand in its place. */
import type { Charter } from '../../schemas/wire/index.ts'
import type { SealIntoInput, SealPage } from '../seal/index.ts'

export interface GatherJob {
  epoch: number
  charter: Charter
  /** Whether this URL is ours by the epoch's host leases. */
  mine: (url: string) => boolean
  /** Whether we hold the lease of this URL's host, alone or with others. */
  leased: (url: string) => boolean
  /** Whether an earlier epoch's batch of ours holds a record of this URL. */
  known: (url: string) => boolean
  /** The opt-out of the log that covers this URL now, in words. */
  optedOut?: (url: string) => string | undefined
  /** URLs that an earlier epoch found and did not get to. */
  frontier: readonly string[]
  /** Most records to bring. No page is cut, so a single one that gives more is brought all the same. */
  limit: number
  /** Aborts when it is time to seal: give what there is. */
  until: AbortSignal
  /** Aborts when the role stops: give nothing. */
  signal: AbortSignal
}

/** Pages with their evidence, as `sealInto` takes them. */
export interface Gathered extends Pick<SealIntoInput, 'from' | 'to' | 'warcinfo'> {
  /** May be gone through more than once; what comes from a folder is read as it is asked for. */
  pages: Iterable<SealPage>
  /** Of these pages. */
  urls: string[]
  /** Found and left for a later epoch. */
  frontier: string[]
}

export type Gather = (job: GatherJob) => Promise<Gathered>

/** What a frontier may keep between epochs. */
export const MAX_KEPT_FRONTIER = 50_000
