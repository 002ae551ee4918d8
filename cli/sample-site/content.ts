/**
 * The site's texts: one file per host (and part), many pages in a file. A page begins with `=== /path`, then `key: value`
 * lines, an empty line, and Markdown. `same: /other` repeats another page's text, `change: old => new` alters it a little.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface SitePage {
  /** First label of the host: `docs` of docs.quern.test. */
  host: string
  path: string
  title: string
  language: string
  /** YYYY-MM-DD, or empty. */
  date: string
  author: string
  /** Licence id (`cc-by-4.0`), or empty. */
  licence: string
  tags: string[]
  /** Whatever else the head of the page says: price, serves, robots… */
  facts: Record<string, string>
  /** Markdown. */
  text: string
}

const FOLDER = path.join(import.meta.dirname, 'content')

/** Every page of the site in file order; throws on a malformed file, which the tests would notice first. */
export function loadContent(folder = FOLDER): SitePage[] {
  const pages = readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .flatMap((name) => parseContent(readFileSync(path.join(folder, name), 'utf8'), name))
  const byPath = new Map(pages.map((page) => [`${page.host}${page.path}`, page]))
  return pages.map((page) => withBorrowedText(page, byPath))
}

/** `docs.md` and `docs-guides.md` both belong to the host `docs`. */
export function parseContent(text: string, fileName: string): SitePage[] {
  const host = /^([a-z]+)/.exec(fileName)?.[1] ?? ''
  return text
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const [head = '', ...body] = part.split('\n\n')
      const [pagePath = '', ...lines] = head.split('\n')
      const facts = Object.fromEntries(
        lines.map((line) => {
          const colon = line.indexOf(': ')
          if (colon === -1) throw new Error(`${fileName} ${pagePath}: "${line}" is not "key: value"`)
          return [line.slice(0, colon), line.slice(colon + 2)]
        }),
      )
      const { title = '', language = 'en', date = '', author = '', licence = '', tags = '', ...rest } = facts
      if (!pagePath.startsWith('/') || title === '') throw new Error(`${fileName}: a page without path or title (${pagePath})`)
      return {
        host,
        path: pagePath.trim(),
        title,
        language,
        date,
        author,
        licence,
        facts: rest,
        tags: tags === '' ? [] : tags.split(',').map((tag) => tag.trim()),
        text: body.join('\n\n').trim(),
      }
    })
}

function withBorrowedText(page: SitePage, byPath: Map<string, SitePage>): SitePage {
  const { same, change } = page.facts
  if (same === undefined) return page
  const lender = byPath.get(same.startsWith('/') ? page.host + same : same)
  if (lender === undefined) throw new Error(`${page.host}${page.path}: nothing at ${same}`)
  const changes = (change ?? '').split(';').filter((one) => one.includes('=>'))
  const text = changes.reduce((now, one) => {
    const [from = '', to = ''] = one.split('=>').map((side) => side.trim())
    return now.replaceAll(from, to)
  }, lender.text)
  return { ...page, text }
}
