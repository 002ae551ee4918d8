import { describe, expect, it } from 'vitest'
import { codeOf } from '../../core/errors/index.ts'
import { crawl, type CrawledPage, type CrawlSummary, type JournalRow } from '../../node/crawl/index.ts'
import { runPipeline } from '../../schemas/pipeline/index.ts'
import { toHex } from '../../schemas/wire/index.ts'
import { World } from '../world/index.ts'
import { SimSite, SimWeb } from './index.ts'

/** Equal lanes of two sketches, of 128. */
function equalLanes(a: Uint8Array, b: Uint8Array): number {
  let equal = 0
  for (let lane = 0; lane < 512; lane += 4) if ([0, 1, 2, 3].every((i) => a[lane + i] === b[lane + i])) equal++
  return equal
}

async function crawlWorld(
  seed: number,
): Promise<{ pages: CrawledPage[]; rows: JournalRow[]; summary: CrawlSummary; web: SimWeb; ms: number }> {
  const world = new World({ seed })
  const web = new SimWeb({ clock: world.clock, site: new SimSite({ seed, hosts: 6, pagesPerHost: [10, 20], reservedHosts: 1 }) })
  const pages: CrawledPage[] = []
  const rows: JournalRow[] = []
  const whole = (async () => {
    const steps = crawl({
      web: web.view('c1'),
      clock: world.clock,
      seeds: web.site.hosts.map(({ name }) => `https://${name}/`),
      agentToken: 'Quern-sim',
      onJournal: (row) => rows.push(row),
    })
    let step = await steps.next()
    for (; step.done !== true; step = await steps.next()) pages.push(step.value)
    return step.value
  })()
  await world.run()
  return { pages, rows, summary: await whole, web, ms: world.ageMs }
}

describe('a simulated web', () => {
  it('is crawled like the real one: robots obeyed, reservations kept out, every other page a record', async () => {
    const { pages, summary, web } = await crawlWorld(1)
    const expected = web.site.hosts.filter(({ reserved }) => !reserved).reduce((sum, { pages: count }) => sum + count, 0)
    expect(pages.length).toBe(expected)
    expect(summary.kept).toBe(expected)
    expect(web.requests.filter(({ url }) => url.includes('/private/'))).toEqual([])
    expect(web.requests.filter(({ url }) => url.startsWith('https://h0.') && !/robots\.txt|tdmrep|ai\.txt/.test(url))).toEqual([])
    expect(new Set(pages.map(({ measured }) => measured.language))).toEqual(new Set(['en', 'de']))
  })

  it('replays from its seed, page for page and millisecond for millisecond', async () => {
    const [one, two, other] = [await crawlWorld(7), await crawlWorld(7), await crawlWorld(8)]
    expect(one.rows).toEqual(two.rows)
    expect(one.ms).toBe(two.ms)
    expect(one.pages.map(({ measured }) => toHex(measured.contentDigest))).toEqual(
      two.pages.map(({ measured }) => toHex(measured.contentDigest)),
    )
    expect(other.rows).not.toEqual(one.rows)
  })

  it('has texts of many lengths, good quality, in their languages, and no two alike', () => {
    const site = new SimSite({ seed: 3, hosts: 12, pagesPerHost: [12, 12] })
    const world = new World({ seed: 3 })
    const measured = site.hosts.flatMap(({ name, language, pages }) =>
      Array.from({ length: pages }, (_, i) => {
        const body = site.page(name, `/p/${i}`, 'usual') as Uint8Array
        const exchange = {
          url: `https://${name}/p/${i}`,
          status: 200,
          headers: [['content-type', 'text/html; charset=utf-8']] as [string, string][],
          requestHead: new Uint8Array(),
          responseHead: new Uint8Array(),
          body,
          fetchedAt: world.clock.now(),
          remoteAddress: null,
          truncated: false,
        }
        const result = runPipeline('web-page@1/1', exchange)
        if (!result.ok) throw new Error(result.error.code)
        expect(result.measured.language).toBe(language)
        return result.measured
      }),
    )
    const tokens = measured.map((one) => one.tokens).toSorted((a, b) => a - b)
    expect(tokens[0]).toBeLessThan(130)
    expect(tokens.at(-1)).toBeGreaterThan(600)
    expect(Math.min(...measured.map(({ quality }) => quality))).toBeGreaterThan(800_000)
    let closest = 0
    for (let i = 0; i < measured.length; i++)
      for (let j = 0; j < i; j++)
        closest = Math.max(closest, equalLanes(measured[i]?.sketch as Uint8Array, measured[j]?.sketch as Uint8Array))
    expect(closest).toBeLessThan(16)
  })

  it('changes between fetches about as often as its class says', () => {
    const site = new SimSite({ seed: 5, hosts: 3, pagesPerHost: [40, 40] })
    const changed = site.hosts.map(({ name }) => {
      let differing = 0
      for (let page = 0; page < 40; page++)
        for (let fetch = 0; fetch < 50; fetch++) {
          const [a, b] = [`a ${fetch}`, `b ${fetch}`].map((draw) => site.page(name, `/p/${page}`, draw))
          if (a !== b) differing++
        }
      return (differing * 100) / 2000
    })
    for (const [i, percent] of [1, 3, 10].entries()) {
      expect(changed[i]).toBeGreaterThan(percent * 0.6)
      expect(changed[i]).toBeLessThan(percent * 1.5)
    }
  })

  it('gives each view its own fetches and lets an override speak first', async () => {
    const world = new World({ seed: 1 })
    const web = new SimWeb({
      clock: world.clock,
      site: new SimSite({ seed: 1 }),
      latencyMs: [0, 0],
      override: ({ pathname }, view) => (pathname === '/p/1' && view === 'liar' ? { body: '<p>lies</p>' } : undefined),
    })
    const text = async (view: string, url: string): Promise<string> => new TextDecoder().decode((await web.view(view).get(url)).body)
    expect(await text('liar', 'https://h0.sim.test/p/1')).toBe('<p>lies</p>')
    expect(await text('honest', 'https://h0.sim.test/p/1')).toContain('<article>')
    expect((await web.view('x').get('https://h0.sim.test/nothing')).status).toBe(404)
    expect(
      await web
        .view('x')
        .get('https://h99.sim.test/')
        .then(() => '', codeOf),
    ).toBe('DNS')
    expect(
      await web
        .view('x')
        .get('ftp://h0.sim.test/')
        .then(() => '', codeOf),
    ).toBe('SCHEME_NOT_ALLOWED')
    const cut = await web.view('x').get('https://h0.sim.test/p/2', { maxBytes: 100 })
    expect([cut.body.length, cut.truncated]).toEqual([100, true])
  })
})
