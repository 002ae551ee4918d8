/** The processor's share of a page: may it be kept, what does it say, where does it lead, what proves it. Pure, so it may run anywhere. */
import { type Exchange, type FetchGroup, fetchGroup, headerValues, recordMember, type RobotsFact } from '../../schemas/evidence/index.ts'
import {
  asksUsNotToIndex,
  mayTrain,
  type PageSignals,
  type Profile,
  robotsDirectives,
  type SiteRules,
  type TrainDecision,
  trainDecision,
} from '../../schemas/permission/index.ts'
import { type Measured, openPage } from '../../schemas/pipeline/index.ts'
import { type SelectorSchema, WireError } from '../../schemas/wire/index.ts'

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
  /** The charter's own schemas. */
  selectors: readonly SelectorSchema[]
  profile: Profile
  /** Only its links are wanted. */
  linksOnly: boolean
}

/** A record of a page. */
export interface PageRecord extends Measured {
  /** Its gzip member with its newline. */
  packed: Uint8Array
}

export type PageResult =
  | {
      outcome: 'KEPT'
      measured: PageRecord
      /** Further records of the page, where its schema gives several. */
      more: readonly PageRecord[]
      training: TrainDecision
      evidence: FetchGroup
      links: string[]
    }
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

/** `isOnce`: the page comes once, as in a crawl's threads; a simulated network replays what one of its contributors gathered. */
export function workPage(job: PageJob, { isOnce = false }: { isOnce?: boolean } = {}): PageResult {
  const { exchange, agentToken: agent, rules } = job
  const { url, headers, responseHead: head, body } = exchange
  // parsed once for all that follows
  const page = openPage(exchange)
  // too deep or too large for a record as well
  if (page.facts === null) return { outcome: page.error?.code ?? 'NO_CONTENT', detail: page.error?.message ?? '', links: [] }
  const { signals, links: all } = page.facts
  const links = asksNotToFollow(exchange, signals.metas, agent) ? [] : all.flatMap((link) => (link.nofollow ? [] : [link.url]))
  const training = trainDecision({ url, agent, site: rules, headers, html: null, signals, head, body })
  const refusal = trainingRefusal(training, job.profile)
  if (refusal !== undefined) return { ...refusal, links }
  if (asksUsNotToIndex(signals, agent)) return { outcome: 'NOINDEX', detail: `by name: ${agent}`, links }
  if (job.linksOnly) return { outcome: 'LINKS_ONLY', links }
  const options = { qualityWeights: job.qualityWeights, selectors: job.selectors }
  const result = isOnce ? page.runOnce(job.pipeline, options) : page.run(job.pipeline, options)
  if (!result.ok) return { outcome: result.error.code, detail: result.error.message, links }
  try {
    const evidence = fetchGroup(exchange, { robots: job.fact, via: job.via })
    return { outcome: 'KEPT', measured: packed(result.measured), more: (result.more ?? []).map(packed), training, evidence, links }
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown
    return { outcome: thrown.code, detail: thrown.message, links: [] }
  }
}

const packed = (measured: Measured): PageRecord => ({ ...measured, packed: recordMember(measured.record) })

/** Why these statements leave no record, by the profile; undefined where they leave one. */
export function trainingRefusal(training: TrainDecision, profile: Profile): { outcome: string; detail?: string } | undefined {
  if (training.decision === 'deny') return { outcome: 'TRAINING_DENIED', detail: said(training) }
  if (training.unread.length > 0) return { outcome: 'LICENSE_UNREAD', detail: training.unread.join(' ') }
  return mayTrain(training, profile) ? undefined : { outcome: 'TRAINING_UNKNOWN' }
}

function said({ signals }: TrainDecision): string {
  return signals
    .filter(({ says }) => says === 'deny')
    .map(({ source, value, line }) => `${source}${line === null ? '' : ` line ${line}`}: ${value}`)
    .join('; ')
}

/** By a header or, where the page is known, by its `metas`. */
export function asksNotToFollow({ headers }: Exchange, metas: PageSignals['metas'], agent: string): boolean {
  const own = metas.filter(({ name }) => name === 'robots' || name === agent.toLowerCase()).map(({ content }) => content)
  const words = [...headerValues(headers, 'x-robots-tag'), ...own].flatMap((value) => robotsDirectives(value, agent))
  return words.includes('nofollow') || words.includes('none')
}
