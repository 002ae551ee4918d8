/** What of a log one reply of `logProtocol` carries. */
const PAGE_BYTES = 6 << 20

/**
 * The first of these entries that fit into one reply together; one at least. The caller asks on from there. An entry has up to 64,000 bytes, so
 * a count alone bounds nothing, and one page too large for its reply would stop every follower for ever.
 */
export function pageOf(entries: Uint8Array[]): Uint8Array[] {
  let bytes = 0
  const end = entries.findIndex((entry, i) => {
    bytes += entry.byteLength
    return i > 0 && bytes > PAGE_BYTES
  })
  return end < 0 ? entries : entries.slice(0, end)
}
