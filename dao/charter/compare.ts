import { type Charter, type CID, encode, equalBytes } from '../../schemas/wire/index.ts'

export interface CharterChange {
  /** `split.commonsPpm` */
  path: string
  before: unknown
  after: unknown
}

/** Fields that differ, in the order of the charter; lists are compared as a whole. */
export function compareCharters(before: Charter, after: Charter): CharterChange[] {
  return differences(before, after, '')
}

function differences(before: unknown, after: unknown, path: string): CharterChange[] {
  if (!isSection(before) || !isSection(after)) return same(before, after) ? [] : [{ path, before, after }]
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return keys.flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`))
}

function same(a: unknown, b: unknown): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(encode(a), encode(b))
}

function isSection(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    (value as Partial<CID>).asCID === undefined &&
    !('multihash' in value)
  )
}
