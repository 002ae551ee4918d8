import { expect, it } from 'vitest'
import { forbiddenPath, reservedPaths } from './reserved-paths.ts'
import { siteOfTexts, type SiteRules } from './site-rules.ts'
import { parseRobots, unreachableRobots } from './robots.ts'

const ORIGIN = 'https://example.org'
const patterns = (texts: Omit<Parameters<typeof siteOfTexts>[0], 'url'>): (string | null)[] =>
  reservedPaths(siteOfTexts({ url: ORIGIN, ...texts }), 'QuernBot', ORIGIN).map(({ pattern }) => pattern)

it.each<[string, Omit<Parameters<typeof siteOfTexts>[0], 'url'>, (string | null)[]]>([
  ['nothing', {}, []],
  ['everything by AIPREF', { robots: 'User-Agent: *\nContent-Usage: train-ai=n\nAllow: /\n' }, [null]],
  ['everything by Content-Signal', { robots: 'User-Agent: *\nContent-Signal: ai-train=no\nAllow: /\n' }, [null]],
  ['one path by AIPREF', { robots: 'User-Agent: *\nAllow: /\nContent-Usage: train-ai=y\nContent-Usage: /art/ train-ai=n\n' }, ['/art/']],
  ['what another agent is told', { robots: 'User-Agent: OtherBot\nContent-Usage: train-ai=n\n' }, []],
  [
    'paths by TDMRep, the first match speaking',
    {
      tdmrep: JSON.stringify([
        { location: '/free/', 'tdm-reservation': 0 },
        { location: '/paid/*', 'tdm-reservation': 1 },
      ]),
    },
    ['/paid/*'],
  ],
  ['everything by TDMRep', { tdmrep: '[{"location":"/","tdm-reservation":1}]' }, [null]],
  ['everything by ai.txt', { aiTxt: 'User-Agent: *\nDisallow: *\n' }, [null]],
  ['one path by ai.txt', { aiTxt: 'User-Agent: *\nDisallow: /gallery/\n' }, ['/gallery/']],
  [
    'one path by RSL',
    {
      rsl: '<rsl xmlns="https://rslstandard.org/rsl"><content url="/books/"><license><prohibits type="usage">ai-train</prohibits></license></content></rsl>',
    },
    ['/books/'],
  ],
  ['no page at all, which is no word about training', { robots: 'User-Agent: *\nDisallow: /\n' }, []],
])('finds %s', (_what, texts, expected) => {
  expect(patterns(texts)).toEqual(expected)
})

it('takes a server that fails for no opt-out', () => {
  const failing: SiteRules = {
    robots: { url: `${ORIGIN}/robots.txt`, sha256: '', rules: unreachableRobots },
    tdmrep: { url: `${ORIGIN}/.well-known/tdmrep.json`, sha256: '', rules: 'unavailable' },
    aiTxt: { url: `${ORIGIN}/ai.txt`, sha256: '', rules: 'unavailable' },
    licenses: [],
  }
  expect(reservedPaths(failing, 'QuernBot', ORIGIN)).toEqual([])
})

it('takes a sign against training for a word where a profile wants a permission, and neither its absence nor a licence that was not to be had', () => {
  const strict = (robots: string): (string | null)[] =>
    reservedPaths(siteOfTexts({ url: ORIGIN, robots }), 'QuernBot', ORIGIN, 'strict').map(({ pattern }) => pattern)
  const blocked = 'User-agent: *\nContent-Signal: ai-train=yes\n\nUser-agent: GPTBot\nDisallow: /\n'
  expect(strict(blocked)).toEqual([null])
  expect(patterns({ robots: blocked })).toEqual([])
  expect(strict('User-agent: *\nAllow: /\n')).toEqual([])
  expect(strict(`License: ${ORIGIN}/rsl.xml\n`)).toEqual([])
})

it('says which line of which file denies', () => {
  const site = siteOfTexts({ url: ORIGIN, robots: 'User-Agent: *\n\nContent-Usage: train-ai=n\n' })
  expect(reservedPaths(site, 'QuernBot', ORIGIN)[0]?.signals).toMatchObject([{ source: 'content-usage robots.txt', line: 3, says: 'deny' }])
})

it('names what one line of robots.txt closes, and the page alone where a longer Allow may open some of it', () => {
  const pathOf = (robots: string, path: string) =>
    forbiddenPath(parseRobots(`User-agent: *\n${robots}`), 'Quern', `https://a.example${path}`)
  for (const [robots, path, pattern] of [
    ['Disallow: /private/', '/private/1?a=*', '/private/'],
    ['Disallow: /', '/a', null],
    ['Disallow: *', '/a', null],
    ['Disallow: /*.pdf$', '/a.pdf', '/*.pdf$'],
    ['Disallow: /private/\nAllow: /public/open/', '/private/1', '/private/'],
    ['Disallow: /\nAllow: /public/', '/a?b=*', '/a?b=%2A$'],
    ['Disallow: /*.pdf$\nAllow: /open/*', '/a.pdf', '/a.pdf$'],
    ['Disallow: /a\nAllow: /a/b', '/a/b', undefined],
    ['', '/a', undefined],
  ] as const)
    expect(pathOf(robots, path), robots).toBe(pattern)
  expect(forbiddenPath(unreachableRobots, 'Quern', 'https://a.example/')).toBeUndefined()
  expect(pathOf(`Disallow: /${'a'.repeat(1100)}`, `/${'a'.repeat(1100)}`)).toBeUndefined()
})
