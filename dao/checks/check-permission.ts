/** D5: the site's rules that were in force allowed the fetch, and nothing that the site or the page said denies training. */
import { type Exchange, type ParsedFetch } from '../../schemas/evidence/index.ts'
import { asksUsNotToIndex, mayFetch, mayTrain, type RuleKind, type SiteRules, trainDecision } from '../../schemas/permission/index.ts'
import { signalsOfPage } from '../../schemas/pipeline/index.ts'
import { type Charter, WireError } from '../../schemas/wire/index.ts'
import type { Evidence } from './check-evidence.ts'
import { type OpenedSite, openSite } from './open-group.ts'
import { type Failure, failed } from './types.ts'

/** RFC 9309, 2.4: a robots.txt is used for a day at most. */
const ROBOTS_DAY_MS = 24 * 3600 * 1000
const SKEW_MS = 60_000
const MISSING: Record<RuleKind, string> = { robots: 'OTHER_ORIGIN', tdmrep: 'NO_TDMREP', aiTxt: 'NO_AI_TXT', rsl: 'NO_RSL' }
const FILES: Record<RuleKind, string> = {
  robots: 'robots.txt',
  tdmrep: 'tdmrep.json',
  aiTxt: 'ai.txt',
  rsl: 'a licence that robots.txt names',
}

/** `rulesGroup` is the gzip members of the site's rule files, empty where the row names none. */
export function checkPermission({ exchange, facts }: Evidence, rulesGroup: Uint8Array, charter: Charter): Failure | undefined {
  const agent = facts.robots?.agent
  if (agent === undefined || rulesGroup.byteLength === 0)
    return failed('D5', 'NO_ROBOTS', 'no robots.txt capture shows that the fetch was allowed')
  // our own name, and the one the request carried: nobody borrows the permissions of another crawler
  if (!/^quern/i.test(agent) || agent.toLowerCase() !== askedAs(exchange))
    return failed('D5', 'AGENT', 'the request was not made under the name that asked')
  const opened = open(rulesGroup, new URL(exchange.url).origin, agent)
  if ('check' in opened) return opened
  const { site, captures } = opened
  if (!site.ok)
    return 'missing' in site
      ? failed('D5', MISSING[site.missing], `the capture of ${FILES[site.missing]} is not where it belongs`)
      : failed('D5', 'EXTRA_CAPTURE', 'a capture that belongs to no rule file')
  const wrong = captures.map((capture) => checkCapture(capture, exchange, agent, charter)).find((failure) => failure !== undefined)
  if (wrong) return wrong
  const { responseId, payloadDigest } = site.robots
  if (
    responseId !== facts.robots?.recordId ||
    payloadDigest !== facts.robots.payloadDigest ||
    site.robots.exchange.url !== facts.robots.url
  )
    return failed('D5', 'OTHER_ROBOTS', 'the capture is not the one that the fetch names')
  const fetching = mayFetch(site.rules.robots.rules, agent, exchange.url)
  if (!fetching.allowed) return failed('D5', 'DISALLOWED', `robots.txt line ${fetching.line ?? '-'} forbids the fetch`)
  return checkTraining(exchange, site.rules, agent, charter)
}

function open(group: Uint8Array, origin: string, agent: string): OpenedSite | Failure {
  try {
    return openSite(group, origin, agent)
  } catch (thrown) {
    if (thrown instanceof WireError) return failed('D5', `ROBOTS_${thrown.code}`, `the captures of the site's rules: ${thrown.message}`)
    throw thrown
  }
}

/** Every capture was made under the same name, and is no older than a day or a gathering. */
function checkCapture({ exchange, facts }: ParsedFetch, page: Exchange, agent: string, { epoch }: Charter): Failure | undefined {
  if (facts.revisit !== null) return failed('D5', 'REVISIT', 'a rule file without its bytes')
  if (askedAs(exchange) !== agent.toLowerCase()) return failed('D5', 'AGENT', 'a rule file was asked for under another name')
  const age = page.fetchedAt - exchange.fetchedAt
  if (age > Math.max(ROBOTS_DAY_MS, epoch.gather.maxSeconds * 1000) + SKEW_MS || age < -SKEW_MS)
    return failed('D5', 'ROBOTS_AGE', 'a rule file is older than a day and a gathering, or younger than the fetch')
  return undefined
}

function checkTraining(exchange: Exchange, site: SiteRules, agent: string, charter: Charter): Failure | undefined {
  const { url, headers, responseHead: head, body } = exchange
  const signals = signalsOfPage(exchange)
  const training = trainDecision({ url, agent, site, headers, html: null, signals, head, body })
  const said = training.signals
    .map(({ source, value }) => `${source} ${value}`)
    .join('; ')
    .slice(0, 200)
  if (training.decision === 'deny') return failed('D5', 'TRAIN_DENIED', `training is reserved: ${said}`)
  if (signals !== null && asksUsNotToIndex(signals, agent)) return failed('D5', 'NOINDEX', 'the page asks this agent not to index it')
  if (training.unread.length > 0) return failed('D5', 'NO_RSL', 'a licence that the site or the page names was not read')
  if (!mayTrain(training, charter.sources.profile))
    return failed('D5', 'TRAIN_UNKNOWN', 'nothing permits training, or something speaks against it, and the charter is strict')
  return undefined
}

/** First token of the request's User-Agent, lower case, as RFC 9309 2.2.1 writes product tokens. */
function askedAs({ requestHead }: Exchange): string | undefined {
  const head = Buffer.from(requestHead.buffer, requestHead.byteOffset, requestHead.byteLength).toString('latin1')
  return /\r\nuser-agent:[ \t]*([a-z_-]+)/i.exec(head)?.[1]?.toLowerCase()
}
