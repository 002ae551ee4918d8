/** What RSL licences mean for training. */
import { matches } from './path-pattern.ts'
import type { Rsl, RslContent, RslTerms } from './rsl.ts'
import { escapeText, pathOf, unescapeUnreserved } from './url-path.ts'

export interface RslVerdict {
  says: 'allow' | 'deny'
  /** What decided, in RSL's words. */
  value: string
  line: number | null
}

/** Usages that take training in; drafts and the standard's guides write `train-ai`. */
const TRAINING = new Set(['ai-train', 'train-ai', 'ai-all', 'all'])
/** What we can pay: nothing, and the name of the source, which every record carries. */
const PAYABLE = new Set(['free', 'attribution'])

/**
 * The verdict of a document on one URL; undefined where it says nothing about training. The longest URL pattern speaks, equal ones all do
 * and a denial wins. Licences of one content are alternatives: one that permits training at no price is enough.
 */
export function rslVerdict(document: Rsl, url: string): RslVerdict | undefined {
  if (document.state === 'other') return undefined
  if (document.state === 'refused') return { says: 'deny', value: `an RSL document that is not read: ${document.reason}`, line: null }
  const fitting = document.contents
    .map((content) => ({ content, length: matchLength(content.url, url) }))
    .filter(({ length }) => length > 0)
  const longest = fitting.reduce((most, { length }) => Math.max(most, length), 0)
  const verdicts = fitting.filter(({ length }) => length === longest).flatMap(({ content }) => contentVerdict(content) ?? [])
  return verdicts.find(({ says }) => says === 'deny') ?? verdicts[0]
}

/** Octets of the pattern and one more when it fits, 0 when not. A path holds on any host: who names the document means its own. */
function matchLength(pattern: string, url: string): number {
  let own = pattern === '' ? '/' : pattern
  const [, host, path] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(own) ?? []
  if (host !== undefined) {
    if (host.toLowerCase() !== URL.parse(url)?.host) return 0
    own = path === undefined || path === '' ? '/' : path
  } else if (!/^[/*]/.test(own)) own = `/${own}`
  return matches(unescapeUnreserved(escapeText(own)), unescapeUnreserved(pathOf(url))) ? own.length + 1 : 0
}

function contentVerdict({ server, encrypted, licenses, line }: RslContent): RslVerdict | undefined {
  if (server !== null) return { says: 'deny', value: `a licence must be obtained from ${server}`, line }
  if (encrypted) return { says: 'deny', value: 'encrypted content', line }
  const readings = licenses.map((terms) => ({ terms, reading: readTerms(terms) }))
  const best = readings.find(({ reading }) => reading.says === 'allow') ?? readings.find(({ reading }) => reading.says === 'deny')
  return best === undefined ? undefined : { ...(best.reading as Omit<RslVerdict, 'line'>), line: best.terms.line }
}

function readTerms({ permits, prohibits, limited, payments }: RslTerms): { says: 'allow' | 'deny' | null; value: string } {
  const barred = prohibits.find((usage) => TRAINING.has(usage))
  if (barred !== undefined) return { says: 'deny', value: `prohibits usage ${barred}` }
  const granted = permits?.find((usage) => TRAINING.has(usage))
  // a licence that lists usages grants no other (RSL 1.0, 3.5)
  if (permits !== null && granted === undefined) return { says: 'deny', value: `permits usage ${permits.join(' ')}` }
  const named = granted === undefined ? 'a licence' : `permits usage ${granted}`
  if (limited) return { says: 'deny', value: `${named} to some users or countries` }
  const price = payments.find((type) => !PAYABLE.has(type))
  if (price !== undefined) return { says: 'deny', value: `${named} for payment ${price}` }
  return granted === undefined ? { says: null, value: '' } : { says: 'allow', value: `permits usage ${granted}` }
}
