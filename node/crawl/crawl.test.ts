import { describe, expect, it } from 'vitest'
import { FatalError, RetryableError } from '../../core/errors/index.ts'
import { SimSite, SimWeb, type SimAnswer } from '../../sim/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { crawl, type CrawledPage, type CrawlOptions, type CrawlSummary, type JournalRow, type PageWorker, workPage } from './index.ts'

type Table = Record<string, SimAnswer | Error | ((visit: number) => SimAnswer | Error)>

const html = (title: string, ...links: string[]): SimAnswer => ({
  headers: [['Content-Type', 'text/html']],
  body: `<title>${title}</title><article><h1>${title}</h1><p>The page called ${title} says in one plain sentence what ${title} is about, and then it says it again with ${title} in the middle of it.</p></article>${links.map((link) => `<a href="${link}">x</a>`).join('')}`,
})
const text = (body: string): SimAnswer => ({ headers: [['Content-Type', 'text/plain']], body })
const status = (code: number, ...headers: [string, string][]): SimAnswer => ({ status: code, headers, body: '' })
const to = (location: string): SimAnswer => status(302, ['Location', location])

interface Ran {
  pages: CrawledPage[]
  rows: JournalRow[]
  summary: CrawlSummary
  requests: { url: string; at: number }[]
  outcome: (url: string) => string | undefined
}

/** A web of exactly these answers; what is missing is a 404. */
async function run(table: Table, options: Partial<CrawlOptions> = {}, latencyMs: [number, number] = [10, 10]): Promise<Ran> {
  const world = new World({ seed: 1 })
  const visits = new Map<string, number>()
  const web = new SimWeb({
    clock: world.clock,
    site: new SimSite({ seed: 1, hosts: 0 }),
    latencyMs,
    override: ({ href }) => {
      const visit = (visits.get(href) ?? 0) + 1
      visits.set(href, visit)
      const answer = table[href]
      return typeof answer === 'function' ? answer(visit) : (answer ?? status(404))
    },
  })
  const pages: CrawledPage[] = []
  const rows: JournalRow[] = []
  const whole = (async () => {
    const steps = crawl({
      web: web.view('c'),
      clock: world.clock,
      seeds: ['http://a.example/'],
      agentToken: 'Quern',
      onJournal: (row) => rows.push(row),
      ...options,
    })
    let step = await steps.next()
    for (; step.done !== true; step = await steps.next()) pages.push(step.value)
    return step.value
  })()
  await Promise.race([world.run(), whole.catch(() => {})])
  const summary = await whole
  const outcome = (url: string): string | undefined => rows.findLast((row) => row.url === url)?.outcome
  return { pages, rows, summary, requests: web.requests, outcome }
}

describe('robots.txt', () => {
  const page = html('start', '/closed/x', '/open')
  const site = { 'http://a.example/': page, 'http://a.example/open': html('open'), 'http://a.example/closed/x': html('closed') }
  const forbidden = ({ requests }: Ran): string[] => requests.map(({ url }) => url).filter((url) => url.includes('/closed/'))

  it('is asked first, obeyed, and captured as evidence', async () => {
    const ran = await run({ ...site, 'http://a.example/robots.txt': text('User-agent: *\nDisallow: /closed/\n') })
    expect(ran.requests[0]?.url).toBe('http://a.example/robots.txt')
    expect(forbidden(ran)).toEqual([])
    expect(ran.outcome('http://a.example/closed/x')).toBe('ROBOTS_DISALLOWED')
    expect(ran.rows.find((row) => row.outcome === 'ROBOTS_DISALLOWED')?.detail).toBe('robots.txt line 2: Disallow: /closed/')
    expect(ran.pages.map(({ url }) => url)).toEqual(['http://a.example/', 'http://a.example/open'])
    expect(ran.pages[0]?.robots).toBe(ran.pages[1]?.robots)
    expect(new TextDecoder().decode(ran.pages[0]?.robots.exchange?.body)).toContain('Disallow: /closed/')
    expect(ran.requests.filter(({ url }) => url.endsWith('/robots.txt')).length).toBe(1)
  })

  it('opens everything with 4xx and closes everything with 5xx, 429, silence or a bomb', async () => {
    expect((await run({ ...site, 'http://a.example/robots.txt': status(403) })).summary.kept).toBe(3)
    for (const answer of [
      status(503),
      status(500),
      status(429),
      new RetryableError('TIMEOUT', 'no'),
      new FatalError('BODY_TOO_LARGE', 'a bomb'),
      new FatalError('BAD_RESPONSE', 'garbage'),
    ]) {
      const ran = await run({ ...site, 'http://a.example/robots.txt': answer })
      expect(ran.summary.fetched).toBe(0)
      expect(ran.outcome('http://a.example/')).toBe('ROBOTS_UNREACHABLE')
    }
  })

  it('is followed over five redirects, also to another host, and no further', async () => {
    const chain = (length: number): Table =>
      Object.fromEntries(
        Array.from({ length }, (_, i) => [
          i === 0 ? 'http://a.example/robots.txt' : `http://b.example/r${i}`,
          to(`http://b.example/r${i + 1}`),
        ]),
      )
    const rules = {
      'http://b.example/r5': text('User-agent: *\nDisallow: /closed/'),
      'http://b.example/r6': text('User-agent: *\nDisallow: /'),
    }
    const five = await run({ ...site, ...chain(5), ...rules })
    expect(forbidden(five)).toEqual([])
    expect(five.pages[0]?.robots.exchange?.url).toBe('http://b.example/r5')
    const six = await run({ ...site, ...rules, ...chain(6) })
    expect(six.requests.some(({ url }) => url.endsWith('/r6'))).toBe(false)
    expect(six.summary.kept).toBe(3)
  })

  it('is asked for again after a day, with the other rules', async () => {
    const hours = 3600 * 1000
    const ran = await run(
      { ...site, 'http://a.example/robots.txt': text('User-agent: *\nDisallow: /closed/\n') },
      { pace: { delayMs: 9 * hours } },
    )
    const asked = (path: string): number => ran.requests.filter(({ url }) => url === `http://a.example${path}`).length
    // before each of the three pages: at nine hours a request, four requests take longer than a day
    expect([asked('/robots.txt'), asked('/.well-known/tdmrep.json'), asked('/ai.txt')]).toEqual([3, 3, 3])
    expect(ran.pages[0]?.robots).not.toBe(ran.pages[1]?.robots)
  })

  it('is read for our own token, and its first 500 KiB only', async () => {
    const own = await run({
      ...site,
      'http://a.example/robots.txt': text('User-agent: *\nDisallow: /\n\nUser-agent: quern\nDisallow: /closed/'),
    })
    expect(own.summary.kept).toBe(2)
    const line = `User-agent: *\nDisallow: /closed/\nX: ${'y'.repeat(10 << 20)}\nDisallow: /`
    const long = await run({ ...site, 'http://a.example/robots.txt': text(line) })
    expect(long.summary.kept).toBe(2)
    expect(long.pages[0]?.robots.exchange?.truncated).toBe(true)
  })
})

describe('training reservations', () => {
  it('are honoured wherever they stand: what is reserved is never kept, what is reserved for the site is never asked for', async () => {
    const reservedPage = html('meta')
    const ran = await run({
      'http://a.example/robots.txt': text('User-agent: *\nContent-Signal: ai-train=yes\nContent-Usage: /no/ train-ai=n\n'),
      'http://a.example/.well-known/tdmrep.json': text('[{"location":"/mined/*","tdm-reservation":1}]'),
      'http://a.example/': html('start', '/no/1', '/mined/1', '/header', '/meta', '/open'),
      'http://a.example/no/1': html('no'),
      'http://a.example/mined/1': html('mined'),
      'http://a.example/header': {
        ...html('header'),
        headers: [
          ['Content-Type', 'text/html'],
          ['TDM-Reservation', '1'],
        ],
      },
      'http://a.example/meta': { ...reservedPage, body: `<meta name="robots" content="noai">${reservedPage.body as string}` },
      'http://a.example/open': html('open'),
    })
    expect(ran.pages.map(({ url }) => url)).toEqual(['http://a.example/', 'http://a.example/open'])
    for (const path of ['no/1', 'mined/1', 'header', 'meta']) expect(ran.outcome(`http://a.example/${path}`)).toBe('TRAINING_DENIED')
    expect(ran.requests.filter(({ url }) => /\/(no|mined)\//.test(url))).toEqual([])
  })

  it('that nobody made are taken by the profile', async () => {
    const table = { 'http://a.example/': html('start') }
    expect((await run(table, { profile: 'standard' })).summary.outcomes.KEPT).toBe(1)
    expect((await run(table, { profile: 'strict' })).summary.outcomes).toEqual({ ROBOTS: 1, TDMREP: 1, AI_TXT: 1, TRAINING_UNKNOWN: 1 })
    // a sign against it counts for those who want a permission, whoever it was made to
    const yes = 'User-agent: *\nContent-Signal: ai-train=yes\n'
    const marked = { ...html('start'), headers: [...(html('start').headers ?? []), ['X-Robots-Tag', 'noimageai']] as [string, string][] }
    for (const [robots, page, strict] of [
      [yes, html('start'), 'KEPT'],
      [yes, marked, 'TRAINING_UNKNOWN'],
      [`${yes}\nUser-agent: GPTBot\nDisallow: /\n`, html('start'), 'TRAINING_UNKNOWN'],
    ] as const) {
      const site = { 'http://a.example/robots.txt': text(robots), 'http://a.example/': page }
      expect((await run(site, { profile: 'standard' })).outcome('http://a.example/')).toBe('KEPT')
      expect((await run(site, { profile: 'strict' })).outcome('http://a.example/'), robots).toBe(strict)
    }
  })
})

describe('pace', () => {
  const site = (host: string, count: number): Table =>
    Object.fromEntries([
      [`http://${host}/`, html(`${host} start`, ...Array.from({ length: count }, (_, i) => `/p${i}`))],
      ...Array.from({ length: count }, (_, i) => [`http://${host}/p${i}`, html(`${host} page ${i}`)] as const),
    ])
  const gaps = ({ requests }: Ran, host: string): number[] => {
    const times = requests.filter(({ url }) => url.startsWith(`http://${host}/`)).map(({ at }) => at)
    return times.slice(1).map((at, i) => at - (times[i] as number))
  }

  it('keeps the delay between any two requests to a host, robots.txt included, and hosts run side by side', async () => {
    const ran = await run({ ...site('a.example', 4), ...site('b.example', 4) }, { seeds: ['http://a.example/', 'http://b.example/'] })
    expect(ran.summary.kept).toBe(10)
    for (const host of ['a.example', 'b.example']) expect(Math.min(...gaps(ran, host))).toBeGreaterThanOrEqual(1000)
    expect(ran.summary.endedAt - ran.summary.startedAt).toBeLessThan(7500)
  })

  it('asks a site for its rules where paths opted out that their names match', async () => {
    const out = (url: string, what: 'page' | 'rules'): string | undefined =>
      what === 'page' && /\.(txt|json)$/.test(url) ? 'entry 1: a.example /*.txt' : undefined
    const ran = await run({ ...site('a.example', 2), 'http://a.example/p0': html('p0', '/notes.txt') }, { optedOut: out })
    expect(ran.summary.kept).toBe(3)
    expect(ran.requests.map(({ url }) => url)).toContain('http://a.example/robots.txt')
    expect(ran.outcome('http://a.example/notes.txt')).toBe('OPTED_OUT')
  })

  describe('of a host that keeps other sites’ licences', () => {
    const licence = 'http://rsl.example/free.xml'
    const free = text(
      '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><permits type="usage">ai-train</permits></license></content></rsl>',
    )
    const seeds = ['a', 'b', 'c', 'd'].map((name) => `http://${name}.example/`)
    const naming = (of: (i: number) => string): Table =>
      Object.assign(
        {},
        ...seeds.map((seed, i) => ({ ...site(new URL(seed).host, 1), [`${seed}robots.txt`]: text(`License: ${of(i)}\n`) })),
      ) as Table

    it('is kept as well, and one document that all name is asked for once in half a day', async () => {
      const one = await run({ ...naming(() => licence), [licence]: free }, { seeds })
      expect(one.summary.kept).toBe(8)
      expect(one.requests.filter(({ url }) => url === licence)).toHaveLength(1)
      expect(one.pages.every(({ training }) => training.decision === 'allow')).toBe(true)
      const each = (i: number): string => `http://rsl.example/${i}.xml`
      const many = await run({ ...naming(each), ...Object.fromEntries(seeds.map((_, i) => [each(i), free])) }, { seeds })
      expect(many.summary.kept).toBe(8)
      expect(gaps(many, 'rsl.example')).toHaveLength(3)
      expect(Math.min(...gaps(many, 'rsl.example'))).toBeGreaterThanOrEqual(1000)
    })

    it('is left alone where it opted out: what it would have said is unknown, so nothing is taken', async () => {
      const out = (url: string): string | undefined => (url.startsWith('http://rsl.example/') ? 'entry 1: rsl.example' : undefined)
      const ran = await run({ ...naming(() => licence), [licence]: free }, { seeds, optedOut: out })
      expect(ran.requests.filter(({ url }) => url === licence)).toEqual([])
      expect(ran.summary).toMatchObject({ kept: 0, outcomes: { RULES_UNREACHABLE: 4 } })
    })
  })

  it('waits longer for a host that asks, and for one that is slow', async () => {
    const asked = await run({ ...site('a.example', 3), 'http://a.example/robots.txt': text('User-agent: *\nCrawl-delay: 9') })
    expect(Math.min(...gaps(asked, 'a.example'))).toBeGreaterThanOrEqual(9000)
    const slow = await run(site('a.example', 3), {}, [2000, 2000])
    expect(Math.min(...gaps(slow, 'a.example'))).toBeGreaterThanOrEqual(12_000)
  })

  it('rests as long as a busy host says, tries again, and leaves it when the rest is too long', async () => {
    const busy = (after: string): Table => ({
      ...site('a.example', 2),
      'http://a.example/p0': (visit) => (visit === 1 ? status(429, ['Retry-After', after]) : html('late')),
    })
    const patient = await run(busy('120'))
    expect(patient.summary.kept).toBe(3)
    expect(Math.max(...gaps(patient, 'a.example'))).toBeGreaterThanOrEqual(120_000)
    const impatient = await run(busy('86400'))
    expect(impatient.summary.outcomes.HOST_GIVEN_UP).toBe(1)
    expect(impatient.summary.kept).toBe(1)
  })

  it('takes the wait for a free request for nobody’s slowness', async () => {
    const table = { ...site('b.example', 3), 'http://b.example/robots.txt': status(404) }
    const slow = Object.entries(table).map(([url, answer]) => [url, { ...answer, latencyMs: 5000 }] as const)
    const seeds = ['http://a.example/', 'http://b.example/']
    const { rows, summary } = await run({ ...site('a.example', 60), ...Object.fromEntries(slow) }, { seeds, limits: { requests: 1 } })
    expect(summary.kept).toBe(65)
    expect(new Set(rows.filter(({ host }) => host === 'a.example').map(({ ms }) => ms))).toEqual(new Set([10]))
  })

  it('asks a host that was given up for nothing more, also where another one goes on linking to it', async () => {
    const links = Array.from({ length: 12 }, (_, i) => [`/p${i}`, `http://b.example/p${i}`]).flat()
    const ran = await run(
      {
        ...site('a.example', 12),
        'http://a.example/': html('start', ...links.slice(0, 2)),
        ...Object.fromEntries(
          Array.from({ length: 12 }, (_, i) => [`http://a.example/p${i}`, html(`page ${i}`, ...links.slice(2 * i, 2 * i + 4))]),
        ),
        'http://b.example/p0': status(429, ['Retry-After', '86400']),
      },
      { scope: 'any' },
    )
    expect(ran.summary).toMatchObject({ kept: 13, outcomes: { HOST_GIVEN_UP: 1 } })
    expect(ran.requests.filter(({ url }) => /^http:\/\/b.example\/p/.test(url)).map(({ url }) => url)).toEqual(['http://b.example/p0'])
  })

  it('gives a page three tries and a host five failures', async () => {
    const down = new RetryableError('RESET', 'gone')
    const page = await run({ ...site('a.example', 3), 'http://a.example/p1': down })
    expect(page.requests.filter(({ url }) => url.endsWith('/p1')).length).toBe(3)
    expect(page.summary.kept).toBe(3)
    const host = await run({
      ...site('a.example', 9),
      ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`http://a.example/p${i}`, down])),
    })
    expect(host.summary.outcomes).toMatchObject({ RESET: 5, HOST_GIVEN_UP: 1 })
  })
})

describe('pages that other threads work on', () => {
  /** Each page is done only when the one after it is. */
  function backwards(...paths: string[]): PageWorker {
    const done = new Map(paths.map((one) => [one, Promise.withResolvers<void>()]))
    return {
      isElsewhere: true,
      work: async (job) => {
        const { pathname } = new URL(job.exchange.url)
        const after = paths[paths.indexOf(pathname) + 1]
        if (paths.includes(pathname) && after !== undefined) await done.get(after)?.promise
        done.get(pathname)?.resolve()
        return workPage(job)
      },
    }
  }

  it('come to their ends in the order they were fetched in, whichever is done first', async () => {
    const table = {
      'http://a.example/': html('start', '/one', '/two', '/three'),
      'http://a.example/one': html('twin', '/a'),
      'http://a.example/two': html('twin', '/b'),
      'http://a.example/three': html('three', '/c'),
      ...Object.fromEntries(['a', 'b', 'c'].map((name) => [`http://a.example/${name}`, html(name)])),
    }
    const ran = await run(table, { worker: backwards('/one', '/two', '/three') })
    const names = ran.pages.map(({ url }) => new URL(url).pathname)
    expect(names).toEqual(['/', '/one', '/three', '/a', '/b', '/c'])
    expect(ran.outcome('http://a.example/two')).toBe('DUPLICATE')
    expect(ran.rows.filter(({ outcome }) => outcome === 'KEPT').map(({ url }) => new URL(url).pathname)).toEqual(names)
  })

  it('keep no places from other hosts while a slow one is before them', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const names = Array.from({ length: 60 }, (_, i) => `p${i}`)
    const siteOf = (host: string): Table =>
      Object.fromEntries([
        [`http://${host}/`, html(`start ${host}`, ...names.map((name) => `/${name}`))],
        ...names.map((name) => [`http://${host}/${name}`, html(`${name} of ${host}`)] as const),
      ])
    const worker: PageWorker = {
      isElsewhere: true,
      work: async (job) => {
        if (job.exchange.url === 'http://b.example/p59') resolve()
        if (job.exchange.url === 'http://a.example/p0') await promise
        return workPage(job)
      },
    }
    const table = { ...siteOf('a.example'), ...siteOf('b.example') }
    const { summary } = await run(table, { worker, seeds: ['http://a.example/', 'http://b.example/'], limits: { working: 8 } })
    expect(summary.kept).toBe(122)
  })

  it('are not overtaken by where a redirect after them leads', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const table: Table = {
      'http://a.example/': html('start', '/one', '/away'),
      'http://a.example/one': html('one', '/moved'),
      'http://a.example/away': to('/moved'),
      'http://a.example/moved': html('moved'),
      // the other host goes on meanwhile, long after the redirect was answered
      ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`http://b.example/${i}`, html(`b${i}`, `/${i + 1}`)])),
      'http://b.example/9': () => {
        resolve()
        return html('b9')
      },
    }
    const worker: PageWorker = {
      isElsewhere: true,
      work: async (job) => {
        if (job.exchange.url.endsWith('/one')) await promise
        return workPage(job)
      },
    }
    const ran = await run(table, { worker, seeds: ['http://a.example/', 'http://b.example/0'] })
    expect(ran.rows.find(({ url }) => url.endsWith('/away'))?.detail).toBe('to http://a.example/moved (known)')
    expect(ran.pages.find(({ url }) => url.endsWith('/moved'))?.hops).toEqual([])
  })
})

describe('redirects', () => {
  it('stay a page’s evidence when the thread that had it was lost', async () => {
    const table = { 'http://a.example/': to('/here'), 'http://a.example/here': html('here') }
    let lost = 0
    const work: PageWorker['work'] = (job) => (lost++ === 0 ? { outcome: 'WORKER_LOST', links: [] } : workPage(job))
    const { pages, summary } = await run(table, { worker: { work } })
    expect(summary.outcomes).toMatchObject({ WORKER_LOST: 1, KEPT: 1 })
    expect(pages[0]?.hops.map(({ exchange }) => exchange.url)).toEqual(['http://a.example/'])
  })

  it('are hops of their own: noted, checked, and kept as evidence with the page', async () => {
    const ran = await run({
      'http://a.example/': html('start', '/one'),
      'http://a.example/one': to('/two'),
      'http://a.example/two': to('/three#part'),
      'http://a.example/three': html('three'),
    })
    const page = ran.pages.find(({ url }) => url === 'http://a.example/three')
    expect(page?.hops.map(({ exchange }) => exchange.url)).toEqual(['http://a.example/one', 'http://a.example/two'])
    expect(page?.exchange.url).toBe('http://a.example/three')
  })

  it('end in a loop, after five, at a forbidden page and outside the scope', async () => {
    const ran = await run({
      'http://a.example/robots.txt': text('User-agent: *\nDisallow: /closed'),
      'http://a.example/': html('start', '/loop', '/r0', '/in', '/out', '/self', '/bad'),
      'http://a.example/loop': to('/pool'),
      'http://a.example/pool': to('/loop'),
      ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`http://a.example/r${i}`, to(`/r${i + 1}`)])),
      'http://a.example/in': to('/closed'),
      'http://a.example/out': to('http://b.example/'),
      'http://a.example/self': to('/self'),
      'http://a.example/bad': to('http://['),
    })
    expect(ran.outcome('http://a.example/pool')).toBe('REDIRECT_LOOP')
    expect(ran.outcome('http://a.example/self')).toBe('REDIRECT_LOOP')
    expect(ran.outcome('http://a.example/r5')).toBe('TOO_MANY_REDIRECTS')
    expect(ran.outcome('http://a.example/closed')).toBe('ROBOTS_DISALLOWED')
    expect(ran.rows.find(({ url }) => url === 'http://a.example/out')?.detail).toBe('to http://b.example/ (out-of-scope)')
    expect(ran.outcome('http://a.example/bad')).toBe('HTTP_STATUS')
    expect(ran.requests.filter(({ url }) => url.includes('closed') || url.includes('b.example'))).toEqual([])
  })

  it('of a seed carry the scope along, under the rules of the new host', async () => {
    const ran = await run({
      'http://a.example/': to('https://www.a.example/'),
      'https://www.a.example/robots.txt': text('User-agent: *\nDisallow: /closed'),
      'https://www.a.example/': html('home', '/next', '/closed'),
      'https://www.a.example/next': html('next'),
    })
    expect(ran.pages.map(({ url }) => url)).toEqual(['https://www.a.example/', 'https://www.a.example/next'])
    expect(ran.outcome('https://www.a.example/closed')).toBe('ROBOTS_DISALLOWED')
  })
})

describe('a crawl', () => {
  it('drops repeated content, follows links of pages that are no records, and says why', async () => {
    const same = html('twin')
    const ran = await run(
      {
        'http://a.example/': { ...text('no page'), body: 'x' },
        'http://b.example/': {
          headers: [['Content-Type', 'text/html']],
          body: '<a href="/1">1</a><a href="/2">2</a><a href="/pic.png">p</a>',
        },
        'http://b.example/1': same,
        'http://b.example/2': same,
        'http://b.example/pic.png': { headers: [['Content-Type', 'image/png']], body: new Uint8Array(5000) },
      },
      { seeds: ['http://a.example/', 'http://b.example/'] },
    )
    expect(ran.outcome('http://a.example/')).toBe('NOT_HTML')
    expect(ran.outcome('http://b.example/')).toBe('NO_CONTENT')
    expect([ran.outcome('http://b.example/1'), ran.outcome('http://b.example/2')]).toEqual(['KEPT', 'DUPLICATE'])
    expect(ran.rows.find(({ url }) => url.endsWith('pic.png'))).toMatchObject({ outcome: 'NOT_HTML', bytes: 0 })
  })

  it('keeps to its page budget; what rules refuse costs nothing of it', async () => {
    const links = Array.from({ length: 20 }, (_, i) => `/p${i}`)
    const table: Table = {
      'http://a.example/robots.txt': text(`User-agent: *\n${[0, 1, 2, 3, 4].map((i) => `Disallow: /p${i}$`).join('\n')}`),
      'http://a.example/': html('start', ...links),
      ...Object.fromEntries(links.map((link) => [`http://a.example${link}`, html(`page ${link}`)])),
    }
    const ran = await run(table, { limits: { pages: 6 } })
    expect([ran.summary.fetched, ran.summary.kept]).toEqual([6, 6])
  })

  it('leaves other contributors’ pages alone and takes links from their seeds', async () => {
    const ran = await run(
      {
        'http://a.example/': html('start', '/mine', '/theirs'),
        'http://a.example/mine': html('mine'),
        'http://a.example/theirs': html('theirs'),
      },
      { mine: (url) => url.endsWith('/mine') },
    )
    expect(ran.pages.map(({ url }) => url)).toEqual(['http://a.example/mine'])
    expect(ran.outcome('http://a.example/')).toBe('LINKS_ONLY')
    expect(ran.requests.some(({ url }) => url.endsWith('/theirs'))).toBe(false)
  })

  it('stands still while nobody takes its pages, and stops at once when the consumer leaves or the signal aborts', async () => {
    const links = Array.from({ length: 200 }, (_, i) => `/p${i}`)
    const world = new World({ seed: 1 })
    const web = new SimWeb({
      clock: world.clock,
      site: new SimSite({ seed: 1, hosts: 0 }),
      override: ({ pathname }) => (/robots|well-known|ai\.txt/.test(pathname) ? status(404) : html(`page ${pathname}`, ...links)),
    })
    const stop = new AbortController()
    const options = { web: web.view('c'), clock: world.clock, seeds: ['http://a.example/'], agentToken: 'Quern', signal: stop.signal }
    const unread = crawl(options)
    const first = unread.next()
    await world.run()
    expect((await first).done).toBe(false)
    const asked = web.requests.length
    expect(asked).toBeLessThan(30)
    await unread.return({} as CrawlSummary)
    await world.run()
    expect(web.requests.length).toBe(asked)

    const aborted = crawl(options)
    const steps: boolean[] = []
    const whole = (async () => {
      let step = await aborted.next()
      for (; step.done !== true; step = await aborted.next()) {
        steps.push(true)
        if (steps.length === 3) stop.abort(new Error('enough'))
      }
      return step.value
    })()
    await world.run()
    const summary = await whole
    expect([summary.aborted, steps.length]).toEqual([true, 3])
    expect(summary.outcomes.INTERNAL).toBeUndefined()
  })

  it('refuses what is no seed, and a pipeline it does not know', async () => {
    await expect(run({}, { seeds: ['mailto:x@a.example', 'nonsense'] })).rejects.toThrow(/no seed/)
    await expect(run({}, { pipeline: 'web-page@9/9' })).rejects.toThrow(/no pipeline/)
  })
})

describe('sitemaps', () => {
  const xml = (...urls: string[]): SimAnswer => ({
    headers: [['Content-Type', 'application/xml']],
    body: `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls.map((url) => `<url><loc>${url}</loc></url>`).join('')}</urlset>`,
  })
  const index = (...urls: string[]): SimAnswer => ({
    headers: [['Content-Type', 'application/xml']],
    body: `<sitemapindex>${urls.map((url) => `<sitemap><loc>${url}</loc></sitemap>`).join('')}</sitemapindex>`,
  })

  it('are read where robots.txt names them, an index and its lists, each once, for their own host only', async () => {
    const ran = await run({
      'http://a.example/robots.txt': text(
        'User-agent: *\nDisallow: /closed\nSitemap: http://a.example/index.xml\nSitemap: http://b.example/other.xml\nSitemap: http://a.example/closed.xml',
      ),
      'http://a.example/index.xml': index(
        'http://a.example/one.xml',
        'http://a.example/one.xml',
        'http://a.example/loop.xml',
        'http://b.example/x.xml',
      ),
      'http://a.example/loop.xml': index('http://a.example/index.xml', 'http://a.example/deeper.xml'),
      'http://a.example/one.xml': xml(
        'http://a.example/hidden?a=1&amp;b=2',
        'http://b.example/page',
        'http://a.example/closed',
        'file:///etc/passwd',
      ),
      'http://a.example/': html('start'),
      'http://a.example/hidden?a=1&b=2': html('hidden'),
    })
    expect(ran.pages.map(({ url }) => url).toSorted()).toEqual(['http://a.example/', 'http://a.example/hidden?a=1&b=2'])
    const asked = ran.requests.map(({ url }) => url)
    expect(asked.filter((url) => url.endsWith('.xml')).toSorted()).toEqual(
      ['index', 'loop', 'one'].map((name) => `http://a.example/${name}.xml`).toSorted(),
    )
    expect(asked.filter((url) => url.includes('b.example'))).toEqual([])
    expect(ran.outcome('http://a.example/closed.xml')).toBe('ROBOTS_DISALLOWED')
    expect(ran.outcome('http://a.example/closed')).toBe('ROBOTS_DISALLOWED')
    expect(ran.summary.fetched).toBe(2)
  })

  it('are not asked for where nobody names them, nor when they are not wanted, and their failures stop nothing', async () => {
    const table: Table = {
      'http://a.example/robots.txt': text('Sitemap: http://a.example/s.xml'),
      'http://a.example/s.xml': status(500),
      'http://a.example/': html('start'),
    }
    const unwanted = await run(table, { sitemaps: false })
    expect(unwanted.requests.some(({ url }) => url.endsWith('.xml'))).toBe(false)
    const broken = await run(table)
    expect([broken.summary.kept, broken.summary.outcomes['HTTP_STATUS']]).toEqual([1, 3])
    const silentSite = await run({ 'http://a.example/': html('start'), 'http://a.example/sitemap.xml': xml('http://a.example/x') })
    expect(silentSite.requests.some(({ url }) => url.endsWith('.xml'))).toBe(false)
  })
})

describe('names that share a machine', () => {
  it('share a pace: one registrable domain, and one address', async () => {
    const world = new World({ seed: 1 })
    const at: Record<string, number[]> = {}
    const hosts = ['one.a.example', 'two.a.example', 'c.example', 'd.example', 'e.example']
    const addresses: Record<string, string> = { 'c.example': '192.0.2.7', 'd.example': '192.0.2.7', 'e.example': '192.0.2.8' }
    const site = new SimWeb({
      clock: world.clock,
      site: new SimSite({ seed: 1, hosts: 0 }),
      latencyMs: [10, 10],
      override: ({ pathname }) => (/robots|well-known/.test(pathname) ? status(404) : html(pathname, '/1', '/2', '/3')),
    })
    const web = site.view('c')
    const get = web.get.bind(web)
    web.get = async (url, options) => {
      const { hostname } = new URL(url)
      const key = addresses[hostname] ?? hostname.replace(/^(one|two)\./, '')
      ;(at[key] ??= []).push(world.clock.now())
      return { ...(await get(url, options)), remoteAddress: addresses[hostname] ?? null }
    }
    const whole = (async () => {
      for await (const _ of crawl({
        web,
        clock: world.clock,
        seeds: hosts.map((host) => `http://${host}/`),
        agentToken: 'Quern',
        dropDuplicates: false,
      }));
    })()
    await Promise.race([world.run(), whole])
    await whole
    const least = (key: string): number => Math.min(...(at[key] ?? []).slice(1).map((time, i) => time - (at[key]?.[i] ?? 0)))
    expect([at['a.example']?.length, at['192.0.2.8']?.length]).toEqual([14, 7])
    expect(least('a.example')).toBeGreaterThanOrEqual(1000)
    // an address is known once it has answered: after each name's first request
    const shared = at['192.0.2.7']?.slice(2) ?? []
    expect(shared.length).toBe(12)
    expect(Math.min(...shared.slice(1).map((time, i) => time - (shared[i] as number)))).toBeGreaterThanOrEqual(1000)
  })
})
