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
  scope?: 'host' | 'domain'
  /** Anything else, over all of the above. */
  charter?: Partial<CharterInput>
}

/** Canonical bytes. */
export function localCharter(operator: string, options: LocalCharterOptions): Uint8Array {
  const { seeds, allowPrivate, contact, contributors, validators, maxPages, maxDepth, delayMs, scope, charter } = options
  return encodeCharter(
    localRules({
      name: 'local',
      operator,
      contact,
      seeds,
      allowPrivate,
      validators,
      contributors,
      ...(maxPages === undefined ? {} : { maxPages }),
      ...(maxDepth === undefined ? {} : { maxDepth }),
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(scope === undefined ? {} : { scope }),
      ...(charter === undefined ? {} : { overrides: charter }),
    }),
  ).bytes
}

export const numbered = (what: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${what}-${i + 1}`)
