/** What a folder that was written for sealing holds, page by page: read when it is asked for, so that no epoch's evidence is in memory at once. */
import { closeSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import type { Measured } from '../../schemas/pipeline/index.ts'
import { readKeptLines } from '../frontier/index.ts'
import { keptFacts, recordOf } from './earlier.ts'
import { LOG, NAMES, type Place } from './folder-files.ts'
import { recordLinks } from './page-links.ts'

/** A record with its index row's numbers, and its gzip member. */
export interface StoredRecord extends Omit<Measured, 'url'> {
  packed: Uint8Array
}

/** A kept page. Its methods read the folder's files, and only until the next page is asked for. */
export interface StoredPage {
  url: string
  /** How many records it gave. */
  count: number
  records: () => StoredRecord[]
  /** Where it leads, as far as it lets crawlers follow. */
  links: () => string[]
  /** The gzip members of its fetch, in one piece. */
  evidence: () => Uint8Array
  /** The same of each redirect that led to it, first to last. */
  hops: () => Uint8Array[]
  /** The site's rule files it was fetched under; `at` tells one capture from another. */
  robots: { at: number; read: () => Uint8Array } | null
}

/** The kept pages of a finished folder, in order. Throws what opening its files throws; lines that are not understood are left out. */
export function* storedPages(out: string): Generator<StoredPage, void> {
  const evidence = openSync(path.join(out, NAMES[0]), 'r')
  const records = openSync(path.join(out, NAMES[1]), 'r')
  const read = (fd: number, [at, length]: Place): Uint8Array => {
    const bytes = new Uint8Array(length)
    readSync(fd, bytes, 0, length, at)
    return bytes
  }
  try {
    for (const { url, facts } of readKeptLines(path.join(out, LOG))) {
      const parsed = keptFacts.safeParse(facts)
      const seal = parsed.data?.seal
      if (parsed.data === undefined || seal === undefined) continue
      const { links } = parsed.data
      const { robots } = seal
      const readRecords = (): StoredRecord[] =>
        seal.records.map(({ at, digest, sketch, ...row }) => {
          const packed = read(records, at)
          return { ...row, record: new Uint8Array(recordOf(packed)), packed, contentDigest: bytesOf(digest), sketch: bytesOf(sketch) }
        })
      yield {
        url,
        count: seal.records.length,
        records: readRecords,
        links: () => links ?? readRecords().flatMap(({ record }) => recordLinks(record) ?? []),
        evidence: () => read(evidence, seal.evidence),
        hops: () => seal.hops.map((hop) => read(evidence, hop)),
        robots: robots && { at: robots[0], read: () => read(evidence, robots) },
      }
    }
  } finally {
    closeSync(evidence)
    closeSync(records)
  }
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
