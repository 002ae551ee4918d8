import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { CURRENT_PIPELINE, runPipeline } from '../../schemas/pipeline/index.ts'
import { charter as charterShape } from '../../schemas/wire/index.ts'
import { SimSite, SimWeb, type SimAnswer } from '../../sim/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { LOCAL_RULES, seeded } from '../../tests/unit/ledger-world.ts'
import { exchangeOf, htmlOf, ORIGIN } from '../../tests/unit/page-batch.ts'
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

/** What a validator finds of the same page on this site. */
async function refetch(answers: Record<string, SimAnswer>, times = 1): Promise<{ found: string; asked: string[] }> {
  const world = new World({ seed: 1 })
  const web = new SimWeb({
    clock: world.clock,
    site: new SimSite({ seed: 1, hosts: 0 }),
    override: ({ pathname }) => answers[pathname] ?? (pathname === '/Aldbury' ? page : { status: 404, body: '' }),
  })
  const { signal } = new AbortController()
  const refetcher = new Refetcher({ web: web.view('v'), clock: world.clock, logger: silent, signal })
  const checks = Promise.all(
    Array.from({ length: times }, () =>
      refetcher.check(
        { contributor: 'c', charter, pipeline: CURRENT_PIPELINE, url, record, agent: 'QuernBot', fetchedAt: FETCHED_AT },
        { pageMs: 60_000, attemptMs: 30_000 },
        signal,
      ),
    ),
  )
  await Promise.race([world.run(), checks])
  const [first] = await checks
  return {
    found: first ?? 'pass',
    asked: web.requests.map((request) => new URL(request.url).pathname),
  }
}

it('asks a site for its rules once, then for the page', async () => {
  const { found, asked } = await refetch({}, 2)
  expect(found).toBe('pass')
  expect(asked).toEqual(['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt', '/Aldbury', '/Aldbury'])
})

it('fails a draw whose site or page was reserved, whatever the evidence of the contributor says', async () => {
  const reserved: Record<string, SimAnswer> = {
    '/.well-known/tdmrep.json': { body: '[{"location":"/","tdm-reservation":1}]' },
    '/ai.txt': { body: 'User-Agent: *\nDisallow: /\n' },
    '/robots.txt': { body: 'User-agent: *\nContent-Signal: ai-train=no\n' },
    '/Aldbury': { ...page, headers: [...(page.headers ?? []), ['TDM-Reservation', '1']] },
  }
  for (const [path, answer] of Object.entries(reserved)) expect((await refetch({ [path]: answer })).found, path).toBe('T1')
})

it('holds no reservation against anybody that is younger than the fetch', async () => {
  const tdmrep = (at: string): Record<string, SimAnswer> => ({
    '/.well-known/tdmrep.json': { headers: [modified(at)], body: '[{"location":"/","tdm-reservation":1}]' },
  })
  expect((await refetch(tdmrep('2027-01-15T08:00:01Z'))).found).toBe('pass')
  expect((await refetch(tdmrep('2027-01-15T07:59:59Z'))).found).toBe('T1')
  const header = { ...page, headers: [...(page.headers ?? []), ['TDM-Reservation', '1'], modified('2027-01-16')] as [string, string][] }
  expect((await refetch({ '/Aldbury': header })).found).toBe('pass')
})

it('does not ask for what the site forbids by now, nor where its rules cannot be had', async () => {
  for (const robots of [{ body: 'User-agent: *\nDisallow: /A' }, { status: 503, body: '' }]) {
    const { found, asked } = await refetch({ '/robots.txt': robots })
    expect(found).toBe('T2')
    expect(asked).not.toContain('/Aldbury')
  }
})
