/** `quern crawl` over real manuals of two hosts, killed five times without a warning: the folder ends as if nothing had happened, and proves itself to others' tools. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMember } from '../../schemas/evidence/gzip.ts'
import { type ParsedFetch, parseFetchGroup } from '../../schemas/evidence/index.ts'
import { CURRENT_PIPELINE, recordsOf, runPipeline } from '../../schemas/pipeline/index.ts'
import { areInstalled, type Manuals, serveManuals } from './manuals.ts'
import { findPython } from './python.ts'

const python = findPython()
const isReady = areInstalled() && python !== undefined
if (!isReady) console.warn('The manuals or Python with its tools are not installed: this test is left out, as SKIP_REAL=1 says.')

const NAMES = ['sqlite.quern.test', 'en.httpd.quern.test']
const KILLS = 5
const run = promisify(execFile)

describe.runIf(isReady)('a crawl of real manuals that is killed', () => {
  let base: string
  let manuals: Manuals
  let whole: string
  let killed: string
  /** Journal lines of the whole crawl that say KEPT. */
  let total = 0
  /** What each process of the killed one kept, as far as it could say so. */
  const toldBy: number[] = []

  beforeAll(async () => {
    base = await mkdtemp(path.join(os.tmpdir(), 'quern-crawl-real-'))
    manuals = await serveManuals(path.join(base, 'nginx'))
    whole = path.join(base, 'whole')
    killed = path.join(base, 'killed')
    total = await crawlInto(whole)
    for (let kill = 1; kill <= KILLS; kill++) toldBy.push(await crawlInto(killed, Math.ceil(total / (KILLS + 1))))
    toldBy.push(await crawlInto(killed))
  }, 860_000)
  afterAll(async () => {
    await manuals?.[Symbol.asyncDispose]()
    await rm(base, { recursive: true, force: true })
  })

  /** Runs the command to its end, or until it has kept so many pages; gives how many it kept. */
  async function crawlInto(out: string, killAt = Number.POSITIVE_INFINITY): Promise<number> {
    const seeds = manuals.seeds.filter((seed) => NAMES.includes(new URL(seed).hostname))
    const hosts = NAMES.map((name) => `${name}=127.0.0.1`).join(',')
    const options = `--hosts ${hosts} --allow-private ${manuals.allowPrivate.join(',')} --delay 0 --max-pages 5000 --workers 2 --json --contact mailto:test@example.org`
    const main = path.resolve(import.meta.dirname, '../../cli/main.ts')
    const child: ChildProcess = spawn(process.execPath, [main, 'crawl', ...seeds, '--out', out, ...options.split(' ')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, QUERN_HOME: path.join(base, 'home') },
    })
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    let kept = 0
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
      if ((JSON.parse(line) as { outcome?: string }).outcome === 'KEPT' && ++kept >= killAt) child.kill('SIGKILL')
    expect(await ended).toBe(killAt === Number.POSITIVE_INFINITY ? 0 : null)
    return kept
  }

  const recordsIn = async (out: string): Promise<string[]> =>
    gunzipSync(await readFile(path.join(out, 'records.jsonl.gz')), { maxOutputLength: 1 << 30 })
      .toString()
      .trimEnd()
      .split('\n')
      .toSorted()

  it('keeps the records of one that was left in peace, though every process was stopped in the middle', async () => {
    const expected = await recordsIn(whole)
    expect(expected).toHaveLength(total)
    expect(total).toBeGreaterThan(800)
    expect(new Set(expected.map((line) => new URL((JSON.parse(line) as { url: string }).url).hostname))).toEqual(new Set(NAMES))
    expect(await recordsIn(killed)).toEqual(expected)
    expect(toldBy).toHaveLength(KILLS + 1)
    // each went on: none but the first had to begin at the start, and the last had not everything left to do
    expect(toldBy.at(-1)).toBeLessThan(total / 2)
  })

  it('replays each record from the evidence of its page, byte for byte', async () => {
    const replayed: string[] = []
    const wanted = new Set((await recordsIn(killed)).map((line) => (JSON.parse(line) as { url: string }).url))
    for (const { exchange } of fetchesIn(new Uint8Array(await readFile(path.join(killed, 'evidence.warc.gz'))))) {
      if (exchange.status !== 200 || !wanted.has(exchange.url)) continue
      const result = runPipeline(CURRENT_PIPELINE, exchange)
      if (result.ok) replayed.push(...recordsOf(result).map(({ record }) => new TextDecoder().decode(record)))
    }
    expect(replayed.toSorted()).toEqual(await recordsIn(killed))
  })

  it('passes warcio check, and cdxj-indexer finds every page', async () => {
    const evidence = path.join(killed, 'evidence.warc.gz')
    const { stdout: checked } = await run(python as string, ['-m', 'warcio.cli', 'check', '-v', evidence], { maxBuffer: 256 << 20 })
    expect(checked.match(/digest pass/g)?.length).toBeGreaterThan(total * 3)
    expect(checked).not.toContain('fail')
    const { stdout } = await run(python as string, ['-m', 'cdxj_indexer.main', '-s', evidence], { maxBuffer: 256 << 20 })
    const lines = stdout.trim().split('\n')
    const indexed = new Set(lines.map((line) => (JSON.parse(line.slice(line.indexOf('{'))) as { url: string }).url))
    const urls = (await recordsIn(killed)).map((line) => (JSON.parse(line) as { url: string }).url)
    expect(urls.filter((url) => !indexed.has(url))).toEqual([])
  })
})

/** Every fetch in a file of evidence, in its order. */
function* fetchesIn(file: Uint8Array): Generator<ParsedFetch> {
  for (let at = 0; at < file.byteLength; ) {
    const first = readMember(file, at, 64 << 20)
    let { end } = first
    if (!new TextDecoder().decode(first.bytes.subarray(0, 200)).includes('WARC-Type: warcinfo')) {
      for (let more = 0; more < 2; more++) ({ end } = readMember(file, end, 64 << 20))
      yield parseFetchGroup(file.subarray(at, end))
    }
    at = end
  }
}
