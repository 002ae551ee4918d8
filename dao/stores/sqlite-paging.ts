import type { SQLInputValue } from 'node:sqlite'
import { InvalidInputError } from '../../core/errors/index.ts'

/** The conditions whose value is given, and those values. */
export function whereOf(filters: Record<string, SQLInputValue | undefined>): { where: string; values: SQLInputValue[] } {
  const used = Object.entries(filters).filter(([, value]) => value !== undefined)
  const where = used.length === 0 ? '' : `WHERE ${used.map(([condition]) => condition).join(' AND ')}`
  return { where, values: used.map(([, value]) => value as SQLInputValue) }
}

/** A cursor is the last row's key, spelled so that nobody builds on it. */
export const cursorOfKey = (key: string | number): string => Buffer.from(JSON.stringify(key)).toString('base64url')

/** Throws InvalidInputError BAD_CURSOR. */
export function keyOfCursor(cursor: string): string | number {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if ((typeof key === 'string' || typeof key === 'number') && cursorOfKey(key) === cursor) return key
  } catch {
    // falls through to the one error below
  }
  throw new InvalidInputError('BAD_CURSOR', 'the cursor is none that a page ended with')
}
