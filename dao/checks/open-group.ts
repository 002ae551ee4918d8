/** Evidence opened once while it is remembered: one robots.txt lies behind many pages. */
import { ByteLru } from '../../core/cache/index.ts'
import { type ParsedFetch, parseFetchGroup } from '../../schemas/evidence/index.ts'
import { sha256Hex } from '../../schemas/wire/index.ts'

const opened = new ByteLru<ParsedFetch>(2 << 20, ({ exchange }) => exchange.body.byteLength)

/** `parseFetchGroup`, remembering what was opened last; what it gives is shared, so nobody may change it. Throws the same WireErrors. */
export function openGroup(group: Uint8Array): ParsedFetch {
  return opened.recall(sha256Hex(group), () => parseFetchGroup(group))
}
