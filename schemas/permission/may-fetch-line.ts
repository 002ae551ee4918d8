/** `quern may-fetch`: what is known of a page, and the two answers. One line in, one line out, whatever the line holds. */
import { z } from 'zod'
import { utf8 } from '../wire/index.ts'
import { rslLinksOf } from './link-header.ts'
import { type FetchDecision, mayFetch } from './may-fetch.ts'
import { pageSignals } from './page-signals.ts'
import { asksUsNotToIndex } from './robots-directives.ts'
import { noRobots, robotsOfExchange } from './robots.ts'
import { licenseUrl, siteOfTexts, type SiteRules } from './site-rules.ts'
import { type Decision, mayTrain, type Profile, trainDecision } from './train.ts'

export interface Answer {
  fetch: FetchDecision
  train: { decision: Decision; allowed: boolean; signals: { source: string; value: string; line: number | null }[] }
}

export interface Asked {
  url: string
  /** Product token. */
  agent: string
  profile: Profile
  site: SiteRules
  headers: [name: string, value: string][]
  html: string | null
}

export function answer({ url, agent, profile, site, headers, html }: Asked): Answer {
  const { decision, signals, unread } = trainDecision({ url, agent, site, headers, html })
  const isUnwanted = html !== null && asksUsNotToIndex(pageSignals(html), agent)
  return {
    fetch: mayFetch(site.robots.rules, agent, url),
    train: {
      decision,
      // as the crawler has it: terms that nobody read permit nothing, and a page that asks us by name not to index it is not kept
      allowed: unread.length === 0 && !isUnwanted && mayTrain({ decision, signals }, profile),
      signals: signals.map(({ source, value, line }) => ({ source, value, line })),
    },
  }
}

const MiB = 1 << 20
const text = z.string().max(8 * MiB)
const id = z.union([z.string().max(1024), z.number(), z.boolean(), z.null()])
/** Fields that are not named here are passed over: a line may carry what its writer needs. */
const lineShape = z.object({
  id: id.optional(),
  url: z.string().max(8192),
  robots: text.nullish(),
  robotsStatus: z.int().min(100).max(599).nullish(),
  headers: z.record(z.string().max(256), z.union([z.string().max(64 << 10), z.array(z.string().max(64 << 10)).max(256)])).nullish(),
  html: text.nullish(),
  /** The file's text, or what it parses to. */
  tdmrep: z.union([text, z.array(z.unknown()).max(10_000)]).nullish(),
  aiTxt: text.nullish(),
  rsl: text.nullish(),
  agent: z.string().min(1).max(256).nullish(),
  profile: z.enum(['strict', 'standard']).nullish(),
})

/** Longest line that is read. */
const MAX_LINE_UNITS = 16 * MiB

/**
 * `{id?, url, robots?, robotsStatus?, headers?, html?, tdmrep?, aiTxt?, rsl?, agent?, profile?}` -> `{id, fetch, train}` or
 * `{id, error: {code, message}}` with LINE_TOO_LONG, BAD_JSON, BAD_LINE, BAD_URL or BAD_AGENT. Never throws. An absent file is a 404.
 */
export function mayFetchLine(line: string, agent: string): string {
  if (line.length > MAX_LINE_UNITS) return failure(null, 'LINE_TOO_LONG', `a line beyond ${MAX_LINE_UNITS} characters`)
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return failure(null, 'BAD_JSON', 'the line is not JSON')
  }
  const parsed = lineShape.safeParse(value)
  const known = id.safeParse((value as { id?: unknown } | null)?.id).data ?? null
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return failure(known, 'BAD_LINE', `${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'not what is asked for'}`)
  }
  const { data } = parsed
  const url = licenseUrl(data.url, undefined, 8192)
  if (url === undefined) return failure(known, 'BAD_URL', 'url must be an absolute http(s) URL')
  const token = productToken(data.agent ?? agent)
  if (token === undefined) return failure(known, 'BAD_AGENT', 'agent must begin with a product token: letters, _ and -')
  const headers = Object.entries(data.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map((one): [string, string] => [name, one]),
  )
  const html = data.html ?? null
  const asked = { url, agent: token, profile: data.profile ?? 'standard', headers, html } as const
  return safeJson({ id: known, ...answer({ ...asked, site: siteOf(url, data, namedBy(url, headers, html)) }) })
}

function siteOf(url: string, { robots, robotsStatus, tdmrep, aiTxt, rsl }: z.infer<typeof lineShape>, named: string[]): SiteRules {
  const status = robotsStatus ?? (robots === undefined || robots === null ? 404 : 200)
  const site = siteOfTexts({
    url,
    robots: status === 200 ? (robots ?? '') : noRobots,
    tdmrep: typeof tdmrep === 'string' ? tdmrep : tdmrep ? JSON.stringify(tdmrep) : undefined,
    aiTxt: aiTxt ?? undefined,
    rsl: rsl ?? undefined,
    named,
  })
  if (status === 200) return site
  const rules = robotsOfExchange({ status, headers: [], body: utf8(robots ?? ''), truncated: false })
  return { ...site, robots: { ...site.robots, rules } }
}

/** Licences that the page itself names: a document that comes along is any of them. */
export function namedBy(url: string, headers: readonly [string, string][], html: string | null): string[] {
  const links = headers.filter(([name]) => name.toLowerCase() === 'link').flatMap(([, value]) => rslLinksOf(value))
  const inPage = html === null ? [] : pageSignals(html).rslLinks.map(({ href }) => href)
  return [...links, ...inPage].flatMap((target) => licenseUrl(target, url) ?? [])
}

/** The leading run of characters that a product token may have (RFC 9309, 2.2.1): `Bot/1.0 (+x)` is `Bot`. */
export function productToken(agent: string): string | undefined {
  return /^[A-Za-z_-]+/.exec(agent)?.[0]
}

function failure(known: z.infer<typeof id>, code: string, message: string): string {
  return safeJson({ id: known, error: { code, message: message.slice(0, 512) } })
}

/** Control characters of both ranges, bidirectional overrides, line separators: a terminal would obey them. Programs read the same JSON. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
