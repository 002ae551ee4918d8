import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { CURRENT_PIPELINE, runPipeline } from '../../schemas/pipeline/index.ts'
import { charter as charterShape } from '../../schemas/wire/index.ts'
import { SimSite, SimWeb, type SimAnswer } from '../../sim/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { LOCAL_RULES, seeded } from '../../tests/unit/ledger-world.ts'
import { exchangeOf, htmlOf, ORIGIN } from '../../tests/unit/page-batch.ts'
import { HostTurns, PoliteWeb } from '../manners/index.ts'
import { ownWords } from '../optouts/index.ts'
import { Refetcher } from './index.ts'

const charter = charterShape.parse({
  v: 1,
  name: 'test',
  operator: seeded('operator').did,
  contact: 'mailto:a@example.org',
  purposes: ['testing'],
  ...LOCAL_RULES,
})
const url = `${ORIGIN}/Aldbury`
const page: SimAnswer = { headers: [['Content-Type', 'text/html; charset=utf-8']], body: htmlOf('Aldbury') }
const result = runPipeline(CURRENT_PIPELINE, exchangeOf(url, htmlOf('Aldbury')))
const record = result.ok ? result.measured.record : new Uint8Array()
const FETCHED_AT = Date.parse('2027-01-15T08:00:00Z')
const modified = (at: string): [string, string] => ['Last-Modified', new Date(at).toUTCString()]

interface Asking {
  times?: number
  delayMs?: number
  profile?: 'strict' | 'standard'
  closed?: (url: string) => string | undefined
  waitMs?: number
  /** One page after the other, as those of one contributor are. */
  isInTurn?: boolean
  optedOut?: (url: string, what: 'page' | 'rules') => boolean
  hearsOwner?: boolean
}

/** What a validator finds of the same page on this site, and when it asked for what. */
async function refetch(
  answers: Record<string, SimAnswer | SimAnswer[]>,
  {
    times = 1,
    delayMs = 100,
    profile = 'standard',
    closed,
    waitMs = 120_000,
    isInTurn = false,
    optedOut = () => false,
    hearsOwner = false,
  }: Asking = {},
) {
  const world = new World({ seed: 1 })
  const visits = new Map<string, number>()
  const web = new SimWeb({
    clock: world.clock,
    site: new SimSite({ seed: 1, hosts: 0 }),
    latencyMs: [0, 0],
    override: ({ href, pathname }) => {
      const given = answers[href] ?? answers[pathname] ?? (pathname === '/Aldbury' ? page : { status: 404, body: '' })
      const visit = visits.get(href) ?? 0
      visits.set(href, visit + 1)
      return Array.isArray(given) ? given[Math.min(visit, given.length - 1)] : given
    },
  })
  const { signal } = new AbortController()
  const polite = new PoliteWeb({
    web: web.view('v'),
    turns: new HostTurns(world.clock, signal),
    clock: world.clock,
    delayMs,
    closed: async (one) => closed?.(one),
  })
  const reserved: string[] = []
  const refetcher = new Refetcher({
    web: polite,
    askOwn: async (origin, site, visit) => (hearsOwner ? ownWords(origin, site, visit, { web: polite, clock: world.clock }) : []),
    clock: world.clock,
    logger: silent,
    onReserved: (found) => void reserved.push(found.url),
  })
  const rules = { ...charter, sources: { ...charter.sources, profile } }
  let before: Promise<unknown> = Promise.resolve()
  const checks = Promise.all(
    Array.from({ length: times }, () => {
      const check = () =>
        refetcher.check(
          { contributor: 'c', charter: rules, pipeline: CURRENT_PIPELINE, url, record, agent: 'QuernBot', fetchedAt: FETCHED_AT, optedOut },
          { pageMs: 60_000, attemptMs: 30_000, waitMs },
          signal,
        )
      const found = isInTurn ? before.then(check) : check()
      before = found
      return found
    }),
  )
  await Promise.race([world.run(), checks])
  const found = await checks
  return {
    found: found[0] ?? 'pass',
    all: found,
    asked: web.requests.map((request) => (request.url.startsWith(ORIGIN) ? new URL(request.url).pathname : request.url)),
    at: web.requests.map((request) => request.at - (web.requests[0]?.at ?? 0)),
    reserved,
  }
}

it('asks a site for its rules once, then for the page', async () => {
  const { found, asked } = await refetch({}, { times: 2 })
  expect(found).toBe('pass')
  expect(asked).toEqual(['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt', '/Aldbury', '/Aldbury'])
})

const RESERVED: Record<string, SimAnswer> = {
  '/.well-known/tdmrep.json': { body: '[{"location":"/","tdm-reservation":1}]' },
  '/ai.txt': { body: 'User-Agent: *\nDisallow: /\n' },
  '/robots.txt': { body: 'User-agent: *\nContent-Signal: ai-train=no\n' },
}
const dated = (answer: SimAnswer, at: string): SimAnswer => ({ ...answer, headers: [...(answer.headers ?? []), modified(at)] })

it('leaves out what its site reserves by now, and does not ask for it', async () => {
  for (const [path, answer] of Object.entries(RESERVED))
    for (const now of [answer, dated(answer, '2027-01-15T08:00:01Z')]) {
      const { found, asked, reserved } = await refetch({ [path]: now })
      expect([found, reserved], path).toEqual(['left-out', [url]])
      expect(asked, path).not.toContain('/Aldbury')
    }
})

it('fails what was reserved or forbidden longer than a crawler may go by the rules it has, by their own date', async () => {
  for (const [path, answer] of Object.entries(RESERVED)) {
    expect((await refetch({ [path]: dated(answer, '2027-01-14T07:59:59Z') })).found, path).toBe('T1')
    expect((await refetch({ [path]: dated(answer, '2027-01-14T08:00:01Z') })).found, path).toBe('left-out')
  }
  const closed = { body: 'User-agent: *\nDisallow: /A' }
  const { found, asked } = await refetch({ '/robots.txt': dated(closed, '2027-01-14T07:59:59Z') })
  expect([found, asked.includes('/Aldbury')]).toEqual(['T2', false])
  // one that says no without a date may be the younger one
  const both = { '/ai.txt': dated(RESERVED['/ai.txt'] as SimAnswer, '2027-01-01'), '/robots.txt': RESERVED['/robots.txt'] as SimAnswer }
  expect((await refetch(both)).found).toBe('left-out')
})

it('asks for no page that its site forbids by now, holds that against nobody, and tells of it', async () => {
  const { found, asked, reserved } = await refetch({ '/robots.txt': { body: 'User-agent: *\nDisallow: /A' } })
  expect([found, reserved]).toEqual(['left-out', [url]])
  expect(asked).not.toContain('/Aldbury')
})

it('asks for no page that its owner opted out, in the site’s own file or wherever the owner speaks', async () => {
  const own: SimAnswer = { body: 'opt-out: /Ald' }
  const here = await refetch({ '/.well-known/quern.txt': own }, { hearsOwner: true })
  expect([here.found, here.reserved, here.asked.includes('/Aldbury')]).toEqual(['left-out', [url], false])
  const other = await refetch({ '/.well-known/quern.txt': { body: 'opt-out: /Bax' } }, { hearsOwner: true, times: 2 })
  expect([other.found, other.reserved]).toEqual(['pass', []])
  expect(other.asked).toEqual(['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt', '/.well-known/quern.txt', '/Aldbury', '/Aldbury'])
  const silentHost = await refetch({ '/.well-known/quern.txt': { status: 503, body: '' } }, { hearsOwner: true })
  expect(silentHost.found).toBe('pass')
})

it('does not ask for a page where the rules of its site cannot be had', async () => {
  const { found, asked } = await refetch({ '/robots.txt': { status: 503, body: '' } })
  expect([found, asked.includes('/Aldbury')]).toEqual(['T2', false])
})

const text = (body: string): SimAnswer => ({ headers: [['Content-Type', 'text/plain']], body })
const to = (location: string): SimAnswer => ({ status: 302, headers: [['Location', location]], body: '' })
const paces = (at: number[]): number[] => at.slice(1).map((time, i) => time - (at[i] as number))

it('asks for rules once more where their server failed for a moment', async () => {
  const { found } = await refetch({ '/robots.txt': [{ status: 503, body: '' }, text('')] })
  expect(found).toBe('pass')
})

it('follows no redirect to where that host forbids it, and keeps the pause on the way', async () => {
  const robots = text('User-agent: *\nDisallow: /private/\n')
  const here = await refetch({ '/robots.txt': robots, '/Aldbury': to('/private/Aldbury'), '/private/Aldbury': page })
  expect(here.found).toBe('T2')
  expect(here.asked).not.toContain('/private/Aldbury')
  const other = 'http://other.example'
  const there = await refetch({ [`${other}/robots.txt`]: robots, '/Aldbury': to(`${other}/private/x`), [`${other}/private/x`]: page })
  expect(there.found).toBe('T2')
  expect(there.asked.slice(4)).toEqual([`${other}/robots.txt`, `${other}/.well-known/tdmrep.json`, `${other}/ai.txt`])
  const moved = await refetch({ '/Aldbury': to('/moved'), '/moved': page })
  expect(moved.found).toBe('pass')
  expect(moved.asked.slice(3)).toEqual(['/Aldbury', '/moved'])
  expect(paces(moved.at)).toEqual([100, 100, 100, 100])
})

it('keeps the pause that robots.txt asks for between all requests, and takes it for no slowness', async () => {
  const { all, at } = await refetch({ '/robots.txt': text('User-agent: *\nCrawl-delay: 30\n') }, { times: 3 })
  expect(all).toEqual([null, null, null])
  expect(paces(at)).toEqual([30_000, 30_000, 30_000, 30_000, 30_000])
  const slower = await refetch({ '/robots.txt': text('User-agent: *\nCrawl-delay: 61\n') })
  expect([slower.found, slower.asked]).toEqual(['left-out', ['/robots.txt']])
})

it('waits as long as a 429 or 503 says, and leaves a host alone that wants longer than anybody waits', async () => {
  const busy = (status: number, after: string): SimAnswer => ({ status, headers: [['Retry-After', after]], body: '' })
  for (const status of [429, 503]) {
    const { found, asked, at } = await refetch({ '/Aldbury': [busy(status, '70'), page] })
    expect(found).toBe('pass')
    expect(asked.slice(3)).toEqual(['/Aldbury', '/Aldbury'])
    expect(paces(at).at(-1)).toBe(70_000)
  }
  const { all, asked } = await refetch({ '/Aldbury': busy(429, '3600') }, { times: 3 })
  expect(all).toEqual(['T2', 'T2', 'T2'])
  expect(asked.filter((path) => path === '/Aldbury')).toHaveLength(1)
})

it('waits for a long rest where there is time for it, and no longer than there is', async () => {
  const busy = [{ status: 429, headers: [['Retry-After', '300']] as [string, string][], body: '' }, page]
  const patient = await refetch({ '/Aldbury': busy }, { waitMs: 600_000 })
  expect([patient.found, paces(patient.at).at(-1)]).toEqual(['pass', 300_000])
  const rules = { '/robots.txt': [{ status: 429, headers: [['Retry-After', '300']] as [string, string][], body: '' }, text('')] }
  const ruled = await refetch(rules, { waitMs: 600_000 })
  expect([ruled.found, paces(ruled.at)[0]]).toEqual(['pass', 300_000])
  expect((await refetch(rules, { waitMs: 200_000 })).found).toBe('T2')
  // whoever always says so has two pages' time and no more
  const never = await refetch({ '/robots.txt': rules['/robots.txt'].slice(0, 1) }, { waitMs: 600_000, times: 6, isInTurn: true })
  expect([...new Set(never.all), (never.at.at(-1) as number) <= 1_200_000]).toEqual(['T2', true])
  const slow = await refetch({ '/robots.txt': text('User-agent: *\nCrawl-delay: 30\n') }, { waitMs: 20_000 })
  expect([slow.found, slow.asked]).toEqual(['left-out', ['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt']])
})

it('lets what it found stand where no turn is left to ask again', async () => {
  const slow = { '/robots.txt': text('User-agent: *\nCrawl-delay: 30\n') }
  for (const [answer, found] of [
    [{ ...page, body: `<p>${'Nobody ever wrote of mills here, only of ships and of the long way home. '.repeat(9)}</p>` }, 'T1'],
    [{ status: 500, body: '' }, 'T2'],
    [page, 'pass'],
  ] as const) {
    const one = await refetch({ ...slow, '/Aldbury': answer }, { waitMs: 40_000 })
    expect([one.found, one.asked.filter((path) => path === '/Aldbury').length]).toEqual([found, 1])
  }
})

it('leaves out what turns out to be reserved when it is asked for again', async () => {
  const late = [{ status: 503, body: '' }, text('[{"location": "/", "tdm-reservation": 1}]')]
  for (const answer of [
    { status: 500, body: '' },
    { ...page, body: '<p>Elsewhere.</p>' },
  ]) {
    const one = await refetch({ '/.well-known/tdmrep.json': late, '/Aldbury': answer })
    expect([one.found, one.asked.filter((path) => path === '/Aldbury').length]).toEqual(['left-out', 1])
  }
})

it('asks once more only for what may come back', async () => {
  const gone = await refetch({ '/Aldbury': { status: 404, body: '' } })
  expect([gone.found, gone.asked.filter((path) => path === '/Aldbury').length]).toEqual(['T2', 1])
  const failing = await refetch({ '/Aldbury': [{ status: 500, body: '' }, page] })
  expect([failing.found, failing.asked.filter((path) => path === '/Aldbury').length]).toEqual(['pass', 2])
})

it('asks nothing of who opted out, nor where a page leads that did, and leaves the first out', async () => {
  const out = await refetch({}, { closed: () => 'example' })
  expect([out.found, out.asked]).toEqual(['left-out', []])
  const led = await refetch({ '/Aldbury': to('http://other.example/') }, { closed: (one) => (one.includes('other') ? 'other' : undefined) })
  // else whoever finds an open redirect could invent pages
  expect(led.found).toBe('T2')
  expect(led.asked.filter((one) => one.includes('other'))).toEqual([])
  // whose licence lies where nobody asks any more has done nothing wrong
  const licensed = { '/robots.txt': text('License: http://terms.example/rsl.xml\nUser-agent: *\nAllow: /\n') }
  const closed = (one: string): string | undefined => (one.includes('terms') ? 'terms' : undefined)
  const terms = await refetch(licensed, { closed })
  expect([terms.found, terms.asked.includes('/Aldbury')]).toEqual(['left-out', false])
  // unless it had opted out before anybody honest could have read it
  const told: string[] = []
  const optedOut = (one: string, what: string): boolean => told.push(`${what} ${one}`) > 0
  const long = await refetch(licensed, { closed, optedOut })
  expect([long.found, told]).toEqual(['T2', ['rules http://terms.example/rsl.xml']])
  const away = { '/robots.txt': to('http://terms.example/robots.txt') }
  expect((await refetch(away, { closed })).found).toBe('left-out')
  expect((await refetch(away, { closed, optedOut })).found).toBe('T2')
})

it('tells of a page that reserves itself now, also where that is younger than the record, and of no other', async () => {
  const header = (name: string, value: string, ...more: [string, string][]): SimAnswer => ({
    ...page,
    headers: [...(page.headers ?? []), [name, value], ...more],
  })
  const now = await refetch({ '/Aldbury': header('TDM-Reservation', '1') })
  expect([now.found, now.reserved]).toEqual(['left-out', [url]])
  const before = await refetch({ '/Aldbury': header('TDM-Reservation', '1', modified('2027-01-15T07:59:59Z')) })
  expect([before.found, before.reserved]).toEqual(['T1', [url]])
  const since = await refetch({ '/Aldbury': header('X-Robots-Tag', 'noai', modified('2027-01-16')) })
  expect([since.found, since.reserved]).toEqual(['pass', [url]])
  const unwanted = { ...page, body: `<meta name="quernbot" content="noindex">${htmlOf('Aldbury')}` }
  const byName = await refetch({ '/Aldbury': unwanted })
  expect([byName.found, byName.reserved]).toEqual(['left-out', [url]])
  // what nobody permits any more, where the charter wants a permission
  expect((await refetch({}, { profile: 'strict' })).reserved).toEqual([url])
  expect((await refetch({ '/Aldbury': header('Content-Usage', 'train-ai=y') }, { profile: 'strict' })).reserved).toEqual([])
  expect((await refetch({ '/ai.txt': { status: 503, body: '' } }, { profile: 'strict' })).reserved).toEqual([])
})
