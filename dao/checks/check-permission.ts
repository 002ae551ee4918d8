/** D5: the robots.txt that was in force allowed the fetch, and nothing that the site said denies training. */
import { decodeBody, type Exchange, headerValues, type ParsedFetch } from '../../schemas/evidence/index.ts'
import { mayFetch, type Robots, robotsOfExchange, trainDecision } from '../../schemas/permission/index.ts'
import { decodeHtml } from '../../schemas/pipeline/index.ts'
import { type Charter, WireError } from '../../schemas/wire/index.ts'
import type { Evidence } from './check-evidence.ts'
import { openGroup } from './open-group.ts'
import { type Failure, failed } from './types.ts'

/** RFC 9309, 2.4: a robots.txt is used for a day at most. */
const ROBOTS_DAY_MS = 24 * 3600 * 1000
const SKEW_MS = 60_000
const MAX_PAGE_BYTES = 8 << 20

/** `robotsGroup` is the capture's gzip members, empty where the row names none. */
export function checkPermission({ exchange, facts }: Evidence, robotsGroup: Uint8Array, charter: Charter): Failure | undefined {
  const agent = facts.robots?.agent
  if (agent === undefined || robotsGroup.byteLength === 0)
    return failed('D5', 'NO_ROBOTS', 'no robots.txt capture shows that the fetch was allowed')
  // our own name, and the one the request carried: nobody borrows the permissions of another crawler
  if (!/^quern/i.test(agent) || agent.toLowerCase() !== productToken(exchange))
    return failed('D5', 'AGENT', 'the request was not made under the name that asked')
  const capture = openCapture(robotsGroup)
  if ('check' in capture) return capture
  const wrong = checkCapture(capture, { exchange, facts }, charter)
  if (wrong) return wrong
  const robots = robotsOfExchange(capture.exchange)
  const fetching = mayFetch(robots, agent, exchange.url)
  if (!fetching.allowed) return failed('D5', 'DISALLOWED', `robots.txt line ${fetching.line ?? '-'} forbids the fetch`)
  return checkTraining(exchange, robots, agent, charter)
}

function openCapture(group: Uint8Array): ParsedFetch | Failure {
  try {
    return openGroup(group)
  } catch (thrown) {
    if (thrown instanceof WireError) return failed('D5', `ROBOTS_${thrown.code}`, `the robots.txt capture: ${thrown.message}`)
    throw thrown
  }
}

/**
 * The capture is the one that the fetch names, of the page's own origin (or what that one's robots.txt redirected to, as the capture says:
 * the redirect itself is not in evidence), and no older than a day or a gathering.
 */
function checkCapture(
  capture: ParsedFetch,
  { exchange, facts: { robots } }: Pick<Evidence, 'exchange' | 'facts'>,
  { epoch }: Charter,
): Failure | undefined {
  if (capture.responseId !== robots?.recordId || capture.payloadDigest !== robots.payloadDigest || capture.exchange.url !== robots.url)
    return failed('D5', 'OTHER_ROBOTS', 'the capture is not the one that the fetch names')
  const own = new URL('/robots.txt', exchange.url).href
  if (robots.url !== own && capture.facts.via !== own)
    return failed('D5', 'OTHER_ORIGIN', 'the robots.txt is not that of the page’s origin')
  const age = exchange.fetchedAt - capture.exchange.fetchedAt
  if (age > Math.max(ROBOTS_DAY_MS, epoch.gather.maxSeconds * 1000) + SKEW_MS || age < -SKEW_MS)
    return failed('D5', 'ROBOTS_AGE', 'the robots.txt is older than a day and a gathering, or younger than the fetch')
  return undefined
}

function checkTraining(exchange: Exchange, robots: Robots, agent: string, charter: Charter): Failure | undefined {
  const { decision, signals } = trainDecision({ url: exchange.url, agent, robots, headers: exchange.headers, html: htmlOf(exchange) })
  const said = signals
    .map(({ source, value }) => `${source} ${value}`)
    .join('; ')
    .slice(0, 200)
  if (decision === 'deny') return failed('D5', 'TRAIN_DENIED', `training is reserved: ${said}`)
  if (decision === 'unknown' && charter.sources.profile === 'strict')
    return failed('D5', 'TRAIN_UNKNOWN', 'nothing permits training, and the charter is strict')
  return undefined
}

/** The page's text, as the pipeline decodes it; null when it is not to be decoded (the replay has failed then already). */
function htmlOf(exchange: Exchange): string | null {
  try {
    return decodeHtml(decodeBody(exchange, MAX_PAGE_BYTES), headerValues(exchange.headers, 'content-type').at(-1) ?? null).text
  } catch (thrown) {
    if (thrown instanceof WireError) return null
    throw thrown
  }
}

/** First token of the request's User-Agent, lower case, as RFC 9309 2.2.1 writes product tokens. */
function productToken({ requestHead }: Exchange): string | undefined {
  const head = Buffer.from(requestHead.buffer, requestHead.byteOffset, requestHead.byteLength).toString('latin1')
  return /\r\nuser-agent:[ \t]*([a-z_-]+)/i.exec(head)?.[1]?.toLowerCase()
}
