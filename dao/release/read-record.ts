/** Reads records, and what their evidence says, back from blocks. */
import { type BatchFiles, loadBatch, readRow } from '../batches/index.ts'
import { Lru } from '../../schemas/cache/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { type ParsedFetch, parseFetchGroup, parseFetchGroups } from '../../schemas/evidence/index.ts'
import { MAX_RULE_CAPTURES, noRules, siteOfCaptures, type SiteRules, trainDecision } from '../../schemas/permission/index.ts'
import { signalsOfPage } from '../../schemas/pipeline/index.ts'
import { type CID, concatBytes, type GetBlock } from '../../schemas/wire/index.ts'
import type { LedgerFiles } from '../ledger/index.ts'
import type { ReadRecord } from './row.ts'

/** Under which name permission is asked where the evidence names none. */
const AGENT = 'quern'

export interface RecordReaderOptions {
  files: LedgerFiles
  /** A space or a CAR that holds the batches. */
  get: GetBlock
  signal?: AbortSignal
}

/**
 * A `ReadRecord` over the ledger's files and a source of blocks. Parsed indexes of the newest few batches are kept.
 * Throws FatalError FILE_MISSING or BAD_RECORD, RetryableError BLOCK_UNAVAILABLE, WireError where evidence is broken.
 */
export function recordReader({ files, get, signal = new AbortController().signal }: RecordReaderOptions): ReadRecord {
  const known = new Map<string, BatchFiles>()
  const batchOf = (manifest: CID): BatchFiles => {
    const key = manifest.toString()
    const cached = known.get(key)
    if (cached !== undefined) return cached
    const batch = loadBatch((cid) => files.read(cid), manifest)
    if (batch === undefined) throw new FatalError('FILE_MISSING', `the files of batch ${key} are not among the ledger’s files`)
    if (known.size >= 64) known.delete(known.keys().next().value as string)
    known.set(key, batch)
    return batch
  }
  const ask = (cids: CID[]): Promise<(Uint8Array | null)[]> => Promise.all(cids.map(async (cid) => (await get(cid)) ?? null))
  // one capture serves all pages of its origin
  const captures = new Lru<string, SiteRules | null>(256)
  const rulesOf = (key: string, group: Uint8Array, origin: string, agent: string): SiteRules | null => {
    if (group.byteLength === 0) return noRules
    const own = `${key} ${origin} ${agent}`
    const read = captures.get(own)
    if (read !== undefined) return read
    const site = siteOfCaptures(parseFetchGroups(group, MAX_RULE_CAPTURES), origin, agent)
    captures.set(own, site.ok ? site.rules : null)
    return site.ok ? site.rules : null
  }
  return async ({ manifest, row }) => {
    const { row: entry, opened, evidenceBlocks, robotsBlocks } = await readRow(ask, batchOf(manifest), row, signal)
    if (!opened.ok) throw new FatalError('BAD_RECORD', `batch ${manifest}, ${opened.message}`, { detail: { check: opened.check } })
    const fetched = parseFetchGroup(concatBytes(...evidenceBlocks))
    const agent = fetched.facts.robots?.agent ?? AGENT
    const { origin } = new URL(fetched.exchange.url)
    const rules = rulesOf(`${manifest} ${entry.robotsLeaves}`, concatBytes(...robotsBlocks), origin, agent)
    return { record: opened.record, fetchedAt: fetched.exchange.fetchedAt, usageTrain: trainingOf(fetched, rules, agent) }
  }
}

/**
 * What the page's own evidence says of training, all its sources together: validators sample this, a release looks at every record. Evidence that
 * lacks a rule file, a licence that is named, or a page that can be read permits nothing.
 */
function trainingOf({ exchange }: ParsedFetch, site: SiteRules | null, agent: string): 'allow' | 'unknown' | 'deny' {
  const signals = signalsOfPage(exchange)
  if (site === null || signals === null) return 'deny'
  const { decision, unread } = trainDecision({ url: exchange.url, agent, site, headers: exchange.headers, html: null, signals })
  return unread.length > 0 ? 'deny' : decision
}
