/** All links of a page, resolved, unique, in document order. */
import { type Parts, relsOf } from './collect.ts'
import { type Element, textContent } from './dom.ts'
import { bounds, type WebPage } from './schema.ts'
import { asciiLower, fact } from './text.ts'
import { resolveUrl } from './url.ts'

export interface ResolvedLink {
  url: string
  /** The first element that links there. */
  element: Element
  /** All of them say `nofollow`. */
  nofollow: boolean
}

/** Most addresses that are resolved. */
const MAX_RESOLVED = 5000

/** Resolved once per page, for its record and for the crawler. */
export function resolvedLinks(parts: Parts): ResolvedLink[] {
  return (parts.resolved ??= resolveAll(parts))
}

function resolveAll({ anchors, base }: Parts): ResolvedLink[] {
  const links: ResolvedLink[] = []
  const byHref = new Map<string, ResolvedLink | null>()
  const byUrl = new Map<string, ResolvedLink>()
  for (const element of anchors) {
    const href = element.attr('href') ?? ''
    if (href.charCodeAt(0) === 0x23) continue
    const nofollow = element.attr('rel') !== undefined && relsOf(element).includes('nofollow')
    // unique first, resolve later: most links of a page repeat
    let link = byHref.get(href)
    if (link === undefined) {
      const url = resolveUrl(href, base)
      link = url === null ? null : (byUrl.get(url) ?? null)
      if (url !== null && link === null && links.length < MAX_RESOLVED) {
        link = { url, element, nofollow }
        links.push(link)
        byUrl.set(url, link)
      }
      byHref.set(href, link)
    }
    if (link !== null && !nofollow) link.nofollow = false
  }
  return links
}

/** Those that fit into a record. */
export function linksOf(parts: Parts): WebPage['links'] {
  const links: WebPage['links'] = []
  let left: number = bounds.linkBytes
  for (const { url, element } of resolvedLinks(parts)) {
    const text = fact(element.attr('aria-label') ?? textContent(element, 1000), bounds.linkText) ?? ''
    const rel = fact(asciiLower(element.attr('rel') ?? ''), bounds.rel)
    left -= url.length + Buffer.byteLength(text) + 40
    if (left < 0 || links.push({ url, text, rel }) === bounds.links) break
  }
  return links
}
