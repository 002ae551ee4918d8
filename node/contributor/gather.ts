/** What a contributor does in a gather phase, as one function, so that a crawl, a test or an adversary can stand in its place. */
import type { PaceShare } from '../../dao/ledger/index.ts'
import type { Charter } from '../../schemas/wire/index.ts'
import type { SealPage } from '../seal/index.ts'
import type { Widening } from './charter-scope.ts'

export interface GatherJob {
  epoch: number
  charter: Charter
  /** Whether this URL is ours by the epoch's host leases. */
  mine: (url: string) => boolean
  /** Whether we hold the lease of this URL's host, alone or with others. */
  leased: (url: string) => boolean
  /** What of a host's pace (with port) is ours, because others crawl it too. */
  share: (host: string) => PaceShare
  /** Whether an earlier epoch's batch of ours holds a record of this URL. */
  known: (url: string) => boolean
  /** The opt-out of the log that covers this URL now, in words; of a rule file, the one that covers all of its host. */
  optedOut?: (url: string, what: 'page' | 'rules') => string | undefined
  /** URLs that an earlier epoch found and did not get to. */
  frontier: readonly string[]
  /** Where the charter's start pages redirected in earlier epochs. */
  widenings?: readonly Widening[]
  /**
   * Seals a page of the batch, behind those before it; the next ones may come once it resolves. Rejects when the batch cannot be kept any
   * more, on a full disk say: then nothing more is to be asked for.
   */
  seal: (page: SealPage) => Promise<void>
  /** Most records to seal. No page is cut, so a single one that gives more is sealed all the same. */
  limit: number
  /** Aborts when it is time to close the batch. */
  until: AbortSignal
  /** Aborts when the role stops: of the batch nothing will come. */
  signal: AbortSignal
}

/** What is to be known of the pages that were sealed. */
export interface Gathered {
  urls: string[]
  /** Found and left for a later epoch. */
  frontier: string[]
  /** Where start pages redirected, in this epoch and before; what was known stands when absent. */
  widenings?: Widening[]
  /** First and last fetch, Unix seconds. */
  from: number
  to: number
}

export type Gather = (job: GatherJob) => Promise<Gathered>

/** What evidence says first, of whoever gathers it. */
export const warcinfo = (contact: string): [name: string, value: string][] => [
  ['software', 'quern'],
  ['operator', contact],
]

/** What a frontier may keep between epochs: so many URLs, and so many bytes of them. */
export const MAX_KEPT_FRONTIER = 50_000
export const MAX_KEPT_FRONTIER_BYTES = 16 << 20
/** Around a text in DAG-CBOR, at most. */
const TEXT_HEAD = 5

/** The first of these URLs that a frontier may keep, or that a share (0 to 1) of it may. */
export function withinFrontier(urls: readonly string[], share = 1): string[] {
  const kept = urls.slice(0, MAX_KEPT_FRONTIER * share)
  let bytes = TEXT_HEAD
  const end = kept.findIndex((url) => (bytes += TEXT_HEAD + Buffer.byteLength(url)) > MAX_KEPT_FRONTIER_BYTES * share)
  return end === -1 ? kept : kept.slice(0, end)
}
