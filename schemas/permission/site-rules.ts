/** Everything a site says about itself as a whole: robots.txt, tdmrep.json, ai.txt and the RSL licences that robots.txt names. */
import { sha256, toHex, utf8 } from '../wire/index.ts'
import { type AiTxt, parseAiTxt } from './ai-txt.ts'
import { noRobots, parseRobots, type Robots } from './robots.ts'
import { parseRsl, type Rsl } from './rsl.ts'
import { parseTdmRep, type TdmRule } from './tdmrep.ts'

/** A rule file as read, and what it was read from. */
export interface RuleFile<Rules> {
  url: string
  /** Hexadecimal SHA-256 of the body as received: the payload digest of its WARC record in another spelling. */
  sha256: string
  rules: Rules
}

/** `unavailable`: the server failed (429, 5xx, a body that cannot be read), so nobody knows what the file would have said. */
export type OptionalFile<Rules> = RuleFile<Rules | 'unavailable'>

export interface SiteRules {
  robots: RuleFile<Robots>
  /** null where the site has no such file, or robots.txt keeps us from asking for it. */
  tdmrep: OptionalFile<TdmRule[]> | null
  aiTxt: OptionalFile<AiTxt> | null
  /** By the URL that named them; `other` where something else than an RSL document lies there, or nothing. */
  licenses: OptionalFile<Rsl>[]
}

/** Licences of one robots.txt that are asked for: a site needs one, and its owner pays for each request. */
export const MAX_LICENSES = 2

/** The licence documents that robots.txt names, absolute, each once; `more` of them stay unread. */
export function namedLicenses({ licenses }: Robots): { urls: string[]; more: string[] } {
  const all = [...new Set(licenses.flatMap(({ url }) => licenseUrl(url) ?? []))]
  return { urls: all.slice(0, MAX_LICENSES), more: all.slice(MAX_LICENSES) }
}

/** A serialised http(s) URL without fragment; undefined for anything else. */
export function licenseUrl(text: string, base?: string, most = 2048): string | undefined {
  const url = text.length > most ? null : URL.parse(text, base)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  url.hash = ''
  return url.href
}

export const digestOf = (bytes: Uint8Array): string => toHex(sha256(bytes))

/** A site that says nothing at all. */
export const noRules: SiteRules = { robots: { url: '', sha256: '', rules: noRobots }, tdmrep: null, aiTxt: null, licenses: [] }

export interface RuleTexts {
  /** Any page of the site. */
  url: string
  /** Absent is a 404. */
  robots?: string | Robots | undefined
  tdmrep?: string | undefined
  aiTxt?: string | undefined
  /** One RSL document, whatever names it; `named` are URLs that the page names, absolute. */
  rsl?: string | undefined
  named?: readonly string[]
}

/** The rules of a site from texts at hand. */
export function siteOfTexts({ url, robots = noRobots, tdmrep, aiTxt, rsl, named = [] }: RuleTexts): SiteRules {
  const file = <Rules>(path: string, text: string, rules: Rules): RuleFile<Rules> => ({
    url: URL.parse(path, url)?.href ?? path,
    sha256: digestOf(utf8(text)),
    rules,
  })
  const rules = typeof robots === 'string' ? parseRobots(robots) : robots
  const { urls, more } = namedLicenses(rules)
  const licenses = [...new Set([...urls, ...more, ...named])]
  if (licenses.length === 0) licenses.push('/rsl.xml')
  const parsed = rsl === undefined ? undefined : parseRsl(rsl)
  return {
    robots: file('/robots.txt', typeof robots === 'string' ? robots : '', rules),
    tdmrep: tdmrep === undefined ? null : file('/.well-known/tdmrep.json', tdmrep, parseTdmRep(tdmrep)),
    aiTxt: aiTxt === undefined ? null : file('/ai.txt', aiTxt, parseAiTxt(aiTxt)),
    licenses: parsed === undefined ? [] : licenses.map((license) => file(license, rsl as string, parsed)),
  }
}
