/**
 * `/ai.txt` as Spawning's generator writes it: robots-like groups whose patterns name media types (`Disallow: *.html`) or paths. Another
 * proposal for the same file says `Training: deny`; both are read, and where two rules are equally long the denial counts.
 */
import { matches } from './path-pattern.ts'
import { splitLine } from './robots.ts'
import { escapePattern, unescapeUnreserved } from './url-path.ts'

export interface AiTxtRule {
  allow: boolean
  /** `*` stands alone for everything; `*.html` for a media type. */
  pattern: string
  /** 1-based. */
  line: number
  text: string
}

export interface AiTxtGroup {
  /** Lower case, or `*`. */
  agents: string[]
  rules: AiTxtRule[]
}

export interface AiTxt {
  groups: AiTxtGroup[]
}

export const MAX_AI_TXT_BYTES = 256 << 10
const MAX_RULES = 10_000

/** Never throws: what is not understood, a web page in place of the file for example, says nothing. */
export function parseAiTxt(input: Uint8Array | string): AiTxt {
  const text = typeof input === 'string' ? Buffer.from(input).toString('latin1') : Buffer.from(input).toString('latin1')
  const groups: AiTxtGroup[] = []
  let group: AiTxtGroup | undefined
  let open = false
  let rules = 0
  text
    .slice(0, MAX_AI_TXT_BYTES)
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .split(/\r\n|\r|\n/)
    .forEach((raw, index) => {
      const parsed = splitLine(raw)
      if (parsed === undefined || rules >= MAX_RULES) return
      const { key, value, text: own } = parsed
      if (key === 'user-agent' || key === 'agent') {
        if (group === undefined || !open) groups.push((group = { agents: [], rules: [] }))
        open = true
        group.agents.push(value.toLowerCase())
        return
      }
      const rule = ruleOf(key, value)
      if (rule === undefined) return
      open = false
      rules++
      // `Training:` stands before any agent and means everybody
      if (group === undefined) {
        if (key === 'allow' || key === 'disallow') return
        groups.push((group = { agents: ['*'], rules: [] }))
      }
      group.rules.push({ ...rule, line: index + 1, text: own })
    })
  return { groups }
}

function ruleOf(key: string, value: string): { allow: boolean; pattern: string } | undefined {
  if (key === 'allow' || key === 'disallow') return value === '' ? undefined : { allow: key === 'allow', pattern: escapePattern(value) }
  if (key !== 'training' && key !== 'allow-training') return undefined
  const word = value.toLowerCase()
  if (/^(deny|no|none|false|disallow(?:ed)?|conditional)$/.test(word)) return { allow: false, pattern: '*' }
  return /^(allow(?:ed)?|yes|true)$/.test(word) ? { allow: true, pattern: '*' } : undefined
}

/** The rule that decides for a path, as `pathOf` gives it: the longest that fits; a denial before a permission of the same length. */
export function aiTxtRuleFor({ groups }: AiTxt, agent: string, path: string): AiTxtRule | undefined {
  const token = agent.toLowerCase()
  const own = groups.filter(({ agents }) => agents.includes(token))
  const rules = (own.length > 0 ? own : groups.filter(({ agents }) => agents.includes('*'))).flatMap((group) => group.rules)
  const bare = unescapeUnreserved(path)
  const extension = extensionOf(bare)
  return rules
    .filter(({ pattern }) => fits(pattern, bare, extension))
    .reduce<AiTxtRule | undefined>((best, rule) => (best === undefined || isStronger(rule, best) ? rule : best), undefined)
}

function isStronger(rule: AiTxtRule, best: AiTxtRule): boolean {
  return rule.pattern.length > best.pattern.length || (rule.pattern.length === best.pattern.length && best.allow && !rule.allow)
}

/** `*.c` is the media type, not every path with `.com` in it. */
function fits(pattern: string, path: string, extension: string): boolean {
  const type = /^\*\.([A-Za-z0-9]{1,8})\$?$/.exec(pattern)?.[1]
  if (type !== undefined) return type.toLowerCase() === extension
  return matches(unescapeUnreserved(pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`), path)
}

/** What a path says of its type; a page without an extension is HTML, because only HTML is gathered. */
function extensionOf(path: string): string {
  const query = path.indexOf('?')
  const name = (query < 0 ? path : path.slice(0, query)).split('/').at(-1) ?? ''
  return /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? 'html'
}
