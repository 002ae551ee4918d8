import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SampleSite, serveSampleSite } from '../../cli/sample-site/index.ts'
import { openWeb, type Web } from '../../core/web/index.ts'
import { parseFetchGroup, parseFetchGroups } from '../../schemas/evidence/index.ts'
import { MAX_RULE_CAPTURES, mayFetch, siteOfCaptures, trainDecision } from '../../schemas/permission/index.ts'
import { pipelines } from '../../schemas/pipeline/index.ts'
import { concatBytes, equalBytes } from '../../schemas/wire/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { crawl, type CrawledPage, crawlToFolder, type JournalRow } from './index.ts'

let site: SampleSite
let web: Web
const pages: CrawledPage[] = []
const rows: JournalRow[] = []
const crawlOf = (): Pick<Parameters<typeof crawl>[0], 'web' | 'clock' | 'agentToken' | 'seeds' | 'pace' | 'scope'> => ({
  web,
  clock: realClock,
  agentToken: 'Quern',
  seeds: site.urls,
  pace: { delayMs: 0 },
  scope: 'domain',
})

beforeAll(async () => {
  site = await serveSampleSite({ slowMs: 20 })
  web = await openWeb({
    clock: realClock,
    userAgent: 'Quern/0.1 (+mailto:test@example.org)',
    hosts: site.hosts,
    allowPrivate: site.allowPrivate,
  })
  for await (const page of crawl({ ...crawlOf(), onJournal: (row) => rows.push(row) })) pages.push(page)
})
afterAll(async () => {
  await web[Symbol.asyncDispose]()
  await site.close()
})

const pathsOf = (label: string): string[] =>
  site.requests.filter(({ host }) => host === `${label}.quern.test`).map(({ path: asked }) => decodeURI(asked))
const urls = (): string[] => pages.map(({ url }) => decodeURI(url).replace(/^http:\/\/(\w+)\.quern\.test:\d+/, '$1:'))

describe('the sample site, crawled with the whole domain in scope', () => {
  it('never sees a request for what robots.txt forbids', () => {
    const forbidden: Record<string, RegExp> = {
      docs: /^\/internal\/(?!changelog)|\.bak$/,
      shop: /^\/(cart|checkout|account)|[?&]sort=/,
      forum: /^\/(members\/|reply)/,
      news: /^\/archive\//,
      kitchen: /^\/drafts\//,
      closed: /^\/(?!robots\.txt)/,
      flaky: /^\/(?!robots\.txt)/,
    }
    for (const [label, pattern] of Object.entries(forbidden))
      expect(
        pathsOf(label).filter((asked) => pattern.test(asked)),
        label,
      ).toEqual([])
    for (const label of ['closed', 'flaky']) expect(pathsOf(label).length, label).toBeGreaterThan(0)
    expect(site.requests.every(({ userAgent }) => userAgent === 'Quern/0.1 (+mailto:test@example.org)')).toBe(true)
    expect(site.requests.some(({ host }) => host.startsWith('169.'))).toBe(false)
  })

  it('never keeps what is reserved from training, and does not even ask where the site says so for all', () => {
    expect(urls().filter((url) => /^press:|^news:\/letters|^blog:\/(manuscripts|notes)/.test(url))).toEqual([])
    expect(pathsOf('press').filter((asked) => !/robots\.txt|tdmrep|ai\.txt/.test(asked))).toEqual([])
    expect(pathsOf('blog').filter((asked) => asked.startsWith('/manuscripts'))).toEqual([])
    expect(rows.filter(({ outcome }) => outcome === 'TRAINING_DENIED').length).toBeGreaterThanOrEqual(6)
  })

  it('gives the pages that may be kept, in every language, near-duplicates with them and exact ones without', () => {
    expect(pages.length).toBeGreaterThan(150)
    expect(new Set(pages.map(({ measured }) => measured.language)).size).toBeGreaterThanOrEqual(14)
    expect(urls().filter((url) => url.includes('water-wheel')).length).toBe(2)
    expect(urls().filter((url) => url.includes('library-flood')).length).toBe(1)
    expect(urls()).toContain('docs:/internal/changelog')
    expect(urls()).toContain('docs:/torn')
  })

  it('names a reason for everything else', () => {
    const outcome = (target: string): string | undefined => rows.findLast(({ url }) => url === site.url(target))?.outcome
    expect(outcome('docs:/guide/nothing-here')).toBe('HTTP_STATUS')
    expect(outcome('docs:/press-kit.pdf')).toBe('NOT_HTML')
    expect(outcome('docs:/drawing.html')).toBe('NOT_HTML')
    expect(outcome('docs:/deep')).toBe('TOO_DEEP')
    expect(outcome('docs:/empty')).toBe('NO_CONTENT')
    expect(outcome('blog:/round/6')).toBe('TOO_MANY_REDIRECTS')
    expect(outcome('closed:/firing-log')).toBe('ROBOTS_DISALLOWED')
    expect(outcome('flaky:/')).toBe('ROBOTS_UNREACHABLE')
    expect(rows.filter(({ outcome: code, detail }) => code === 'TRAP' && detail === 'calendar').length).toBeGreaterThan(0)
    expect(rows.filter(({ outcome: code }) => /INTERNAL|BAD_RESPONSE|RESET/.test(code))).toEqual([])
  })

  it('proves every page: its evidence alone gives the record again, and the robots capture that allowed it', () => {
    for (const { url, measured, evidence, robots } of pages) {
      const { exchange, facts } = parseFetchGroup(concatBytes(...evidence.members))
      const again = pipelines.get('web-page@1/1')?.run(exchange)
      if (again?.ok !== true) throw new Error(`${url} gives no record again`)
      expect(equalBytes(again.measured.record, measured.record), url).toBe(true)
      const captures = parseFetchGroups(concatBytes(...(robots.evidence?.members ?? [])), MAX_RULE_CAPTURES)
      const read = siteOfCaptures(captures, new URL(url).origin, 'Quern')
      if (!read.ok) throw new Error(`${url}: not all rule files are in evidence`)
      expect([facts.robots?.recordId, facts.robots?.payloadDigest, facts.robots?.allowed]).toEqual([
        read.robots.responseId,
        read.robots.payloadDigest,
        true,
      ])
      expect(mayFetch(read.rules.robots.rules, 'Quern', url)).toMatchObject({ allowed: true, line: facts.robots?.line })
      expect(trainDecision({ url, agent: 'Quern', site: read.rules, headers: exchange.headers, html: null }).decision).not.toBe('deny')
    }
  })
})

describe('crawlToFolder', () => {
  it('writes three whole files, refuses to overwrite, and leaves nothing half-written when it fails', async () => {
    const out = await mkdtemp(path.join(tmpdir(), 'quern-crawl-'))
    try {
      const summary = await crawlToFolder({
        ...crawlOf(),
        out,
        scope: 'host',
        seeds: [site.url('kitchen:/'), site.url('blog:/')],
        warcinfo: [['software', 'quern/0.1']],
      })
      expect((await readdir(out)).toSorted()).toEqual(['evidence.warc.gz', 'frontier.log', 'journal.jsonl', 'records.jsonl.gz'])
      const records = gunzipSync(await readFile(summary.files.records.path))
        .toString()
        .trimEnd()
        .split('\n')
      expect(records.length).toBe(summary.kept)
      expect(JSON.parse(records[0] as string)).toHaveProperty('text')
      const journal = (await readFile(summary.files.journal.path, 'utf8')).trimEnd().split('\n')
      expect(journal.length).toBe(Object.values(summary.outcomes).reduce((sum, count) => sum + count, 0))
      const warc = gunzipSync(await readFile(summary.files.evidence.path)).toString('latin1')
      expect(warc).toMatch(/^WARC\/1\.1\r\nWARC-Type: warcinfo/)
      // two hosts with three rule files each
      expect(warc.match(/WARC-Type: response/g)?.length).toBe(summary.kept + 2 * 3)
      await expect(crawlToFolder({ ...crawlOf(), out })).rejects.toThrow(/there already/)
      await expect(crawlToFolder({ ...crawlOf(), out, overwrite: true, seeds: ['nonsense'] })).rejects.toThrow(/no seed/)
      expect((await readdir(out)).toSorted()).toEqual(['evidence.warc.gz', 'frontier.log', 'journal.jsonl', 'records.jsonl.gz'])
    } finally {
      await rm(out, { recursive: true })
    }
  })

  it('finishes with what it has when it is aborted', async () => {
    const out = await mkdtemp(path.join(tmpdir(), 'quern-crawl-'))
    const stop = new AbortController()
    try {
      let kept = 0
      const summary = await crawlToFolder({ ...crawlOf(), out, signal: stop.signal, onPage: () => void (++kept === 5 && stop.abort()) })
      expect(summary.aborted).toBe(true)
      const records = gunzipSync(await readFile(summary.files.records.path))
        .toString()
        .trimEnd()
        .split('\n')
      expect(records.length).toBeGreaterThanOrEqual(5)
    } finally {
      await rm(out, { recursive: true })
    }
  })

  it.each(['at once', 'later'])('throws what its taker throws (%s), although it was aborted by then', async (when) => {
    const out = await mkdtemp(path.join(tmpdir(), 'quern-crawl-'))
    const stop = new AbortController()
    let given = 0
    const onPage = (): Promise<void> => {
      given++
      stop.abort()
      if (when === 'at once') throw new Error('no room')
      return Promise.reject(new Error('no room'))
    }
    try {
      await expect(crawlToFolder({ ...crawlOf(), out, signal: stop.signal, onPage })).rejects.toThrow('no room')
      expect(given).toBe(1)
      // and left what it had taken, to be gone on with
      const { kept, isResumed } = await crawlToFolder({ ...crawlOf(), out })
      expect([kept > 1, isResumed]).toEqual([true, true])
    } finally {
      await rm(out, { recursive: true })
    }
  })
})
