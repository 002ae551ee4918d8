/** Web links (RFC 8288) in HTTP headers, as far as a licence is named by one. */

/** Targets of links whose relation is `license` and whose type is RSL's, as written. Reads each character once; what is broken ends the value. */
export function rslLinksOf(value: string): string[] {
  const targets: string[] = []
  let at = 0
  const skip = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const found = pattern.exec(value)?.[0] ?? ''
    at += found.length
    return found
  }
  while (at < value.length && targets.length < MAX_LINKS) {
    skip(/[\s,]*/y)
    const target = skip(/<[^<>]{0,4096}>/y)
    if (target === '') break
    const parameters = new Map<string, string>()
    while (skip(/\s*;\s*/y) !== '') {
      const name = skip(/[A-Za-z0-9*_-]{1,64}/y).toLowerCase()
      const given = skip(/\s*=\s*/y) === '' ? '' : unquoted(skip(/"(?:[^"\\]|\\.)*"|[^\s;,"]*/y))
      // the first of a name counts (RFC 8288, 3.3)
      if (name !== '' && !parameters.has(name)) parameters.set(name, given)
    }
    if (isLicense(parameters.get('rel') ?? '') && isRslType(parameters.get('type') ?? '')) targets.push(target.slice(1, -1).trim())
  }
  return targets
}

const MAX_LINKS = 16

export const isLicense = (rel: string): boolean => rel.toLowerCase().split(/\s+/).includes('license')
export const isRslType = (type: string): boolean => /^\s*application\/rsl\+xml\s*(;|$)/i.test(type)

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
}
