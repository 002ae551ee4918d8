/**
 * A site's rules from the captures that stand in evidence. One order, one reading: who crawls, who checks and who cuts a release come to the
 * same rules from the same exchanges, and a capture that should be there and is not is seen by everybody.
 */
import { decodeBody, decodeUtf8, digestBytes, type Exchange, type ParsedFetch, redirectTarget } from '../evidence/index.ts'
import { toHex, WireError } from '../wire/index.ts'
import { type AiTxt, MAX_AI_TXT_BYTES, parseAiTxt } from './ai-txt.ts'
import { mayFetch } from './may-fetch.ts'
import { MAX_ROBOTS_BYTES, robotsOfExchange } from './robots.ts'
import { MAX_RSL_BYTES, parseRsl, type Rsl } from './rsl.ts'
import { MAX_LICENSES, namedLicenses, type OptionalFile, type RuleFile, type SiteRules } from './site-rules.ts'
import { MAX_TDMREP_BYTES, parseTdmRep, type TdmRule } from './tdmrep.ts'

/** Redirects followed from one rule file (RFC 9309, 2.3.1.2). */
export const MAX_RULE_REDIRECTS = 5
/** Most exchanges behind a site's rules. */
export const MAX_RULE_CAPTURES = (3 + MAX_LICENSES) * (MAX_RULE_REDIRECTS + 1)

export type RuleKind = 'robots' | 'tdmrep' | 'aiTxt' | 'rsl'
/** A request for a rule file. */
export interface RuleRequest {
  kind: RuleKind
  url: string
  maxBytes: number
}

export type RuleFetch = Pick<ParsedFetch, 'exchange' | 'payloadDigest'>

export interface SiteReading<Fetch extends RuleFetch> {
  rules: SiteRules
  /** The last answer of the robots.txt chain. */
  robots: Fetch
}

/**
 * Reads a site's rules, asking for one exchange after the other: robots.txt, then tdmrep.json and ai.txt where robots.txt lets `agent` have
 * them, then the licences that robots.txt names; each with the redirects that lead on. `give` answers a request, or throws.
 */
export function* readSite<Fetch extends RuleFetch>(origin: string, agent: string): Generator<RuleRequest, SiteReading<Fetch>, Fetch> {
  const robots = yield* follow<Fetch>({ kind: 'robots', url: `${origin}/robots.txt`, maxBytes: MAX_ROBOTS_BYTES })
  const parsed = robotsOfExchange(robots.exchange)
  const rules: SiteRules = { robots: fileOf(robots, parsed), tdmrep: null, aiTxt: null, licenses: [] }
  if (parsed.unreachable) return { rules, robots }
  const tdmrep = `${origin}/.well-known/tdmrep.json`
  if (mayFetch(parsed, agent, tdmrep).allowed) {
    const found = yield* follow<Fetch>({ kind: 'tdmrep', url: tdmrep, maxBytes: MAX_TDMREP_BYTES })
    rules.tdmrep = ruleFile<TdmRule[]>(found, MAX_TDMREP_BYTES, (body) => parseTdmRep(decodeUtf8(body)))
  }
  const aiTxt = `${origin}/ai.txt`
  if (mayFetch(parsed, agent, aiTxt).allowed) {
    const found = yield* follow<Fetch>({ kind: 'aiTxt', url: aiTxt, maxBytes: MAX_AI_TXT_BYTES })
    rules.aiTxt = ruleFile<AiTxt>(found, MAX_AI_TXT_BYTES, parseAiTxt)
  }
  for (const url of namedLicenses(parsed).urls) {
    const found = yield* follow<Fetch>({ kind: 'rsl', url, maxBytes: MAX_RSL_BYTES })
    const file = ruleFile<Rsl>(found, MAX_RSL_BYTES, (body) => parseRsl(decodeUtf8(body)))
    rules.licenses.push({ ...(file ?? fileOf<Rsl | 'unavailable'>(found, { state: 'other' })), url })
  }
  return { rules, robots }
}

function* follow<Fetch extends RuleFetch>(request: RuleRequest): Generator<RuleRequest, Fetch, Fetch> {
  let fetch: Fetch = yield request
  for (let hop = 0; hop < MAX_RULE_REDIRECTS; hop++) {
    const target = redirectTarget(fetch.exchange)
    if (target === undefined) break
    fetch = yield { ...request, url: target }
  }
  return fetch
}

/** null where the site has no such file: any answer but success, a failure of the server or a body beyond reading. */
function ruleFile<Rules>(fetch: RuleFetch, maxBytes: number, read: (body: Uint8Array) => Rules): OptionalFile<Rules> | null {
  const { status, truncated } = fetch.exchange
  if (status === 429 || status >= 500 || status < 200) return fileOf(fetch, 'unavailable')
  if (status >= 300) return null
  if (truncated) return fileOf(fetch, 'unavailable')
  try {
    return fileOf(fetch, read(decodeBody(fetch.exchange, maxBytes)))
  } catch (thrown) {
    if (thrown instanceof WireError) return fileOf(fetch, 'unavailable')
    throw thrown
  }
}

function fileOf<Rules>({ exchange, payloadDigest }: RuleFetch, rules: Rules): RuleFile<Rules> {
  return { url: exchange.url, sha256: toHex(digestBytes(payloadDigest) ?? new Uint8Array()), rules }
}

export type SiteEvidence<Fetch extends RuleFetch> =
  | ({ ok: true } & SiteReading<Fetch>)
  | { ok: false; missing: RuleKind }
  | { ok: false; extra: string }

/** The rules that captures give, in the order of their fetching: all that `readSite` asks for must be there, and nothing else. */
export function siteOfCaptures<Fetch extends RuleFetch>(captures: readonly Fetch[], origin: string, agent: string): SiteEvidence<Fetch> {
  const reading = readSite<Fetch>(origin, agent)
  let step = reading.next()
  for (const capture of captures) {
    if (step.done === true) return { ok: false, extra: capture.exchange.url }
    if (!isSame(capture.exchange, step.value.url)) return { ok: false, missing: step.value.kind }
    step = reading.next(capture)
  }
  return step.done === true ? { ok: true, ...step.value } : { ok: false, missing: step.value.kind }
}

function isSame({ url }: Exchange, wanted: string): boolean {
  const hash = wanted.indexOf('#')
  return url === (hash < 0 ? wanted : wanted.slice(0, hash))
}
