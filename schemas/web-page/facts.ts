/** What a crawler asks of a page besides its record, from the same parse: signals about use, and links. */
import { addLink, addMeta, addScript, lineCounter, MAX_SCRIPT_UNITS, noSignals, type PageSignals } from '../permission/index.ts'
import type { Parts } from './collect.ts'
import { type Document, textContent } from './dom.ts'
import { resolvedLinks } from './links.ts'

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

export function factsOf(document: Document, parts: Parts): PageFacts {
  const links = resolvedLinks(parts).map(({ url, nofollow }) => ({ url, nofollow }))
  return { signals: signalsOf(document, parts), links }
}

/** As `pageSignals` gives them: what counts is decided there. */
export function signalsOf({ html }: Document, { metas, related, rsl }: Parts): PageSignals {
  const signals = noSignals()
  let lineAt = lineCounter(html)
  for (const element of metas) addMeta(signals, element.attr('name'), element.attr('content'), lineAt(element.at))
  lineAt = lineCounter(html)
  for (const element of related)
    if (element.name === 'link') addLink(signals, element.attr('rel'), element.attr('type'), element.attr('href'), lineAt(element.at))
  lineAt = lineCounter(html)
  for (const element of rsl) {
    const script = addScript(signals, element.attr('type'), lineAt(element.at))
    if (script !== undefined) script.xml = textContent(element, MAX_SCRIPT_UNITS)
  }
  return signals
}
