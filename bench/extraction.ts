/** Main text of labelled pages: ours, Mozilla's Readability and Defuddle on the same pages, F1 and CPU: `ARCHIVE` (.tar.xz or a folder). */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { decodeHtml } from '../schemas/pipeline/index.ts'
import { extractWebPage } from '../schemas/web-page/index.ts'

/** What a run must reach; beyond it the process exits 1. */
const LEAST_F1 = 0.93
const MOST_MEAN_MS = 8
const MOST_MS = 300

/** The others, in the versions that the figures of docs/BENCHMARKS.md are of. */
const PEERS = ['@mozilla/readability@0.6.0', 'linkedom@0.18.15', 'defuddle@0.19.4']

interface Page {
  url: string
  html: string
  /** Segments that the main text must hold, and those that it must not. */
  with: string[]
  without: string[]
}
type Extractor = (html: string, url: string) => string | Promise<string>

const archive = process.argv[2]
if (archive === undefined || !existsSync(archive)) {
  console.error(
    archive === undefined ? 'No archive was named, so nothing was measured.' : `There is no ${archive}, so nothing was measured.`,
    '\nIt holds `expected.json` (url -> {file, with, without}) and `pages/`, as the evaluation set of trafilatura can be written.',
  )
  process.exitCode = archive === undefined ? 0 : 2
} else await measureAll(archive)

async function measureAll(source: string): Promise<void> {
  const say = console.error
  const pages = readPages(source)
  const kib = pages.reduce((sum, { html }) => sum + Buffer.byteLength(html), 0) / pages.length / 1024
  console.log(`${pages.length} pages of ${kib.toFixed(0)} KiB`)
  console.log(`${'extractor'.padEnd(26)}    F1     P     R  empty   CPU ms/page  p95   max`)
  const ours = await measure('ours, the whole record', pages, (html, url) => extractWebPage(html, url).record.text)
  for (const [name, extract] of await peers()) await measure(name, pages, extract)
  const missed = [
    ours.f1 < LEAST_F1 && `F1 is below ${LEAST_F1}`,
    ours.mean > MOST_MEAN_MS && `a page takes more than ${MOST_MEAN_MS} ms`,
    ours.max > MOST_MS && `one page takes more than ${MOST_MS} ms`,
  ].filter((said) => said !== false)
  console.error = say
  for (const said of missed) console.error(`missed: ${said}`)
  if (missed.length > 0) process.exitCode = 1
}

function readPages(source: string): Page[] {
  const isFolder = statSync(source).isDirectory()
  const folder = isFolder ? source : mkdtempSync(path.join(os.tmpdir(), 'quern-extraction-'))
  try {
    if (!isFolder) execFileSync('tar', ['-xf', source, '-C', folder])
    const root = existsSync(path.join(folder, 'expected.json')) ? folder : path.join(folder, readdirSync(folder)[0] as string)
    const expected = JSON.parse(readFileSync(path.join(root, 'expected.json'), 'utf8')) as Record<string, Page & { file: string }>
    return Object.entries(expected).map(([url, page]) => ({
      // a few pages have no address, only a label
      url: /^https?:/.test(url) ? new URL(url).href.replace(/#.*/, '') : 'http://page.example/',
      html: decodeHtml(new Uint8Array(readFileSync(path.join(root, 'pages', page.file))), null).text,
      with: page.with.map(oneLine),
      without: page.without.map(oneLine),
    }))
  } finally {
    if (!isFolder) rmSync(folder, { recursive: true })
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Segments found or missed over all pages (micro-average), and CPU milliseconds of each page. */
async function measure(name: string, pages: Page[], extract: Extractor): Promise<{ f1: number; mean: number; max: number }> {
  const attempt = async ({ html, url }: Page): Promise<string> => {
    try {
      return await extract(html, url)
    } catch {
      return ''
    }
  }
  // a few pages first, or the compiler's work would be counted
  for (const page of pages.slice(0, 60)) await attempt(page)
  let [right, wrong, missed, empty] = [0, 0, 0, 0]
  const times: number[] = []
  for (const page of pages) {
    const before = process.cpuUsage()
    const raw = await attempt(page)
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
    const text = oneLine(raw)
    if (text === '') empty++
    for (const segment of page.with) {
      if (text.includes(segment)) right++
      else missed++
    }
    wrong += page.without.filter((segment) => text.includes(segment)).length
  }
  const [precision, recall] = [right / (right + wrong), right / (right + missed)]
  const f1 = (2 * precision * recall) / (precision + recall)
  const sorted = times.toSorted((a, b) => a - b)
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
  const [p95, max] = [sorted[Math.floor(sorted.length * 0.95)] as number, sorted.at(-1) as number]
  const [f, p, r] = [f1, precision, recall].map((value) => value.toFixed(3))
  console.log(
    `${name.padEnd(26)} ${f} ${p} ${r}  ${String(empty).padStart(5)}   ${mean.toFixed(1).padStart(11)} ${p95.toFixed(0).padStart(4)} ${max.toFixed(0).padStart(5)}`,
  )
  return { f1, mean, max }
}

/** Installed once into a folder of the temporary directory: no one but this file needs them. */
async function peers(): Promise<[name: string, extract: Extractor][]> {
  const folder = path.join(os.tmpdir(), 'quern-extraction-peers')
  const done = path.join(folder, 'done')
  if (!existsSync(done) || readFileSync(done, 'utf8') !== PEERS.join(' ')) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), '{"private":true}')
    try {
      execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', '--ignore-scripts', ...PEERS], {
        cwd: folder,
        stdio: 'inherit',
      })
    } catch {
      console.error('The other extractors could not be installed: ours stands alone.')
      return []
    }
    writeFileSync(done, PEERS.join(' '))
  }
  const load = async (file: string): Promise<unknown> => import(pathToFileURL(path.join(folder, 'node_modules', file)).href)
  const { parseHTML } = (await load('linkedom/esm/index.js')) as { parseHTML: (html: string) => { document: object } }
  const { default: mozilla } = (await load('@mozilla/readability/index.js')) as {
    default: { Readability: new (document: object) => { parse(): { textContent: string } | null } }
  }
  const { Defuddle } = (await load('defuddle/dist/node.js')) as {
    Defuddle: (document: object, url: string) => Promise<{ content: string }>
  }
  return [
    ['readability, linkedom', (html) => new mozilla.Readability(parseHTML(html).document).parse()?.textContent ?? ''],
    [
      'defuddle, linkedom',
      async (html, url) => {
        // it writes an error for every page with broken JSON-LD
        console.error = () => {}
        const { content } = await Defuddle(parseHTML(html).document, url)
        return textOf(parseHTML(`<html><body>${content}</body></html>`).document)
      },
    ],
  ]
}

/** Text with a space at every block: what the segments of a page expect between two of them. */
function textOf(document: object): string {
  const walk = (node: { nodeType: number; nodeName: string; nodeValue: string; childNodes: Iterable<never> }): string =>
    node.nodeType === 3
      ? node.nodeValue
      : `${[...node.childNodes].map(walk).join('')}${/^(P|DIV|LI|TR|TD|H\d|BR|UL|OL|BLOCKQUOTE|PRE)$/.test(node.nodeName) ? ' ' : ''}`
  return walk((document as { body: never }).body)
}
