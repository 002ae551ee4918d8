/** The processor's share of a page: may it be kept, what does it say, where does it lead, what proves it. Pure, so it may run anywhere. */
import { decodeBody, type Exchange, type FetchGroup, fetchGroup, headerValues, type RobotsFact } from '../../schemas/evidence/index.ts'
import {
  mayTrain,
  type Profile,
  robotsDirectives,
  type SiteRules,
  type TrainDecision,
  trainDecision,
} from '../../schemas/permission/index.ts'
import { decodeHtml, type Measured, type PipelineOptions, type PipelineResult, runPipeline } from '../../schemas/pipeline/index.ts'
import { WireError } from '../../schemas/wire/index.ts'
import { pageLinks, recordLinks } from './page-links.ts'

export interface PageJob {
  exchange: Exchange
  /** The URL that led here. */
  via: string | null
  /** What the site says as a whole. */
  rules: SiteRules
  fact: RobotsFact | null
  agentToken: string
  pipeline: string
  qualityWeights: Record<string, number>
  profile: Profile
  /** Only its links are wanted. */
  linksOnly: boolean
}

export type PageResult =
  | { outcome: 'KEPT'; measured: Measured; training: TrainDecision; evidence: FetchGroup; links: string[]; packed?: Uint8Array }
  /** A stable code: TRAINING_DENIED, TRAINING_UNKNOWN, LICENSE_UNREAD, LINKS_ONLY, or what the pipeline or the evidence writer said. */
  | { outcome: string; detail?: string; measured?: undefined; links: string[] }

/** Works on pages, here or in another thread. */
export interface PageWorker {
  /** Works in other threads: the host need not wait for it. */
  readonly isElsewhere?: boolean
  work(job: PageJob): PageResult | Promise<PageResult>
}

/** Works in this thread. */
export const inlineWorker: PageWorker = { work: (job) => workPage(job) }

type Run = (pipeline: string, exchange: Exchange, options: PipelineOptions) => PipelineResult | undefined

const MAX_BODY_BYTES = 8 << 20

/** `run`: the replay path, where another than the remembering one is wanted. */
export function workPage(job: PageJob, run: Run = runPipeline): PageResult {
  const { exchange, agentToken: agent, rules } = job
  let html: string
  try {
    html = decodeHtml(decodeBody(exchange, MAX_BODY_BYTES), headerValues(exchange.headers, 'content-type').at(-1) ?? null).text
  } catch (thrown) {
    return refused(thrown)
  }
  const follows = !asksNotToFollow(exchange, agent)
  const otherLinks = (): string[] => (follows ? pageLinks(html, exchange.url, agent) : [])
  const { url, headers, responseHead: head, body } = exchange
  const training = trainDecision({ url, agent, site: rules, headers, html, head, body })
  if (training.decision === 'deny') return { outcome: 'TRAINING_DENIED', detail: said(training), links: otherLinks() }
  if (training.unread.length > 0) return { outcome: 'LICENSE_UNREAD', detail: training.unread.join(' '), links: otherLinks() }
  if (!mayTrain(training, job.profile)) return { outcome: 'TRAINING_UNKNOWN', links: otherLinks() }
  if (job.linksOnly) return { outcome: 'LINKS_ONLY', links: otherLinks() }
  const result = run(job.pipeline, exchange, { qualityWeights: job.qualityWeights })
  if (result === undefined) return { outcome: 'UNKNOWN_PIPELINE', links: [] }
  if (!result.ok) return { outcome: result.error.code, detail: result.error.message, links: otherLinks() }
  try {
    const evidence = fetchGroup(exchange, { robots: job.fact, via: job.via })
    const links = !follows ? [] : /nofollow/i.test(html) ? otherLinks() : recordLinks(result.measured.record)
    return { outcome: 'KEPT', measured: result.measured, training, evidence, links }
  } catch (thrown) {
    return refused(thrown)
  }
}

function said({ signals }: TrainDecision): string {
  return signals
    .filter(({ says }) => says === 'deny')
    .map(({ source, value, line }) => `${source}${line === null ? '' : ` line ${line}`}: ${value}`)
    .join('; ')
}

function asksNotToFollow({ headers }: Exchange, agent: string): boolean {
  const words = headerValues(headers, 'x-robots-tag').flatMap((value) => robotsDirectives(value, agent))
  return words.includes('nofollow') || words.includes('none')
}

function refused(thrown: unknown): PageResult {
  if (!(thrown instanceof WireError)) throw thrown
  return { outcome: thrown.code, detail: thrown.message, links: [] }
}
