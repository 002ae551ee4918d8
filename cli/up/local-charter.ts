/** The charter of a network on this machine, from what `quern up` was told. */
import { encodeCharter, localRules } from '../../dao/charter/index.ts'
import type { CharterInput } from '../../schemas/wire/index.ts'

export interface LocalCharterOptions {
  seeds: string[]
  allowPrivate: string[]
  contact: string
  contributors: number
  validators: number
  maxPages?: number
  maxDepth?: number
  delayMs?: number
  /** See `localRules`. */
  crawlDelayMs?: number
  scope?: 'host' | 'domain'
  /** Anything else, over all of the above. */
  charter?: Partial<CharterInput>
}

/** Canonical bytes. */
export function localCharter(operator: string, { charter, ...given }: LocalCharterOptions): Uint8Array {
  return encodeCharter(localRules({ ...given, name: 'local', operator, overrides: charter })).bytes
}

export const numbered = (what: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${what}-${i + 1}`)
