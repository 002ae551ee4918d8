/**
 * What a site's owner says to every Quern network: `/.well-known/quern.txt`, and the same lines as TXT records of `_quern.DOMAIN`.
 * One line, one wish: `opt-out: /` for everything, `opt-out: /blog/*` for what RFC 9309 2.2.3 would match. `#` begins a comment.
 */

export const QUERN_TXT_PATH = '/.well-known/quern.txt'
export const MAX_QUERN_TXT_BYTES = 64 << 10
const MAX_LINES = 10_000
const MAX_PATTERNS = 256
/** As long as an `optout` entry takes. */
const MAX_PATTERN = 1024

/**
 * The path patterns that are opted out, in the order they are written and each once; null stands for everything, and then it is the only one.
 * Lines that say something else, or say it wrongly, are left out: a file with one mistake is still an owner's word.
 */
export function parseQuernTxt(text: string): (string | null)[] {
  const found = new Set<string>()
  for (const line of text.split(/\r\n|\r|\n/, MAX_LINES)) {
    const [, name = '', value = ''] = /^\ufeff?[ \t]*([a-z-]{1,32})[ \t]*:(.*)$/i.exec(line) ?? []
    if (name.toLowerCase() !== 'opt-out') continue
    const pattern = (value.split('#', 1)[0] as string).trim()
    if (pattern === '/' || pattern === '*' || pattern === '/*') return [null]
    const isPattern = /^[/*][!-~]*$/.test(pattern) && pattern.length <= MAX_PATTERN
    if (isPattern && found.size < MAX_PATTERNS) found.add(pattern)
  }
  return [...found]
}
