/** Asks a site for everything it says about itself before a page of it is asked for, and keeps each answer as evidence. */
import { type Exchange, type FetchGroup, fetchGroup, type ParsedFetch, redirectTarget, warcDigest } from '../../schemas/evidence/index.ts'
import { readSite, type RuleRequest, type SiteRules } from '../../schemas/permission/index.ts'

export interface RuleCapture extends Pick<ParsedFetch, 'exchange' | 'payloadDigest'> {
  /** The page whose redirect led here; null where none did. */
  via: string | null
}

/** A capture as it lies in evidence. Who only reads the rules never pays for it. Throws WireError for an answer that others would refuse to read. */
export const ruleEvidence = ({ exchange, via }: RuleCapture): FetchGroup => fetchGroup(exchange, { via })

export interface AskedSite {
  rules: SiteRules
  /** Every answer in the order of asking, redirects included. */
  captures: RuleCapture[]
  /** The last answer of the robots.txt chain. */
  robots: RuleCapture
}

/**
 * robots.txt, tdmrep.json, ai.txt and the RSL documents that robots.txt names, as far as `agent` may have them: three requests where nothing is
 * redirected, up to five with licences. `ask` makes one request, politely; `onCapture` is told of its answer before anything else is asked for.
 * What either throws is thrown on.
 */
export async function askSite(
  origin: string,
  agent: string,
  ask: (request: RuleRequest) => Promise<Exchange>,
  onCapture?: (capture: RuleCapture) => void,
): Promise<AskedSite> {
  const reading = readSite<RuleCapture>(origin, agent)
  const captures: RuleCapture[] = []
  let step = reading.next()
  while (step.done !== true) {
    const request = step.value
    const exchange = await ask(request)
    const led = captures.at(-1)?.exchange
    const via = led !== undefined && redirectTarget(led) === request.url ? led.url : null
    const capture = { exchange, payloadDigest: warcDigest(exchange.body), via }
    onCapture?.(capture)
    captures.push(capture)
    step = reading.next(capture)
  }
  return { ...step.value, captures }
}
