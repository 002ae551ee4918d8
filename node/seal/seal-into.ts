import type { Space } from '../../core/storage/index.ts'
import { BatchSealer, type SealedBatch, type SealHeader, type SealRecord } from './batch-sealer.ts'

/** A fetch and the records that it gave. Bytes are gzip members, in order. */
export interface SealPage {
  /** Redirects that led to the page, first to last. */
  hops: Uint8Array[][]
  evidence: Uint8Array[]
  /** The site's rule files it was fetched under, sealed once for all pages of the same `name`. Read before the next page is asked for. */
  robots: { name: unknown; read: () => Uint8Array[] } | null
  records: readonly Omit<SealRecord, 'evidenceGroup' | 'robotsGroup'>[]
}

export interface SealIntoInput extends SealHeader {
  warcinfo: Uint8Array[]
  /** Taken one by one: the next is asked for when the one before is sealed. */
  pages: Iterable<SealPage>
  /** First and last fetch, Unix seconds. */
  from: number
  to: number
}

const PORTION_BYTES = 2 << 20

/**
 * Seals pages while they are read and stores the blocks as they are made, some 2 MiB at a time: of an epoch's evidence no more is in memory.
 * Of the batch given, `blocks` is empty. Pins nothing. Errors are those of BatchSealer and of `Space.put`; what was stored before one stays
 * until `gc`.
 */
export async function sealInto(space: Pick<Space, 'put'>, { warcinfo, pages, from, to, ...header }: SealIntoInput): Promise<SealedBatch> {
  const sealer = new BatchSealer(header)
  const captures = new Map<unknown, number>()
  let waiting = 0
  const addGroup = (members: Uint8Array[]): number => {
    waiting += members.reduce((sum, member) => sum + member.byteLength, 0)
    return sealer.addGroup(members)
  }
  addGroup(warcinfo)
  for (const { hops, evidence, robots, records } of pages) {
    if (robots !== null && !captures.has(robots.name)) captures.set(robots.name, addGroup(robots.read()))
    for (const hop of hops) addGroup(hop)
    const evidenceGroup = addGroup(evidence)
    const robotsGroup = robots === null ? null : (captures.get(robots.name) as number)
    for (const record of records) {
      sealer.addRecord({ ...record, evidenceGroup, robotsGroup })
      waiting += record.record.byteLength
    }
    if (waiting < PORTION_BYTES) continue
    waiting = 0
    await space.put(sealer.drain())
  }
  const batch = sealer.finish({ from, to })
  await space.put(batch.blocks)
  return { ...batch, blocks: [] }
}
