/** The access log of one contribution as its owner checks it: a chain of lines, whose end the keyholder signed. */
import { accessLine, type CID, parse, sha256, toHex } from '../../schemas/wire/index.ts'

/** `prev` of the first line. */
export const ACCESS_GENESIS: Uint8Array = new Uint8Array(32)
const MAX_LINE_BYTES = 2048

export interface AccessState {
  lines: number
  /** SHA-256 of the last line; zeros for none. */
  head: Uint8Array
}

/** Whether these are all lines from the first on, in one chain that ends in `head`. Throws WireError for a line that is none. */
export function isAccessChain(lines: readonly Uint8Array[], manifest: CID, { lines: count, head }: AccessState): boolean {
  let prev: Uint8Array = ACCESS_GENESIS
  for (const [n, bytes] of lines.entries()) {
    const line = parse(accessLine, bytes, MAX_LINE_BYTES)
    if (line.n !== n || toHex(line.prev) !== toHex(prev) || !line.manifest.equals(manifest)) return false
    prev = sha256(bytes)
  }
  return lines.length === count && toHex(prev) === toHex(head)
}
