import type { SitePage } from '../content.ts'
import type { SiteHost } from '../hosts.ts'
import type { Link } from '../markdown.ts'

/** What a template is given: the page, its host, its neighbours, and how to write a link. */
export interface View {
  page: SitePage
  host: SiteHost
  /** Pages to point to, same host first. */
  neighbours: SitePage[]
  link: Link
}
export type Template = (view: View) => string

const LICENCES: Record<string, { url: string; name: string }> = {
  'cc-by-4.0': { url: 'https://creativecommons.org/licenses/by/4.0/', name: 'CC BY 4.0' },
  'cc-by-sa-4.0': { url: 'https://creativecommons.org/licenses/by-sa/4.0/', name: 'CC BY-SA 4.0' },
  'cc0-1.0': { url: 'https://creativecommons.org/publicdomain/zero/1.0/', name: 'CC0 1.0' },
}

export function licenceNotice({ licence }: SitePage): string {
  const known = LICENCES[licence]
  return known === undefined ? '' : `<p class="licence">This text is under <a rel="license" href="${known.url}">${known.name}</a>.</p>`
}

/** Metas that the page's own facts ask for. */
export function factMetas({ facts, author, date }: SitePage): string {
  return [
    facts.robots === undefined ? '' : `<meta name="robots" content="${facts.robots}">`,
    author === '' ? '' : `<meta name="author" content="${author}">`,
    date === '' ? '' : `<meta property="article:published_time" content="${date}T08:00:00Z">`,
  ]
    .filter((line) => line !== '')
    .join('\n')
}
