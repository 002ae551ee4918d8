/** Pages: a cursor is where the last one ended, wrapped so that nobody builds on what is inside. */
import { HttpProblem } from './problem.ts'

export const PAGE = 100
export const MAX_PAGE = 1000

/** The items after `cursor` in a list that is sorted by `keyOf`, and the cursor of the next page. */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): { page: T[]; next: string | null } {
  const after = cursor === undefined ? undefined : openCursor(cursor)
  let start = 0
  if (after !== undefined) {
    const found = items.findIndex((item) => keyOf(item) === after)
    if (found === -1) throw new HttpProblem(400, 'BAD_CURSOR', 'the cursor belongs to another question')
    start = found + 1
  }
  const page = items.slice(start, start + limit)
  const last = page.at(-1)
  return { page, next: last !== undefined && start + limit < items.length ? closeCursor(keyOf(last)) : null }
}

export const closeCursor = (key: string): string => Buffer.from(key, 'utf8').toString('base64url')

export function openCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8')
  if (closeCursor(key) !== cursor) throw new HttpProblem(400, 'BAD_CURSOR', 'no cursor of ours')
  return key
}
