/** Is a pinned release still one to train on? Holds its rows against what was withdrawn since. */
import { coversHost, optOutOf } from '../optouts/index.ts'
import type { ReleaseManifest } from '../release/index.ts'
import { openQueries } from '../stores/index.ts'
import { parquetFiles } from './read-release.ts'

export interface Withdrawn {
  /** Ids among the newest release's `removals.jsonl`, with the reason each names. */
  removals: ReadonlyMap<string, string>
  /** Opt-outs of the log, as `/v1/optouts` gives them. */
  optouts: readonly { index: number; domain: string; pattern: string | null }[]
}

export interface StaleRow {
  id: string
  url: string
  reason: string
  /** Log index of the opt-out; null for a removal. */
  index: number | null
}

/** Rows to leave out, in release order; an empty list means that the release is as good as it was. */
export async function checkRelease(folder: string, manifest: ReleaseManifest, { removals, optouts }: Withdrawn): Promise<StaleRow[]> {
  const { queryParquet } = await openQueries()
  const hosts = new Set(manifest.hosts.map(({ host }) => host).filter((host) => optouts.some(({ domain }) => coversHost(domain, host))))
  if (hosts.size === 0 && removals.size === 0) return []
  const stale: StaleRow[] = []
  for await (const row of queryParquet({ files: parquetFiles(folder, manifest), columns: ['id', 'url', 'domain'] })) {
    const [id, url, domain] = [String(row.id), String(row.url ?? ''), String(row.domain)]
    const optout = hosts.has(domain) ? optOutOf(optouts, domain, url) : undefined
    const removal = removals.get(id)
    if (optout !== undefined) stale.push({ id, url, reason: 'opt-out', index: optout.index })
    else if (removal !== undefined) stale.push({ id, url, reason: removal, index: null })
  }
  return stale
}

/** Lines of `removals.jsonl` as ids and reasons. Throws SyntaxError on a line that is none. */
export function parseRemovals(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const { record, reason } = JSON.parse(line) as { record?: unknown; reason?: unknown }
    if (typeof record !== 'string' || typeof reason !== 'string') throw new SyntaxError('a removal names a record and a reason')
    found.set(record, reason)
  }
  return found
}
