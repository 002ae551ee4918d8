/** Evidence opened once while it is remembered: one site's rules lie behind many pages. */
import { ByteLru } from '../../schemas/cache/index.ts'
import { type ParsedFetch, parseFetchGroups } from '../../schemas/evidence/index.ts'
import { MAX_RULE_CAPTURES, type SiteEvidence, siteOfCaptures } from '../../schemas/permission/index.ts'
import { sha256Hex } from '../../schemas/wire/index.ts'

export interface OpenedSite {
  captures: ParsedFetch[]
  site: SiteEvidence<ParsedFetch>
}

const opened = new ByteLru<OpenedSite>(8 << 20, ({ captures }) =>
  captures.reduce((sum, { exchange }) => sum + exchange.body.byteLength + exchange.responseHead.byteLength, 0),
)

/**
 * The rules of an origin as `agent` reads them from a group of captures, remembering what was opened last; what it gives is shared, so nobody
 * may change it. Throws the WireErrors of `parseFetchGroups`.
 */
export function openSite(group: Uint8Array, origin: string, agent: string): OpenedSite {
  return opened.recall(`${origin} ${agent} ${sha256Hex(group)}`, () => {
    const captures = parseFetchGroups(group, MAX_RULE_CAPTURES)
    return { captures, site: siteOfCaptures(captures, origin, agent) }
  })
}
