/** Evidence opened once per process: every robots.txt lies behind many pages, and all validators of a simulated network draw the same rows. */
import { type ParsedFetch, parseFetchGroup } from '../../schemas/evidence/index.ts'
import { sha256, toHex } from '../../schemas/wire/index.ts'

/** Unpacked bytes that are kept at most. */
const MAX_BYTES = 8 << 20

const opened = new Map<string, ParsedFetch>()
let bytes = 0

/** `parseFetchGroup`, remembering what was opened last; what it gives is shared, so nobody may change it. Throws the same WireErrors. */
export function openGroup(group: Uint8Array): ParsedFetch {
  const key = toHex(sha256(group))
  const known = opened.get(key)
  if (known !== undefined) {
    opened.delete(key)
    opened.set(key, known)
    return known
  }
  const parsed = parseFetchGroup(group)
  opened.set(key, parsed)
  bytes += sizeOf(parsed)
  for (const [oldest, dropped] of opened) {
    if (bytes <= MAX_BYTES) break
    opened.delete(oldest)
    bytes -= sizeOf(dropped)
  }
  return parsed
}

/** Heads, facts and the objects around them count as a constant. */
const sizeOf = ({ exchange }: ParsedFetch): number => exchange.body.byteLength + 2048
