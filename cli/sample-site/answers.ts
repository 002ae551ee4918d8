/** What the site answers to a name and a URL: pages through their templates, site files, oddities. */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { loadContent, type SitePage } from './content.ts'
import { DOMAIN, hostName, type SiteHost, siteHosts } from './hosts.ts'
import { escapeHtml, type Link } from './markdown.ts'
import { type Answer, oddities } from './oddities.ts'
import { templates } from './templates/index.ts'

/** `label:/path`, or `/path` on this host, as a full URL; other URLs stay. */
export function linker(port: number, here: string): Link {
  return (target) => {
    if (/^https?:/.test(target)) return target
    const [, label = here, path = target] = /^([a-z]+):(\/.*)$/.exec(target) ?? []
    return `http://${hostName(label)}:${port}${encodeURI(path)}`
  }
}

export function siteAnswers(port: number, slowMs: number): (name: string, url: string) => Answer {
  const pages = loadContent()
  const byHost = Map.groupBy(pages, ({ host }) => host)
  const hosts = new Map(siteHosts.map((host) => [hostName(host.label), host]))
  const made = new Map<string, Answer>()
  const visits = new Map<string, number>()

  return (name, url) => {
    const host = hosts.get(name)
    if (host === undefined) return signpost(port)
    const link = linker(port, host.label)
    const path = readable(url.split('?')[0] as string)
    if (path === '/robots.txt') return robots(host, link)
    const file = host.files?.[path]
    if (file !== undefined) return { status: 200, headers: { 'content-type': file[0] }, body: file[1] }
    const key = `${host.label} ${path}`
    const odd = oddities[key] ?? oddities[`${key.slice(0, key.lastIndexOf('/'))}/*`]
    if (odd !== undefined) {
      const seen = (visits.get(key) ?? 0) + 1
      visits.set(key, seen)
      return odd({ link, path, visits: seen, slowMs })
    }
    let answer = made.get(key)
    if (answer === undefined) {
      const own = byHost.get(host.label) ?? []
      answer = path === '/sitemap.xml' ? sitemap(own, link) : pageAnswer(path, host, own, pages, link)
      if (answer.status === 200) made.set(key, answer)
    }
    return answer
  }
}

function pageAnswer(path: string, host: SiteHost, own: SitePage[], all: SitePage[], link: Link): Answer {
  const known = own.find((page) => page.path === path)
  const page = path === '/' ? frontPage(host, own, known) : known
  if (page === undefined)
    return {
      status: 404,
      headers: HTML,
      body: `<!doctype html><title>Not found</title><h1>Nothing here</h1><a href="${link('/')}">Front page</a>`,
    }
  let body: string | Uint8Array = templates[host.template]({ page, host, neighbours: neighboursOf(page, own, all), link })
  const headers: Record<string, string> = { ...HTML, 'last-modified': httpDate(page.date) }
  const { encoding, charset, header } = page.facts
  if (encoding !== undefined) body = encoded(body, encoding)
  if (charset !== undefined || encoding !== undefined) headers['content-type'] = `text/html; charset=${charset ?? encoding}`
  if (header !== undefined) headers[header.split('=')[0] as string] = header.slice(header.indexOf('=') + 1)
  const coding = host.label === 'news' ? 'gzip' : host.label === 'kitchen' ? 'br' : undefined
  return {
    status: 200,
    headers: coding === undefined ? headers : { ...headers, 'content-encoding': coding, vary: 'accept-encoding' },
    body: packed(body, coding),
  }
}

/** The path as the texts spell it; a broken escape stays as it is and finds nothing. */
function readable(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

/** Bytes in an old character set; what it lacks becomes a character reference. */
function encoded(html: string, charset: string): Uint8Array {
  const text = html.replace(/[^\0-\x7f]/gu, (character) =>
    iconv.decode(iconv.encode(character, charset), charset) === character ? character : `&#${character.codePointAt(0)};`,
  )
  return iconv.encode(text, charset)
}

const HTML = { 'content-type': 'text/html; charset=utf-8' }

function packed(body: string | Uint8Array, coding: string | undefined): string | Uint8Array {
  if (coding === 'gzip') return gzipSync(body)
  return coding === 'br' ? brotliCompressSync(body) : body
}

/** The host's own words about itself, then everything there is. */
function frontPage(host: SiteHost, own: SitePage[], known: SitePage | undefined): SitePage {
  const list = own
    .filter(({ path, facts }) => path !== '/' && facts.unlisted === undefined)
    .map(({ title, path }) => `- [${title}](${path})`)
    .join('\n')
  const odd = Object.keys(oddities)
    .filter((key) => key.startsWith(`${host.label} `))
    .map((key) => key.slice(host.label.length + 1).replace('*', '1'))
    .map((path) => `- [${path}](${path})`)
    .join('\n')
  const others = siteHosts.map(({ label, title }) => `- [${title}](${label}:/)`).join('\n')
  const base = known ?? {
    host: host.label,
    path: '/',
    title: host.title,
    language: 'en',
    date: '2026-01-05',
    author: '',
    licence: '',
    tags: [],
    facts: {},
    text: '',
  }
  return {
    ...base,
    text: [base.text, '## Everything here', list, odd, '## Our neighbours', others].filter((part) => part !== '').join('\n\n'),
  }
}

/** The next four of the same host and one of two others, in file order: every page is reached from some page. */
function neighboursOf(page: SitePage, own: SitePage[], all: SitePage[]): SitePage[] {
  const here = following(own, own.indexOf(page) + 1, 4)
  const there = following(
    all.filter(({ host }) => host !== page.host),
    (all.indexOf(page) + 1) * 13,
    2,
  )
  return [...here, ...there].filter((other) => other !== page)
}

function following(pages: SitePage[], at: number, count: number): SitePage[] {
  const listed = pages.filter(({ facts }) => facts.unlisted === undefined)
  return Array.from({ length: Math.min(count, listed.length) }, (_, i) => listed[(at + i) % listed.length] as SitePage)
}

function robots(host: SiteHost, link: Link): Answer {
  if (host.robots === null) return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'no robots.txt here\n' }
  const body = host.robots.replace(/^Sitemap: .*$/m, `Sitemap: ${link('/sitemap.xml')}`)
  return { status: host.robotsStatus ?? 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
}

function sitemap(own: SitePage[], link: Link): Answer {
  const entries = own.map(
    ({ path, date }) => `<url><loc>${escapeHtml(link(path))}</loc>${date === '' ? '' : `<lastmod>${date}</lastmod>`}</url>`,
  )
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${entries.join('\n')}\n</urlset>\n`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

/** For a person who opens the bare address. */
function signpost(port: number): Answer {
  const list = siteHosts.map(({ label, title }) => `<li>http://${hostName(label)}:${port}/ ${escapeHtml(title)}</li>`).join('\n')
  return { status: 200, headers: HTML, body: `<!doctype html><title>${DOMAIN}</title><p>These names live here:</p><ul>\n${list}\n</ul>\n` }
}

function httpDate(date: string): string {
  return new Date(date === '' ? '2026-01-01' : date).toUTCString()
}
