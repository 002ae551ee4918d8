/** Links of a record's canonical JSON: where a page led that is not read again. */
export function recordLinks(record: Uint8Array): string[] {
  const { links } = JSON.parse(new TextDecoder().decode(record)) as { links?: { url: string }[] }
  return links?.map(({ url }) => url) ?? []
}
