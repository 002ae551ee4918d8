/** The evidence of a whole crawl as archivists' tools see it: warcio checks every digest, pywb's indexer finds every answer, its offsets lead to them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveSampleSite } from '../../cli/sample-site/index.ts'
import { openWeb } from '../../core/web/index.ts'
import { crawlToFolder, type FolderSummary, WorkerPool } from '../../node/index.ts'
import { realClock } from '../support/real-clock.ts'
import { findPython } from './python.ts'

const run = promisify(execFile)
const python = await findPython()
if (python === undefined) console.warn('No Python with warcio and cdxj-indexer: their test is left out, as SKIP_INTEROP=1 says.')

interface IndexLine {
  url: string
  status: string
  digest: string
  length: string
  offset: string
}

describe.runIf(python !== undefined)('the evidence of a crawl', () => {
  let folder: string
  let summary: FolderSummary

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'quern-crawl-warc-'))
    const site = await serveSampleSite({ slowMs: 1 })
    await using web = await openWeb({
      clock: realClock,
      userAgent: 'Quern/0.1 (+mailto:test@example.org)',
      hosts: site.hosts,
      allowPrivate: site.allowPrivate,
    })
    await using worker = new WorkerPool({ clock: realClock, size: 1 })
    const seeds = site.urls
    summary = await crawlToFolder({
      web,
      clock: realClock,
      agentToken: 'Quern',
      seeds,
      scope: 'domain',
      pace: { delayMs: 0 },
      out: path.join(folder, 'crawl'),
      worker,
    })
    await site.close()
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('passes warcio check', async () => {
    const { stdout } = await run(python as string, ['-m', 'warcio.cli', 'check', '-v', summary.files.evidence.path], {
      maxBuffer: 64 << 20,
    })
    // request, answer and metadata of each page, and of what was asked beside them
    expect(stdout.match(/digest pass/g)?.length).toBeGreaterThan(summary.kept * 3)
    expect(stdout).not.toContain('fail')
  })

  it('is indexed by cdxj-indexer: every page that was kept, at its place', async () => {
    const { stdout } = await run(python as string, ['-m', 'cdxj_indexer.main', '-s', summary.files.evidence.path], { maxBuffer: 64 << 20 })
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as IndexLine)
    const records = gunzipSync(await readFile(summary.files.records.path))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { url: string })
    expect(records).toHaveLength(summary.kept)
    const indexed = new Map(lines.filter(({ status }) => status === '200').map((line) => [line.url, line]))
    expect(records.filter(({ url }) => !indexed.has(url))).toEqual([])
    const evidence = await readFile(summary.files.evidence.path)
    for (const { url, digest, offset, length } of indexed.values()) {
      const record = gunzipSync(evidence.subarray(Number(offset), Number(offset) + Number(length))).toString('latin1')
      expect(record).toMatch(/^WARC\/1\.1\r\nWARC-Type: response\r\n/)
      expect(record).toContain(`WARC-Target-URI: ${url}\r\n`)
      expect(record).toContain(`WARC-Payload-Digest: ${digest}\r\n`)
    }
  })
})
