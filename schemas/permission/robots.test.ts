import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crawlDelay, mayFetch, noRobots, parseRobots, robotsOfExchange, unreachableRobots } from './index.ts'

const lines = (...text: string[]): string => `${text.join('\n')}\n`
const allows = (robots: string, url: string, agent = 'quern'): boolean => mayFetch(parseRobots(robots), agent, url).allowed

describe('mayFetch', () => {
  it('takes the longest match, and Allow on a tie', () => {
    const robots = lines('User-agent: *', 'Disallow: /x', 'Allow: /x/page', 'Disallow: /y', 'Allow: /y')
    expect(allows(robots, 'http://a.example/x/page.html')).toBe(true)
    expect(allows(robots, 'http://a.example/x/other')).toBe(false)
    expect(allows(robots, 'http://a.example/y/z')).toBe(true)
    expect(allows(robots, 'http://a.example/')).toBe(true)
  })

  it('names the deciding line', () => {
    const robots = parseRobots(lines('# hello', 'User-agent: *', 'Disallow: /private # keep out'))
    expect(mayFetch(robots, 'quern', 'http://a.example/private/1')).toEqual({ allowed: false, rule: 'Disallow: /private', line: 3 })
    expect(mayFetch(robots, 'quern', 'http://a.example/open')).toEqual({ allowed: true, rule: null, line: null })
  })

  it('prefers our own group to that of everybody, and merges groups of one name', () => {
    const robots = lines('User-agent: *', 'Disallow: /', 'User-agent: Quern', 'Disallow: /a', 'User-agent: quern', 'Disallow: /b')
    expect(allows(robots, 'http://a.example/c')).toBe(true)
    expect(allows(robots, 'http://a.example/a')).toBe(false)
    expect(allows(robots, 'http://a.example/b')).toBe(false)
    expect(allows(robots, 'http://a.example/c', 'other')).toBe(false)
  })

  it('keeps a group open across lines that are no rules', () => {
    const robots = lines(
      'User-agent: one',
      'Sitemap: http://a.example/s.xml',
      'Crawl-delay: 3',
      'Unknown: 1',
      'User-agent: two',
      'Disallow: /',
    )
    expect(allows(robots, 'http://a.example/', 'one')).toBe(false)
    expect(allows(robots, 'http://a.example/', 'two')).toBe(false)
  })

  it('ignores rules before any user agent, and empty ones', () => {
    expect(allows(lines('Disallow: /'), 'http://a.example/x')).toBe(true)
    expect(allows(lines('User-agent: *', 'Disallow:'), 'http://a.example/x')).toBe(true)
  })

  it('knows * and $', () => {
    const robots = lines('User-agent: *', 'Disallow: /*.pdf$', 'Disallow: /a*b*c', 'Disallow: /end$')
    expect(allows(robots, 'http://a.example/f.pdf')).toBe(false)
    expect(allows(robots, 'http://a.example/f.pdf?x')).toBe(true)
    expect(allows(robots, 'http://a.example/a-b-c-d')).toBe(false)
    expect(allows(robots, 'http://a.example/acb')).toBe(true)
    expect(allows(robots, 'http://a.example/end')).toBe(false)
    expect(allows(robots, 'http://a.example/ending')).toBe(true)
  })

  it('compares octets, whatever is escaped', () => {
    const robots = lines('User-agent: *', 'Disallow: /ü', 'Disallow: /%e3%83%84', 'Disallow: /%62%61%7A')
    expect(allows(robots, 'http://a.example/%C3%BC')).toBe(false)
    expect(allows(robots, 'http://a.example/%E3%83%84')).toBe(false)
    expect(allows(robots, 'http://a.example/ツ')).toBe(false)
    expect(allows(robots, 'http://a.example/baz')).toBe(false)
    expect(allows(robots, 'http://a.example/%62%61%7a')).toBe(false)
  })

  it('forgives what deployed files get wrong', () => {
    expect(allows('\ufeffUser-agent: *\r\nDisallow: /x\r\n', 'http://a.example/x')).toBe(false)
    expect(allows('User-agent: *\rDisallow: /x', 'http://a.example/x')).toBe(false)
    expect(allows(lines('user agent : Quern/1.0 (bot)', 'disalow /x'), 'http://a.example/x')).toBe(false)
    expect(allows(lines('User-agent: *', 'Disallow: /', 'Allow: /dir/index.html'), 'http://a.example/dir/')).toBe(true)
  })

  it('gives crawl delays in milliseconds', () => {
    const robots = parseRobots(lines('User-agent: *', 'Crawl-delay: 2.5', 'User-agent: fast', 'Crawl-delay: soon'))
    expect(crawlDelay(robots, 'quern')).toBe(2500)
    expect(crawlDelay(parseRobots(lines('User-agent: *', 'Disallow:')), 'quern')).toBe(null)
  })

  it('stays quick and calm on hostile files', () => {
    const stars = `User-agent: *\n${'Disallow: /*a*a*a*a*a*a*a*a*b$\n'.repeat(15_000)}`
    expect(allows(stars, `http://a.example/${'a'.repeat(2000)}`)).toBe(true)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.webUrl(), (bytes, url) => {
        expect(typeof mayFetch(parseRobots(bytes), 'quern', url).allowed).toBe('boolean')
      }),
    )
  })

  it('reads no further than 500 KiB', () => {
    const robots = `User-agent: *\n${'# comment\n'.repeat(60_000)}Disallow: /`
    expect(allows(robots, 'http://a.example/x')).toBe(true)
  })
})

describe('robotsOfExchange', () => {
  const answer = (status: number) =>
    robotsOfExchange({ status, headers: [], body: new TextEncoder().encode('User-agent: *\nDisallow: /x'), truncated: false })

  it('parses success, forbids all on server errors and 429, allows all on other client errors', () => {
    expect(answer(200).groups).toHaveLength(1)
    for (const status of [500, 503, 429, 100]) expect(answer(status)).toBe(unreachableRobots)
    for (const status of [404, 403, 401, 410, 301]) expect(answer(status)).toBe(noRobots)
    expect(mayFetch(unreachableRobots, 'quern', 'http://a.example/').allowed).toBe(false)
  })

  it('forbids all when the body cannot be decoded', () => {
    expect(robotsOfExchange({ status: 200, headers: [['content-encoding', 'gzip']], body: Uint8Array.of(1, 2), truncated: false })).toBe(
      unreachableRobots,
    )
  })
})
