/** What a deterministic check looks at, and what it answers. Everything here is pure: anyone with the same bytes comes to the same verdict. */
import type { Charter, Check } from '../../schemas/wire/index.ts'
import type { BatchFiles, RowBlocks } from '../batches/index.ts'

/** What the ledger, and only the ledger, says of a batch. */
export interface RowFacts {
  /** The rules of the epoch the batch was gathered for. */
  charter: Charter
  contributor: string
  /** 32 bytes, from the reveal. */
  salt: Uint8Array
  /** Unix seconds: a fetch lies in `(after, before]`; null is open. */
  dates: { after: number | null; before: number | null }
}

export interface RowToCheck {
  files: BatchFiles
  row: number
  /** The row's leaves, in file order: what the index names. */
  blocks: RowBlocks
  facts: RowFacts
}

export type Failure = { ok: false; check: Check; code: string; message: string }
export type RowVerdict =
  | {
      ok: true
      /** Canonical JSON of the record. */
      recordBytes: Uint8Array
      url: string
      /** Product token that the site's rules were read for. */
      agent: string
      /** Unix milliseconds. */
      fetchedAt: number
    }
  | Failure

export const failed = (check: Check, code: string, message: string): Failure => ({ ok: false, check, code, message })
