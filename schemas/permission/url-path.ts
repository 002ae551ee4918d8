/** Paths as robots rules compare them: octets, escapes in capitals, everything beyond ASCII escaped. */

/** Path and query of a URL or of a bare path; `/` when there is none. */
export function pathOf(url: string): string {
  const start = plainStart(url)
  return start < 0 ? oddPath(url) : url.slice(start)
}

/**
 * Where the path of a URL begins that may be read where it stands: absolute, ASCII, without escapes or fragment, as most are.
 * -1 for any other, which `pathOf` knows how to read.
 */
export function plainStart(url: string): number {
  const from = url.startsWith('https://') ? 8 : url.startsWith('http://') ? 7 : -1
  if (from < 0 || ODD.test(url)) return -1
  const start = url.indexOf('/', from)
  if (start < 0) return -1
  for (let at = from; at < start; at++) {
    const code = url.charCodeAt(at)
    if (code === QUESTION || code === SEMICOLON) return -1
  }
  return start
}

/** `#`, `%`, or beyond ASCII. */
// oxlint-disable-next-line no-control-regex
const ODD = /[^\u0000-\u0022\u0024\u0026-\u007f]/
const QUESTION = 0x3f
const SEMICOLON = 0x3b

/** As Google's parser finds the path: with or without scheme and host. */
function oddPath(url: string): string {
  const start = url.startsWith('//') ? 2 : 0
  const early = search(url, /[/?;]/g, start)
  const scheme = url.indexOf('://', start)
  const from = scheme < 0 || early < scheme ? start : scheme + 3
  const path = search(url, /[/?;]/g, from)
  const hash = url.indexOf('#', start)
  const end = hash < 0 ? url.length : hash
  if (path === url.length || end < path) return '/'
  const text = url.slice(path, end)
  return escapePath(text.startsWith('/') ? text : `/${text}`)
}

function search(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

const escapePath = (path: string): string => openSpecials(escapeText(path))

/** Escapes in capitals, characters beyond ASCII as the escapes of their UTF-8. */
export function escapeText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return upperEscapes(text).replace(/[^\u0000-\u007f]+/g, (run) =>
    Array.from(new TextEncoder().encode(run), (byte) => `%${byte.toString(16).toUpperCase()}`).join(''),
  )
}

/** A pattern writes a star or a dollar that is meant as such `%2A` or `%24` (RFC 9309, 2.2.3); a URL may write either. */
export function openSpecials(text: string): string {
  return text.includes('%2') ? text.replaceAll('%24', '$').replaceAll('%2A', '*') : text
}

/** Octets beyond ASCII become escapes, escapes get capitals: `/ü%aa` -> `/%C3%BC%AA` (the text is one character per octet). */
export function escapePattern(octets: string): string {
  return upperEscapes(octets).replace(/[\u0080-\u00ff]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`)
}

const upperEscapes = (text: string): string => text.replace(/%[0-9a-fA-F]{2}/g, (escape) => escape.toUpperCase())

/** Letters, digits, `-._~` lose their escapes (RFC 9309, 2.2.2). */
export function unescapeUnreserved(text: string): string {
  return text.includes('%')
    ? text.replace(/%(2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text
}
