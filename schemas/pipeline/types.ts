import type { SelectorSchema } from '../wire/index.ts'

/** What the replay path gives for one page: the record's bytes and every number the index carries, all integers. */
export interface Measured {
  /** Canonical JSON of the record, UTF-8, no newline. */
  record: Uint8Array
  /** The record's URL and the URL's host (lower case, no port unless it is part of the authority). */
  url: string
  host: string
  language: string
  tokens: number
  /** ppm. */
  quality: number
  /** SHA-256 of the content that decides exact duplicates. */
  contentDigest: Uint8Array
  /** 128 lanes u32 big-endian. */
  sketch: Uint8Array
}

/** A page that gives no record, and why; expected, so not an exception. */
export interface NotARecord {
  /** STATUS, TRUNCATED, NOT_HTML, NO_CONTENT, TOO_SHORT, TOO_LARGE, TOO_DEEP, NOINDEX, BODY_TOO_LARGE, BAD_ENCODING, BAD_URL UNKNOWN_PIPELINE, TOO_COMPLEX, or one of `schemas/selectors`: SELECTOR_…. */
  code: string
  message: string
}

export type PipelineResult =
  | {
      ok: true
      measured: Measured
      /** Further records of the page, in its order, where the schema takes several from one. */
      more?: readonly Measured[]
    }
  | { ok: false; error: NotARecord }

export interface PipelineOptions {
  /** The charter's `quality` weights, ppm by rule name; empty or absent: all rules alike. */
  qualityWeights?: Record<string, number>
  /** The charter's own schemas. */
  selectors?: readonly SelectorSchema[]
}

/** Every record of a page, in its order. */
export const recordsOf = (result: Extract<PipelineResult, { ok: true }>): Measured[] => [result.measured, ...(result.more ?? [])]
