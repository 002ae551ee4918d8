/** What one web page says. Absent facts are null. A change that alters the CID of an existing record is a new version: see `pipeline/run.ts`. */
import { z } from 'zod'

/** Bounds of a record's parts; together they stay below the 1 MiB of a record. */
export const bounds = {
  url: 2048,
  title: 512,
  /** UTF-8 bytes of each. */
  textBytes: 320 << 10,
  markdownBytes: 384 << 10,
  author: 256,
  links: 1000,
  linkBytes: 128 << 10,
  linkText: 200,
  rel: 64,
  jsonLdBytes: 48 << 10,
  openGraphBytes: 16 << 10,
  microdataBytes: 32 << 10,
} as const

const webUrl = z
  .string()
  .regex(/^https?:\/\/[!-~]+$/)
  .max(bounds.url)
const fact = (max: number) => z.string().min(1).max(max)

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/** Integers only: a fraction stands as the text of its number. */
const json: z.ZodType<Json> = z.custom<Json>((value) => isIntegerJson(value, 0), 'must be JSON without fractions')

export interface MicrodataItem {
  type: string | null
  properties: Record<string, (string | MicrodataItem)[]>
}

export const webPageRecord = z.strictObject({
  /** Where it was fetched, after redirects, as evidence names it. */
  url: webUrl,
  /** What the page calls its own address. */
  canonicalUrl: webUrl.nullable(),
  title: fact(bounds.title).nullable(),
  /** Main content as plain text: blocks separated by an empty line, items and rows by a line end. */
  text: fact(bounds.textBytes),
  /** The same content as CommonMark with GFM tables. */
  markdown: fact(bounds.markdownBytes),
  /** BCP 47 primary subtag found in the text; null when unsure. */
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/)
    .nullable(),
  author: fact(bounds.author).nullable(),
  /** ISO 8601: `2026-03-01`, or `2026-03-01T10:20:30` with `Z` or an offset where the page gives one. */
  published: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?)?$/)
    .nullable(),
  /** What the page says it may be used under. `spdx` and `url` are null where the statement names none; `evidence` says where it stands. */
  license: z.strictObject({ spdx: fact(64).nullable(), url: webUrl.nullable(), evidence: fact(64) }).nullable(),
  /** Unique, in document order, fragments dropped. */
  links: z
    .array(z.strictObject({ url: webUrl, text: z.string().max(bounds.linkText), rel: fact(bounds.rel).nullable() }))
    .max(bounds.links),
  data: z.strictObject({
    jsonLd: z.array(json).min(1).nullable(),
    openGraph: z.record(fact(128), z.string().max(2048)).nullable(),
    microdata: z.array(json).min(1).nullable(),
  }),
})
export type WebPage = z.infer<typeof webPageRecord>

function isIntegerJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'object' || depth > 32) return false
  return Object.values(value).every((item) => isIntegerJson(item, depth + 1))
}
