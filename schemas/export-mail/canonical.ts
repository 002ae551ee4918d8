/** The two canonical forms of headers and bodies, as they are hashed (RFC 6376, section 3.4). */
export type Canonicalization = 'simple' | 'relaxed'

/** Without a line end: that of the last field hashed is left out. */
export function canonicalField(raw: string, form: Canonicalization): string {
  if (form === 'simple') return raw
  const colon = raw.indexOf(':')
  const value = raw
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
  return `${raw.slice(0, colon).trimEnd().toLowerCase()}:${value.replace(/^ | $/g, '')}`
}

export function canonicalBody(body: string, form: Canonicalization): string {
  const lines = body.split('\r\n')
  if (form === 'relaxed') for (const [i, line] of lines.entries()) lines[i] = line.replace(/[ \t]+/g, ' ').replace(/ $/, '')
  while (lines.at(-1) === '') lines.pop()
  if (lines.length === 0) return form === 'simple' ? '\r\n' : ''
  return `${lines.join('\r\n')}\r\n`
}
