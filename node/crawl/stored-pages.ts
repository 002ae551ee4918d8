/** What an unfinished folder that is written for sealing holds, page by page, so that no epoch's evidence is in memory at once. */
import { closeSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import type { KeptLine } from '../frontier/index.ts'
import { keptFacts, recordOf } from './earlier.ts'
import { NAMES, type Place } from './folder-files.ts'
import { recordLinks } from './page-links.ts'
import type { PageRecord } from './page-work.ts'

/** A kept page. */
export interface StoredPage {
  url: string
  records: Omit<PageRecord, 'url'>[]
  /** Where it leads, as far as it lets crawlers follow. */
  links: string[]
  /** The gzip members of its fetch, in one piece. */
  evidence: Uint8Array
  /** The same of each redirect that led to it, first to last. */
  hops: Uint8Array[]
  /** The site's rule files it was fetched under: one object for all pages of a capture. To be read before the next page is asked for. */
  robots: { read: () => Uint8Array } | null
}

/** The pages of these lines, each read when it is asked for. Throws what opening the files throws; lines that are not understood are left out. */
export function* storedPages(out: string, lines: Iterable<KeptLine & { url: string }>): Generator<StoredPage, void> {
  const evidence = openSync(path.join(out, `${NAMES[0]}.part`), 'r')
  const records = openSync(path.join(out, `${NAMES[1]}.part`), 'r')
  const read = (fd: number, [at, length]: Place): Uint8Array => {
    const bytes = new Uint8Array(length)
    readSync(fd, bytes, 0, length, at)
    return bytes
  }
  const captures = new Map<number, { read: () => Uint8Array }>()
  const captureAt = (place: Place): { read: () => Uint8Array } => {
    const capture = captures.get(place[0]) ?? { read: () => read(evidence, place) }
    captures.set(place[0], capture)
    return capture
  }
  try {
    for (const { url, facts } of lines) {
      const parsed = keptFacts.safeParse(facts).data
      if (parsed?.seal === undefined) continue
      const { seal, links } = parsed
      const stored = seal.records.map(({ at, digest, sketch, ...row }) => {
        const packed = read(records, at)
        return { ...row, record: new Uint8Array(recordOf(packed)), packed, contentDigest: bytesOf(digest), sketch: bytesOf(sketch) }
      })
      yield {
        url,
        records: stored,
        links: links ?? stored.flatMap(({ record }) => recordLinks(record) ?? []),
        evidence: read(evidence, seal.evidence),
        hops: seal.hops.map((hop) => read(evidence, hop)),
        robots: seal.robots && captureAt(seal.robots),
      }
    }
  } finally {
    closeSync(evidence)
    closeSync(records)
  }
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
