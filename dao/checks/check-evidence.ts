/** D4: the evidence is whole, consistent in itself, of a page that answered 200, and of the time in which the batch was gathered. */
import { type Exchange, type FetchFacts, parseFetchGroup } from '../../schemas/evidence/index.ts'
import { type BatchManifest, WireError } from '../../schemas/wire/index.ts'
import { type Failure, failed, type RowFacts } from './types.ts'

export interface Evidence {
  ok: true
  exchange: Exchange
  facts: FetchFacts
}

/** `group` is the fetch's gzip members. Digests, names and the one spelling of a fetch are checked by the reader. */
export function openEvidence(group: Uint8Array): Evidence | Failure {
  try {
    const { exchange, facts } = parseFetchGroup(group)
    if (facts.revisit !== null) return failed('D4', 'REVISIT', 'a revisit holds no page to replay')
    if (exchange.status !== 200) return failed('D4', 'STATUS', `the page answered ${exchange.status}`)
    if (exchange.truncated) return failed('D4', 'TRUNCATED', 'the body was cut off')
    return { ok: true, exchange, facts }
  } catch (thrown) {
    if (thrown instanceof WireError) return failed('D4', thrown.code, `the evidence: ${thrown.message}`)
    throw thrown
  }
}

/** In whole seconds: inside the ledger's window, and inside what the manifest says (a second is left for rounding). */
export function checkDate({ fetchedAt }: Exchange, { from, to }: BatchManifest, { after, before }: RowFacts['dates']): Failure | undefined {
  const at = Math.floor(fetchedAt / 1000)
  if ((after !== null && at <= after) || (before !== null && at > before))
    return failed('D4', 'DATE_OUTSIDE', `fetched at ${at}, outside (${after ?? '…'}, ${before ?? '…'}]`)
  if (at < from - 1 || at > to + 1) return failed('D4', 'DATE_OUTSIDE', `fetched at ${at}, the manifest says from ${from} to ${to}`)
  return undefined
}
