import type { Span } from './span.ts'

/** Letters of scripts that put no space around an address: there it begins and ends where the script changes. */
const UNSPACED = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}`
const SPACED = String.raw`[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{sc=Arabic}\p{sc=Hebrew}]`
/** Labels of any script; the last is a name or punycode, never a number. */
const DOMAIN = String.raw`(?:[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}\-]{0,62})\.){1,8}(?:[xX][nN]--[a-zA-Z0-9\-]{2,59}(?![a-zA-Z0-9\-])|${SPACED}{2,24}(?!${SPACED}|[\p{M}\p{N}@])|[\p{L}\p{M}]{2,24}(?![\p{L}\p{N}@]))`
/** The sign itself, or as an address of the web writes it. */
const AT = '(?:@|%40)'
const ATOM = String.raw`\p{N}\p{M}._%+'’!#$&*^~\-`
/** Not inside of a handle, `@anna_s@server`. */
const NO_HANDLE = (letters: string): string => `(?<!@[${letters}]{0,63})`
/** The part before the sign in a script with spaces, or between quotes (RFC 5322). */
const EMAIL = new RegExp(
  `(?:"[^"\\n@]{1,64}"|(?<![[\\p{L}\\p{N}@]--[${UNSPACED}]])${NO_HANDLE(`[\\p{L}\\p{N}_.\\-]--[${UNSPACED}]`)}[[\\p{L}\\p{N}_]--[${UNSPACED}]](?:[[\\p{L}${ATOM}]--[${UNSPACED}]]){0,63})${AT}${DOMAIN}`,
  'gv',
)
/** The same in any script. */
const EMAIL_ANY = new RegExp(
  `(?<![\\p{L}\\p{N}@])${NO_HANDLE('\\p{L}\\p{N}_.\\-')}[\\p{L}\\p{N}_][\\p{L}${ATOM}]{0,63}${AT}${DOMAIN}`,
  'gu',
)
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
      if (FILE_ENDINGS.test(match[0])) continue
      found.push({ start: match.index, end: match.index + match[0].length, kind: 'email' })
    }
  }
  if (/@|%40/.test(text)) {
    take(EMAIL)
    take(EMAIL_ANY)
  }
  if (/[[({](?:at|ät|arroba|chez)[\])}]/i.test(text)) take(SPELT)
  return found
}
