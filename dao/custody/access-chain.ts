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

export const EMPTY_ACCESS: AccessState = { lines: 0, head: ACCESS_GENESIS }

/**
 * Where the chain stands after these lines, when they go on from `before`; undefined when they do not. So a log of any length is checked page by
 * page. Throws WireError for a line that is none.
 */
export function followAccess(before: AccessState, lines: readonly Uint8Array[], manifest: CID): AccessState | undefined {
  let { lines: count, head } = before
  for (const bytes of lines) {
    const line = parse(accessLine, bytes, MAX_LINE_BYTES)
    if (line.n !== count || toHex(line.prev) !== toHex(head) || !line.manifest.equals(manifest)) return undefined
    count++
    head = sha256(bytes)
  }
  return { lines: count, head }
}

/** Whether these are all lines from the first on, in one chain that ends in `head`. Throws WireError for a line that is none. */
export function isAccessChain(lines: readonly Uint8Array[], manifest: CID, { lines: count, head }: AccessState): boolean {
  const end = followAccess(EMPTY_ACCESS, lines, manifest)
  return end?.lines === count && toHex(end.head) === toHex(head)
}
