/** `name=value; name=value`: signatures and keys of DKIM (RFC 6376, section 3.2). Undefined where it is none, or says one name twice. */
export function readTags(text: string): ReadonlyMap<string, string> | undefined {
  const tags = new Map<string, string>()
  const parts = text.split(';')
  if (parts.at(-1)?.trim() === '') parts.pop()
  for (const part of parts) {
    const found = /^[ \t\r\n]*([A-Za-z][A-Za-z0-9_]*)[ \t\r\n]*=([\s\S]*)$/.exec(part)
    if (!found || tags.has(found[1] as string)) return undefined
    tags.set(found[1] as string, (found[2] as string).replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, ''))
  }
  return tags
}

/** Base64 with space anywhere, as both are folded; undefined where it is none. */
export function base64Of(text: string): Buffer | undefined {
  const compact = text.replace(/[ \t\r\n]/g, '')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(compact) ? Buffer.from(compact, 'base64') : undefined
}
