/** A batch of web pages sealed as a contributor does it: fetched under a robots.txt, extracted by the pinned pipeline, with everything a liar may change. */
import { sealBatch, type SealedBatch, type SealRecord } from '../../node/seal/index.ts'
import { type Exchange, type FetchGroup, fetchGroup, requestHead, responseHead } from '../../schemas/evidence/index.ts'
import { readSite, type RuleFetch } from '../../schemas/permission/index.ts'
import { CURRENT_PIPELINE, runPipeline } from '../../schemas/pipeline/index.ts'
import { concatBytes, type CID, sha256, utf8 } from '../../schemas/wire/index.ts'

export const ORIGIN = 'http://mill.example'
export const AGENT = 'QuernBot'
/** Unix milliseconds of the first fetch. */
export const FETCHED_AT = 1_800_000_000_000

export const exchangeOf = (
  url: string,
  body: string | Uint8Array,
  changes: Partial<Exchange> & { agent?: string; headers?: [string, string][] } = {},
): Exchange => {
  const { agent = AGENT, ...rest } = changes
  const headers = changes.headers ?? [['Content-Type', 'text/html; charset=utf-8']]
  const status = changes.status ?? 200
  return {
    url,
    status,
    headers,
    requestHead: requestHead(url, [['User-Agent', `${agent}/1.0 (+mailto:someone@example.org)`]]),
    responseHead: responseHead(status, 'OK', headers),
    body: typeof body === 'string' ? utf8(body) : body,
    fetchedAt: FETCHED_AT,
    remoteAddress: null,
    truncated: false,
    ...rest,
  }
}

export const htmlOf = (topic: string): string => `<!doctype html><html lang="en"><head><title>On ${topic}</title></head><body><article>
<h1>On ${topic}</h1>
<p>The miller of ${topic} rises before the sun and sets the stones by ear, because a stone that is set by eye alone runs hot before noon.</p>
<p>Whoever brings grain may watch it ground, and whoever watches may count the sacks; that is why nobody in ${topic} quarrels about flour.</p>
<p>In winter the wheel stands still, the stones are dressed with a bill of hard steel, and the children of ${topic} learn to read from the account books.</p>
</article></body></html>`

export interface PageSpec {
  topic: string
  /** Path below the origin. */
  path?: string
  exchange?: Parameters<typeof exchangeOf>[2]
  html?: string
  robotsTxt?: string | null
  /** What lies at other rule files' URLs; nothing (404) by default. */
  rules?: Record<string, RuleAnswer>
  /** What the fetch says of its robots capture, where it lies, and which name asked for the rules. */
  robots?: Partial<{ url: string; agent: string; recordId: string; fetchedAt: number; askedBy: string }>
  /** Changes the captures of the rule files, robots.txt first. */
  captures?: (captures: FetchGroup[]) => FetchGroup[]
  /** Row numbers a liar changes. */
  row?: Partial<SealRecord>
  /** Changes the evidence bytes after packing. */
  evidence?: (members: Uint8Array[]) => Uint8Array[]
}

export interface RuleAnswer {
  status?: number
  headers?: [string, string][]
  body?: string
}

export interface PageBatchInput {
  ledger?: string
  contributor: string
  salt?: Uint8Array
  sequence?: number
  prev?: CID | null
  pages: PageSpec[]
  from?: number
  to?: number
}

const EMPTY: SealRecord = {
  record: utf8('{}'),
  host: 'mill.example',
  language: 'en',
  tokens: 1,
  quality: 0,
  contentDigest: sha256(),
  sketch: new Uint8Array(512),
  evidenceGroup: 0,
  robotsGroup: null,
}

export function pageBatch({
  ledger = 'quern/test',
  contributor,
  salt = sha256(utf8('salt')),
  sequence = 0,
  prev = null,
  pages,
  ...input
}: PageBatchInput): SealedBatch {
  const groups: Uint8Array[][] = []
  const records = pages.map((page): SealRecord => {
    const url = `${ORIGIN}${page.path ?? `/${page.topic}`}`
    const exchange = exchangeOf(url, page.html ?? htmlOf(page.topic), page.exchange)
    const captures = page.robotsTxt === null ? [] : captureRules(page, exchange.fetchedAt)
    const capture = captures.findLast(({ kind }) => kind === 'robots')
    const facts = capture
      ? {
          url: capture.exchange.url,
          recordId: page.robots?.recordId ?? capture.group.responseId,
          payloadDigest: capture.payloadDigest,
          agent: page.robots?.agent ?? AGENT,
          allowed: true,
          line: null,
        }
      : null
    const kept = captures.map(({ group }) => group)
    const rules = (page.captures?.(kept) ?? kept).flatMap((group) => group.members)
    const robotsGroup = capture ? groups.push(rules) - 1 : null
    const { members } = fetchGroup(exchange, { robots: facts })
    const evidenceGroup = groups.push(page.evidence?.(members) ?? members) - 1
    const result = runPipeline(CURRENT_PIPELINE, exchange)
    const honest = result.ok ? result.measured : null
    return { ...EMPTY, ...honest, evidenceGroup, robotsGroup, ...page.row }
  })
  const seconds = pages.map((page) => Math.floor((page.exchange?.fetchedAt ?? FETCHED_AT) / 1000))
  return sealBatch({
    ledger,
    contributor,
    salt,
    sequence,
    prev,
    schema: 'web-page@1',
    pipeline: CURRENT_PIPELINE,
    groups,
    records,
    from: input.from ?? Math.min(...seconds),
    to: input.to ?? Math.max(...seconds),
  })
}

interface Capture extends RuleFetch {
  kind: string
  group: FetchGroup
}

/** All rule files of the site, asked for as a crawler does it. */
function captureRules({ robotsTxt = 'User-agent: *\nDisallow: /private\n', rules = {}, robots = {} }: PageSpec, pageAt: number): Capture[] {
  const { url: robotsUrl = `${ORIGIN}/robots.txt`, fetchedAt = pageAt - 1000, askedBy = AGENT, agent = AGENT } = robots
  const table: Record<string, RuleAnswer> = { [robotsUrl]: { body: robotsTxt ?? '' }, ...rules }
  const captures: Capture[] = []
  const reading = readSite<Capture>(ORIGIN, agent)
  for (let step = reading.next(); step.done !== true; ) {
    const { kind } = step.value
    const url = captures.length === 0 && !(step.value.url in table) ? robotsUrl : step.value.url
    const { status = url in table ? 200 : 404, headers = [['Content-Type', 'text/plain']], body = '' } = table[url] ?? {}
    const exchange = exchangeOf(url, body, { status, headers, fetchedAt, agent: askedBy })
    const group = fetchGroup(exchange)
    const capture = { kind, group, exchange, payloadDigest: group.payloadDigest }
    captures.push(capture)
    step = reading.next(capture)
  }
  return captures
}

/** Flips one bit of byte `at` (from the end when negative). */
export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = concatBytes(bytes)
  const index = at < 0 ? out.byteLength + at : at
  out[index] = (out[index] ?? 0) ^ 1
  return out
}
