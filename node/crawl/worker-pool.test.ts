import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Exchange, requestHead, responseHead } from '../../schemas/evidence/index.ts'
import { noRules, siteOfTexts } from '../../schemas/permission/index.ts'
import { CURRENT_PIPELINE } from '../../schemas/pipeline/index.ts'
import { concatBytes, selectorSchema, utf8 } from '../../schemas/wire/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { gunzipSync } from 'node:zlib'
import { type PageJob, workPage, WorkerPool } from './index.ts'

const exchangeOf = (path_: string, body: string): Exchange => ({
  url: `http://a.example/${path_}`,
  status: 200,
  headers: [['Content-Type', 'text/html']],
  requestHead: requestHead(`http://a.example/${path_}`, []),
  responseHead: responseHead(200, 'OK', [['Content-Type', 'text/html']]),
  body: utf8(body),
  fetchedAt: 1_700_000_000_000,
  remoteAddress: null,
  truncated: false,
})
const article = (title: string): string =>
  `<title>${title}</title><article><p>A plain page called ${title} says ${title} in one plain sentence, and then stops saying it.</p></article><a href="/next">n</a>`
const jobOf = (exchange: Exchange, rules = noRules): PageJob => ({
  exchange,
  via: null,
  rules,
  fact: null,
  agentToken: 'Quern',
  pipeline: CURRENT_PIPELINE,
  qualityWeights: {},
  selectors: [],
  profile: 'standard',
  linksOnly: false,
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-threads-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A thread that answers every page with its path, and does `nuisance` first. */
async function script(name: string, nuisance: string): Promise<URL> {
  const file = path.join(folder, `${name}.mjs`)
  await writeFile(
    file,
    `import { parentPort } from 'node:worker_threads'
parentPort.on('message', ({ id, job }) => {
  if (job === undefined) return
  const place = new URL(job.exchange.url).pathname
  ${nuisance}
  const { requestHead, responseHead, body } = job.exchange
  parentPort.postMessage({ id, result: { outcome: place, links: [] }, links: "", bytes: { requestHead, responseHead, body } })
})
parentPort.postMessage({ ready: true })`,
  )
  return pathToFileURL(file)
}

/** As many pages lie ready in a thread behind the one that it works on. */
const BEHIND = ['behind-1', 'behind-2', 'behind-3']

describe('a worker pool', () => {
  it('gives what this thread would give, byte for byte, and brings the page’s bytes home', async () => {
    await using pool = new WorkerPool({ clock: realClock, size: 2 })
    const denied = siteOfTexts({ url: 'http://a.example/', robots: 'User-agent: *\nContent-Usage: /no train-ai=n\n' })
    const jobs = Array.from({ length: 40 }, (_, i) => [exchangeOf(`p${i}`, article(`page ${i}`)), i % 3 === 0 ? denied : noRules] as const)
    jobs.push([exchangeOf('no/1', article('reserved')), denied], [exchangeOf('empty', ''), noRules])
    const here = jobs.map(([exchange, rules]) => workPage(jobOf(structuredClone(exchange), rules)))
    const bodies = jobs.map(([exchange]) => exchange.body.slice())
    const there = await Promise.all(jobs.map(([exchange, rules]) => pool.work(jobOf(exchange, rules))))
    expect(there.map(({ outcome }) => outcome)).toEqual(here.map(({ outcome }) => outcome))
    expect(new Set(there.map(({ outcome }) => outcome))).toEqual(new Set(['KEPT', 'TRAINING_DENIED', 'NO_CONTENT']))
    there.forEach((result, i) => {
      const same = here[i]
      expect(result.links).toEqual(same?.links)
      expect(result.measured === undefined).toBe(same?.measured === undefined)
      if (result.measured === undefined || same?.measured === undefined) return
      expect(result.measured).toEqual(same.measured)
      expect(concatBytes(...result.evidence.members)).toEqual(concatBytes(...same.evidence.members))
      expect(new Uint8Array(gunzipSync(result.measured.packed))).toEqual(concatBytes(same.measured.record, utf8('\n')))
    })
    expect(jobs.map(([exchange]) => exchange.body)).toEqual(bodies)
  })

  it('gives all records of a page, under the schemas that each page comes with', async () => {
    await using pool = new WorkerPool({ clock: realClock, size: 1 })
    const schemaOf = (select: string) =>
      selectorSchema.parse({ name: 'shop', each: 'li', fields: [{ name: 'title', select: [select], type: 'string', required: true }] })
    const [titles, notes] = [[schemaOf('h2')], [schemaOf('p')]]
    const list = Array.from(
      { length: 9 },
      (_, i) => `<li><h2>Offer ${i} in a few plain words</h2><p>Note ${i} in a few plain words</p></li>`,
    )
    for (const selectors of [titles, titles, notes, titles]) {
      const job = { ...jobOf(exchangeOf('list', `<ul>${list.join('')}</ul>`)), pipeline: 'shop@1/1', selectors }
      const here = workPage(structuredClone(job))
      const there = await pool.work(job)
      if (here.measured === undefined || there.measured === undefined) throw new Error(`${here.outcome}, ${there.outcome}`)
      expect(there.more).toHaveLength(8)
      expect([there.measured, ...there.more]).toEqual([here.measured, ...here.more])
      for (const one of [there.measured, ...there.more])
        expect(new Uint8Array(gunzipSync(one.packed))).toEqual(concatBytes(one.record, utf8('\n')))
      expect(concatBytes(...there.evidence.members)).toEqual(concatBytes(...here.evidence.members))
      expect(new Set([there.measured, ...there.more].flatMap(({ record, sketch }) => [record.buffer, sketch.buffer])).size).toBe(1)
    }
  })

  it('fails the page on which a thread dies, has those behind it fetched again, and goes on with a new thread', async () => {
    const url = await script('dies', `if (place === '/die') process.exit(1)`)
    await using pool = new WorkerPool({ clock: realClock, size: 1, script: url })
    const outcomes = await Promise.all(
      ['a', 'die', ...BEHIND, 'b', 'c'].map(async (name) => (await pool.work(jobOf(exchangeOf(name, 'x')))).outcome),
    )
    expect(outcomes).toEqual(['/a', 'WORKER_FAILED', ...BEHIND.map(() => 'WORKER_LOST'), '/b', '/c'])
    expect(pool.size).toBe(1)
  })

  it('survives an exception nobody caught, and one that its own code throws', async () => {
    const url = await script(
      'throws',
      `if (place === '/throw') throw new Error('no'); if (place === '/later') setTimeout(() => { throw new Error('late') })`,
    )
    await using pool = new WorkerPool({ clock: realClock, size: 1, script: url })
    expect((await pool.work(jobOf(exchangeOf('throw', 'x')))).outcome).toBe('WORKER_FAILED')
    expect((await pool.work(jobOf(exchangeOf('later', 'x')))).outcome).toBe('/later')
    await using own = new WorkerPool({ clock: realClock, size: 1 })
    const broken = { ...jobOf(exchangeOf('p', article('p'))), rules: { ...noRules, robots: 7 as never } }
    expect((await own.work(broken)).outcome).toBe('WORKER_FAILED')
    expect((await own.work(jobOf(exchangeOf('q', article('q'))))).outcome).toBe('KEPT')
  })

  it('ends a thread that does not come back from a page', async () => {
    const url = await script('hangs', `if (place === '/hang') for (;;);`)
    await using pool = new WorkerPool({ clock: realClock, size: 1, script: url, pageMs: 300 })
    const outcomes = await Promise.all(
      ['hang', ...BEHIND, 'b'].map(async (name) => (await pool.work(jobOf(exchangeOf(name, 'x')))).outcome),
    )
    expect(outcomes).toEqual(['WORKER_TIMEOUT', ...BEHIND.map(() => 'WORKER_LOST'), '/b'])
  })

  it('lets no page wait for a thread that never loads', async () => {
    const file = path.join(folder, 'loads-for-ever.mjs')
    await writeFile(file, 'for (;;);')
    await using pool = new WorkerPool({ clock: realClock, size: 1, script: pathToFileURL(file), loadMs: 300 })
    expect((await pool.work(jobOf(exchangeOf('a', 'x')))).outcome).toBe('WORKER_LOST')
  })

  it('counts no time of a page that its thread took to load', async () => {
    let now = 0
    const clock = { ...realClock, now: () => now, sleep: () => new Promise<void>((done) => setImmediate(done)) }
    await using pool = new WorkerPool({ clock, size: 1, script: await script('loads', ''), pageMs: 1000 })
    const worked = pool.work(jobOf(exchangeOf('a', 'x')))
    now = 5000
    expect((await worked).outcome).toBe('/a')
  })

  it('works in this thread when none of its own can live', async () => {
    await using pool = new WorkerPool({ clock: realClock, size: 1, script: await script('never', 'process.exit(1)') })
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => (await pool.work(jobOf(exchangeOf(`${i}`, article(`page ${i}`))))).outcome),
    )
    expect(new Set(outcomes)).toEqual(new Set(['WORKER_FAILED', 'WORKER_LOST', 'KEPT']))
    expect((await pool.work(jobOf(exchangeOf('more', article('more'))))).outcome).toBe('KEPT')
  })
})
