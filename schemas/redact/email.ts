import type { Span } from './span.ts'

/** Letters of any script, since addresses may have them; the last label is a name or punycode, never a number. */
const EMAIL =
  /(?<![\p{L}\p{N}._%+@-])[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}._%+'’-]{0,63})@(?:[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,62})\.){1,8}(?:xn--[a-z0-9-]{2,59}|[\p{L}\p{M}]{2,24})(?![\p{L}\p{N}@])/gu
/** `jane (at) example (dot) org`, as people write against robots. */
const SPELT =
  /(?<![\p{L}\p{N}._%+@-])[\p{L}\p{N}][\p{L}\p{N}._%+-]{0,63}\s{0,2}[[({](?:at|ät|arroba|chez)[\])}]\s{0,2}[\p{L}\p{N}-]{1,63}(?:\s{0,2}(?:[[({](?:dot|punkt|point|punto)[\])}]|\.)\s{0,2}[\p{L}\p{N}-]{2,63}){1,4}/giu
/** `icon@2x.png` is a file. */
const FILE_ENDINGS = /\.(?:png|jpe?g|gif|svg|webp|css|js|mjs|ts|html?|pdf|zip)$/i

/** E-mail addresses. */
export function findEmails(text: string): Span[] {
  const found: Span[] = []
  const take = (pattern: RegExp): void => {
    for (const match of text.matchAll(pattern)) {
      // an apostrophe or quote before the name is punctuation
      if (FILE_ENDINGS.test(match[0])) continue
      found.push({ start: match.index, end: match.index + match[0].length, kind: 'email' })
    }
  }
  if (text.includes('@')) take(EMAIL)
  if (/[[({](?:at|ät|arroba|chez)[\])}]/i.test(text)) take(SPELT)
  return found
}
