import type { Span } from './span.ts'

/** `@name`, `@name@server.example`, `u/name`: not the domain of an address, not `icon@2x`. */
const HANDLE =
  /(?<![\p{L}\p{N}_.%+@-])(?:@(?=[\p{N}_.-]{0,63}\p{L})[\p{L}\p{N}_](?:[\p{L}\p{N}\p{M}_.-]{0,62}[\p{L}\p{N}_])?(?:@[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,100}[\p{L}\p{N}])?)?|(?:(?<![^\s(["'\u201e\u201c«,;:])\/)?[uU]\/[A-Za-z0-9_-]{2,32}(?![\p{L}\p{N}]))/gu

/** Accounts of people, whoever they are: what a text puts behind such a sign names somebody. */
export function findHandles(text: string): Span[] {
  return [...text.matchAll(HANDLE)].map(({ index, 0: found }) => ({ start: index, end: index + found.length, kind: 'handle' }))
}
