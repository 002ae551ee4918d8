/** All links of a page, resolved, unique, in document order. */
import { type Document, textContent } from './dom.ts'
import { bounds, type WebPage } from './schema.ts'
import { asciiLower, fact } from './text.ts'
import { resolveUrl } from './url.ts'

export function linksOf({ elements }: Document, base: string): WebPage['links'] {
  const links: WebPage['links'] = []
  const seenHrefs = new Set<string>()
  const seen = new Set<string>()
  let left: number = bounds.linkBytes
  for (const element of elements) {
    if (element.name !== 'a' && element.name !== 'area') continue
    const { href } = element.attribs
    // unique first, resolve later: most links of a page repeat
    if (href === undefined || seenHrefs.has(href) || href.startsWith('#')) continue
    seenHrefs.add(href)
    const url = resolveUrl(href, base)
    if (url === null || seen.has(url)) continue
    seen.add(url)
    const text = fact(element.attribs['aria-label'] ?? textContent(element, 1000), bounds.linkText) ?? ''
    const rel = fact(asciiLower(element.attribs['rel'] ?? ''), bounds.rel)
    left -= url.length + Buffer.byteLength(text) + 40
    if (left < 0 || links.push({ url, text, rel }) === bounds.links) break
  }
  return links
}

/** What links are resolved against: the first `<base href>`, or the page's own address. */
export function baseOf({ elements }: Document, url: string): string {
  const base = elements.find(({ name, attribs }) => name === 'base' && attribs['href'] !== undefined)
  return (base === undefined ? null : resolveUrl(base.attribs['href'] ?? '', url)) ?? url
}
