/** What an earlier crawl knows of a page: enough to ask whether it changed, and to prove by a `revisit` record that it did not. */
import { closeSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { type Exchange, headerValues, type FetchGroup } from '../../schemas/evidence/index.ts'
import { readKeptLines } from '../frontier/index.ts'
import { type EarlierRules, earlierRules } from './earlier-rules.ts'

const place = z.tuple([z.int().nonnegative(), z.int().positive()])

/** Number of the layout below: give the next one whenever lines of before would not be understood, or would mean something else. */
export const KEPT_LAYOUT = 2

/** The part of a kept page that its crawl log remembers. */
export const keptFacts = z.strictObject({
  /** Where its gzip members, one for each record, lie together in records.jsonl.gz, and how long they are. */
  record: place,
  /** First six bytes of the content digest, as a number. */
  content: z.int().nonnegative(),
  /** The same of the page's further records, each with its member's length. */
  further: z.array(z.tuple([z.int().nonnegative(), z.int().positive()])).optional(),
  /** It gave records besides these, which were there already: by these alone nobody can say what the page gives. */
  isPartial: z.literal(true).optional(),
  /** Where the page led, for records that do not say so themselves. */
  links: z.array(z.string()).optional(),
  etag: z.string().max(512).optional(),
  lastModified: z.string().max(64).optional(),
  /** What sealing needs besides the files: `[offset, length]` in evidence.warc.gz, and the index row's numbers. */
  seal: z
    .strictObject({
      evidence: place,
      hops: z.array(place),
      robots: place.nullable(),
      records: z.array(
        z.strictObject({
          at: place,
          host: z.string(),
          language: z.string(),
          tokens: z.int().nonnegative(),
          quality: z.int().nonnegative(),
          digest: z.base64url(),
          sketch: z.base64url(),
        }),
      ),
    })
    .optional(),
  /** The response record that holds the body. */
  response: z.strictObject({ id: z.string(), url: z.string(), at: z.int().nonnegative(), payloadDigest: z.string() }),
})
export type KeptFacts = z.infer<typeof keptFacts>

export interface EarlierVisit {
  facts: KeptFacts
  /** The gzip member of each record, as they lie in the earlier file. All of them are whole. */
  members: Uint8Array[]
}

export interface EarlierVisits {
  /** What that crawl went by; undefined where nobody knows. */
  rules: EarlierRules | undefined
  /** Undefined where that crawl kept no such page, and where what it kept is damaged: the page is asked for whole then. */
  get(url: string): EarlierVisit | undefined
}

const MAX_RECORD_BYTES = 2 << 20

/** The pages of a crawl's folder that were kept whole, by URL. Keeps an open file until it is disposed. */
export class EarlierFolder implements EarlierVisits, Disposable {
  readonly rules: EarlierRules | undefined
  readonly #fd: number
  readonly #pages = new Map<string, KeptFacts>()

  /** Throws what opening the folder's files throws. Lines that are not understood are left out. */
  constructor(folder: string) {
    this.#fd = openSync(path.join(folder, 'records.jsonl.gz'), 'r')
    const log = path.join(folder, 'frontier.log')
    this.rules = earlierRules(log, KEPT_LAYOUT)
    for (const { url, facts } of readKeptLines(log)) {
      const parsed = keptFacts.safeParse(facts)
      if (parsed.success && parsed.data.isPartial !== true) this.#pages.set(url, parsed.data)
    }
  }

  get size(): number {
    return this.#pages.size
  }

  get(url: string): EarlierVisit | undefined {
    const facts = this.#pages.get(url)
    if (facts === undefined) return undefined
    try {
      const members = this.#members(facts)
      for (const member of members) recordOf(member)
      return { facts, members }
    } catch {
      return undefined
    }
  }

  #members({ record: [at, length], further = [] }: KeptFacts): Uint8Array[] {
    const bytes = new Uint8Array(length)
    readSync(this.#fd, bytes, 0, length, at)
    let end = length
    const last = further.toReversed().map(([, size]) => bytes.subarray((end -= size), end + size))
    return [bytes.subarray(0, end), ...last.toReversed()]
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}

/** The record inside a member; throws when it is damaged. */
export function recordOf(member: Uint8Array): Uint8Array {
  return gunzipSync(member, { maxOutputLength: MAX_RECORD_BYTES }).subarray(0, -1)
}

/** RFC 9110, 13.1: the stronger validator is enough, and both are sent where there are both. */
export function conditions({ etag, lastModified }: KeptFacts): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }
}

/** What to remember of an answer that gave records; `digests` are those of their contents, in the order of their `members`. */
export function factsOf(
  exchange: Exchange,
  { responseId, payloadDigest }: Pick<FetchGroup, 'responseId' | 'payloadDigest'>,
  at: number,
  records: readonly { digest: Uint8Array; memberBytes: number }[],
): KeptFacts {
  const etag = headerValues(exchange.headers, 'etag')[0]
  const lastModified = headerValues(exchange.headers, 'last-modified')[0]
  return {
    ...placed(
      at,
      records.map(({ digest, memberBytes }) => [contentNumber(digest), memberBytes]),
    ),
    ...(etag !== undefined && /^(W\/)?"[\x21\x23-\x7e]{0,500}"$/.test(etag) ? { etag } : {}),
    ...(lastModified !== undefined && /^[\x20-\x7e]{1,64}$/.test(lastModified) ? { lastModified } : {}),
    response: { id: responseId, url: exchange.url, at: exchange.fetchedAt, payloadDigest },
  }
}

/** The same page in another folder, where `records` of it (content and length of the member) lie from `at` on. */
export function movedTo(facts: KeptFacts, at: number, records: readonly KeptContent[]): KeptFacts {
  const isPartial = facts.isPartial === true || records.length < contentsOf(facts).length
  return { ...facts, further: undefined, seal: undefined, ...placed(at, records), ...(isPartial ? { isPartial } : {}) }
}

type KeptContent = readonly [content: number, memberBytes: number]

function placed(at: number, records: readonly KeptContent[]): Pick<KeptFacts, 'record' | 'content' | 'further'> {
  const [first, ...further] = records as [KeptContent, ...KeptContent[]]
  const length = records.reduce((sum, [, bytes]) => sum + bytes, 0)
  return { record: [at, length], content: first[0], ...(further.length > 0 ? { further: further.map(([...one]) => one) } : {}) }
}

/** Numbers of all records that a page gave. */
export const contentsOf = ({ content, further = [] }: KeptFacts): number[] => [content, ...further.map(([number]) => number)]

/** 48 bits of a content digest: two different pages share them once in a crawl of ten million. */
export function contentNumber(digest: Uint8Array): number {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).readUIntBE(0, 6)
}
