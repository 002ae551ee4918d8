/**
 * Links of a record's canonical JSON that may be followed: where a page led that is not read again. Undefined where its schema has none, or where several records
 * lie together.
 */
export function recordLinks(record: Uint8Array): string[] | undefined {
  let links: unknown
  try {
    ;({ links } = JSON.parse(new TextDecoder().decode(record)) as { links?: unknown })
  } catch {
    return undefined
  }
  return isLinks(links) ? links.flatMap(({ url, rel }) => (/(^|\s)nofollow(\s|$)/i.test(rel ?? '') ? [] : [url])) : undefined
}

/** Whether a record says itself where its page led, without reading it whole. */
export const namesLinks = (record: Uint8Array): boolean =>
  Buffer.from(record.buffer, record.byteOffset, record.byteLength).includes('"links":[')

const isLinks = (value: unknown): value is { url: string; rel?: string | null }[] =>
  Array.isArray(value) && value.every((one) => typeof (one as { url?: unknown } | null)?.url === 'string')
