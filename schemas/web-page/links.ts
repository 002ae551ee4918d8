/** All links of a page, resolved, unique, in document order. */
import type { Parts } from './collect.ts'
import { textContent } from './dom.ts'
import { bounds, type WebPage } from './schema.ts'
import { asciiLower, fact } from './text.ts'
import { resolveUrl } from './url.ts'

export function linksOf({ anchors, base }: Parts): WebPage['links'] {
  const links: WebPage['links'] = []
  const seenHrefs = new Set<string>()
  const seen = new Set<string>()
  let left: number = bounds.linkBytes
  for (const element of anchors) {
    const href = element.attr('href') ?? ''
    // unique first, resolve later: most links of a page repeat
    if (seenHrefs.has(href) || href.startsWith('#')) continue
    seenHrefs.add(href)
    const url = resolveUrl(href, base)
    if (url === null || seen.has(url)) continue
    seen.add(url)
    const text = fact(element.attr('aria-label') ?? textContent(element, 1000), bounds.linkText) ?? ''
    const rel = fact(asciiLower(element.attr('rel') ?? ''), bounds.rel)
    left -= url.length + Buffer.byteLength(text) + 40
    if (left < 0 || links.push({ url, text, rel }) === bounds.links) break
  }
  return links
}
