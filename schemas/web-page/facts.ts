/** What a crawler asks of a page besides its record, from the same parse: signals about use, and links. */
import { lineCounter, type PageSignals } from '../permission/index.ts'
import { type Parts, relsOf } from './collect.ts'
import { type Document, textContent } from './dom.ts'
import { resolvedLinks } from './links.ts'
import { asciiLower } from './text.ts'

export interface PageFacts {
  /** As `pageSignals` gives them. */
  signals: PageSignals
  /** Unique http(s) addresses in document order, without fragment. */
  links: PageLink[]
}

export interface PageLink {
  url: string
  /** Every link of the page to this address says `nofollow`. */
  nofollow: boolean
}

const MAX_SIGNALS = 256
const MAX_SCRIPTS = 4
const MAX_SCRIPT_UNITS = 256 << 10
const RSL = /^\s{0,8}application\/rsl\+xml\s{0,8}(;|$)/i

export function factsOf(document: Document, parts: Parts): PageFacts {
  const links = resolvedLinks(parts).map(({ url, nofollow }) => ({ url, nofollow }))
  return { signals: signalsOf(document, parts), links }
}

function signalsOf({ html }: Document, { metas, related, rsl }: Parts): PageSignals {
  const signals: PageSignals = { metas: [], rslLinks: [], rslScripts: [] }
  let lineAt = lineCounter(html)
  for (const element of metas) {
    const [name, content] = [element.attr('name'), element.attr('content')]
    if (name === undefined || content === undefined || signals.metas.length === MAX_SIGNALS) continue
    signals.metas.push({ name: asciiLower(name.slice(0, 64).trim()), content: content.slice(0, 1024), line: lineAt(element.at) })
  }
  lineAt = lineCounter(html)
  for (const element of related) {
    const href = element.attr('href')
    if (element.name !== 'link' || href === undefined || !RSL.test((element.attr('type') ?? '').slice(0, 100))) continue
    if (!relsOf(element).includes('license') || signals.rslLinks.length === MAX_SIGNALS) continue
    signals.rslLinks.push({ href: href.slice(0, 4096).trim(), line: lineAt(element.at) })
  }
  lineAt = lineCounter(html)
  for (const element of rsl.slice(0, MAX_SCRIPTS))
    signals.rslScripts.push({ xml: textContent(element, MAX_SCRIPT_UNITS), line: lineAt(element.at) })
  return signals
}
