/** Where a page leads. A record lists its links already; a page that gave no record, or says `nofollow` somewhere, is read for them. */
import { Parser } from 'htmlparser2'
import { robotsDirectives } from '../../schemas/permission/index.ts'

const MAX_LINKS = 5000
const MAX_HREF = 4096

/** Links of a record's canonical JSON; undefined where its schema has none. */
export function recordLinks(record: Uint8Array): string[] | undefined {
  const { links } = JSON.parse(new TextDecoder().decode(record)) as { links?: unknown }
  return isLinks(links) ? links.map(({ url }) => url) : undefined
}

const isLinks = (value: unknown): value is { url: string }[] =>
  Array.isArray(value) && value.every((one) => typeof (one as { url?: unknown } | null)?.url === 'string')

/** Links of a page in document order, unique, absolute; those marked `nofollow` left out, all of them when the page says so. Never throws. */
export function pageLinks(html: string, url: string, agent: string): string[] {
  const hrefs = new Set<string>()
  let base = url
  let hasBase = false
  let isClosed = false
  const parser = new Parser({
    onopentag(tag, { href, rel = '', name = '', content = '' }) {
      if (tag === 'meta' && (name.toLowerCase() === 'robots' || name.toLowerCase() === agent.toLowerCase())) {
        const words = robotsDirectives(content, agent)
        if (words.includes('nofollow') || words.includes('none')) isClosed = true
      } else if (tag === 'base' && href !== undefined && !hasBase) {
        hasBase = true
        base = URL.parse(href, url)?.href ?? url
      } else if ((tag === 'a' || tag === 'area') && href !== undefined && hrefs.size < MAX_LINKS && href.length <= MAX_HREF) {
        if (!/(^|\s)nofollow(\s|$)/i.test(rel)) hrefs.add(href.trim())
      }
    },
  })
  parser.end(html)
  if (isClosed) return []
  const links = new Set<string>()
  for (const href of hrefs) {
    const link = href.startsWith('#') ? null : URL.parse(href, base)
    if (link !== null) links.add(link.href)
  }
  return [...links]
}
