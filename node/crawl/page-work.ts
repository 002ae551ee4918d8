/** The processor's share of a page: may it be kept, what does it say, where does it lead, what proves it. Pure, so it may run anywhere. */
import { decodeBody, type Exchange, type FetchGroup, fetchGroup, headerValues, type RobotsFact } from '../../schemas/evidence/index.ts'
import { type Robots, robotsDirectives, type TrainDecision, trainDecision } from '../../schemas/permission/index.ts'
import { decodeHtml, type Measured, runPipeline } from '../../schemas/pipeline/index.ts'
import { type SelectorSchema, WireError } from '../../schemas/wire/index.ts'
import { pageLinks, recordLinks } from './page-links.ts'

export interface PageJob {
  exchange: Exchange
  /** The URL that led here. */
  via: string | null
  robots: Robots
  fact: RobotsFact | null
  agentToken: string
  pipeline: string
  qualityWeights: Record<string, number>
  /** The charter's own schemas. */
  selectors: readonly SelectorSchema[]
  profile: 'strict' | 'standard'
  /** Only its links are wanted. */
  linksOnly: boolean
}

export type PageResult =
  | { outcome: 'KEPT'; measured: Measured; more: readonly Measured[]; training: TrainDecision; evidence: FetchGroup; links: string[] }
  /** A stable code: TRAINING_DENIED, TRAINING_UNKNOWN, LINKS_ONLY, or what the pipeline or the evidence writer said. */
  | { outcome: string; detail?: string; measured?: undefined; links: string[] }

/** Works on pages, here or in another thread. */
export interface PageWorker {
  work(job: PageJob): PageResult | Promise<PageResult>
}

/** Works in this thread. */
export const inlineWorker: PageWorker = { work: workPage }

const MAX_BODY_BYTES = 8 << 20

export function workPage(job: PageJob): PageResult {
  const { exchange, agentToken: agent, robots } = job
  let html: string
  try {
    html = decodeHtml(decodeBody(exchange, MAX_BODY_BYTES), headerValues(exchange.headers, 'content-type').at(-1) ?? null).text
  } catch (thrown) {
    return refused(thrown)
  }
  const follows = !asksNotToFollow(exchange, agent)
  const otherLinks = (): string[] => (follows ? pageLinks(html, exchange.url, agent) : [])
  const training = trainDecision({ url: exchange.url, agent, robots, headers: exchange.headers, html })
  if (training.decision === 'deny') return { outcome: 'TRAINING_DENIED', detail: said(training), links: otherLinks() }
  if (training.decision === 'unknown' && job.profile === 'strict') return { outcome: 'TRAINING_UNKNOWN', links: otherLinks() }
  if (job.linksOnly) return { outcome: 'LINKS_ONLY', links: otherLinks() }
  const result = runPipeline(job.pipeline, exchange, { qualityWeights: job.qualityWeights, selectors: job.selectors })
  if (!result.ok) return { outcome: result.error.code, detail: result.error.message, links: otherLinks() }
  try {
    const evidence = fetchGroup(exchange, { robots: job.fact, via: job.via })
    const links = !follows ? [] : /nofollow/i.test(html) ? otherLinks() : (recordLinks(result.measured.record) ?? otherLinks())
    return { outcome: 'KEPT', measured: result.measured, more: result.more ?? [], training, evidence, links }
  } catch (thrown) {
    return refused(thrown)
  }
}

function said({ signals }: TrainDecision): string {
  return signals.map(({ source, value, line }) => `${source}${line === null ? '' : ` line ${line}`}: ${value}`).join('; ')
}

function asksNotToFollow({ headers }: Exchange, agent: string): boolean {
  const words = headerValues(headers, 'x-robots-tag').flatMap((value) => robotsDirectives(value, agent))
  return words.includes('nofollow') || words.includes('none')
}

function refused(thrown: unknown): PageResult {
  if (!(thrown instanceof WireError)) throw thrown
  return { outcome: thrown.code, detail: thrown.message, links: [] }
}
