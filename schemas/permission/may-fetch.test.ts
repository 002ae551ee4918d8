import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_ROBOTS_BYTES, mayFetch, parseRobots, robotsOfExchange } from './index.ts'
import { matches } from './path-pattern.ts'
import { pathOf } from './url-path.ts'

interface Group {
  test: string
  robots: string
  agent: string
  urls: Record<string, boolean>
}
const google = JSON.parse(readFileSync(new URL('fixtures/google-robotstxt.json', import.meta.url), 'utf8')) as {
  source: string
  groups: Group[]
}
const allows = (robots: string | Uint8Array, url: string, agent = 'FooBot'): boolean => mayFetch(parseRobots(robots), agent, url).allowed

describe('the cases of google/robotstxt', () => {
  const cases = google.groups.flatMap(({ test, robots, agent, urls }) =>
    Object.entries(urls).map(([url, allowed]) => ({ test, robots, agent, url, allowed })),
  )
  // there the caller escapes a URL beforehand; our URLs come serialised, and a raw one means the same page
  const isOtherEncoding = ({ test, url }: (typeof cases)[number]): boolean => test === 'ID_Encoding' && url.includes('ツ')
  it('are 140', () => {
    expect(cases.length).toBe(140)
    expect(cases.filter(isOtherEncoding).length).toBe(2)
  })

  it.each(cases.filter((one) => !isOtherEncoding(one)))('$test: $agent, $url, $allowed', ({ robots, agent, url, allowed }) => {
    expect(allows(robots, url, agent)).toBe(allowed)
  })

  it.each(cases.filter(isOtherEncoding))('differs where a URL came unescaped: $url', ({ robots, agent, url, allowed }) => {
    expect(allows(robots, url, agent)).toBe(!allowed)
  })

  it('cuts a line at 16,663 bytes (GoogleOnly_LineTooLong)', () => {
    const long = (letter: string, key: string): string => `/x/${letter.repeat(16_664 - 3 - key.length + 1 - 3)}`
    const barred = long('a', 'disallow: ')
    const robots = `user-agent: FooBot\ndisallow: ${barred}/qux\n`
    expect(allows(robots, 'http://foo.bar/fux')).toBe(true)
    expect(allows(robots, `http://foo.bar${barred}/fux`)).toBe(false)
    const [a, b] = [long('a', 'allow: '), long('b', 'allow: ')]
    const open = `user-agent: FooBot\ndisallow: /\nallow: ${a}/qux\nallow: ${b}/qux\n`
    expect(allows(open, 'http://foo.bar/')).toBe(false)
    expect(allows(open, `http://foo.bar${a}/qux`)).toBe(true)
    expect(allows(open, `http://foo.bar${b}/fux`)).toBe(true)
  })

  it.each([
    ['', '/'],
    ['http://www.example.com', '/'],
    ['http://www.example.com/', '/'],
    ['http://www.example.com/a', '/a'],
    ['http://www.example.com/a/b?c=http://d.e/', '/a/b?c=http://d.e/'],
    ['http://www.example.com/a/b?c=d&e=f#fragment', '/a/b?c=d&e=f'],
    ['http://www.example.com?a', '/?a'],
    ['http://www.example.com#a/b', '/'],
    ['https://www.example.com/%c3%bc', '/%C3%BC'],
    ['example.com', '/'],
    ['example.com/a/', '/a/'],
    ['a', '/'],
    ['/a', '/a'],
    ['a/b', '/b'],
    ['example.com?a', '/?a'],
    ['example.com/a;b#c', '/a;b'],
    ['//a/b/c', '/b/c'],
  ])('finds the path of %s', (url, path) => {
    expect(pathOf(url)).toBe(path)
  })
})

/** RFC 9309 read aloud: every rule tried, one pattern after the other, by a table of which prefixes match. */
function slowly(rules: [allow: boolean, pattern: string][], path: string): boolean {
  const fits = (pattern: string): boolean => {
    const anchored = pattern.endsWith('$')
    const body = anchored ? pattern.slice(0, -1) : pattern
    let reached = new Set([0])
    for (const character of body) {
      const next = new Set<number>()
      for (const at of reached)
        if (character === '*') for (let end = at; end <= path.length; end++) next.add(end)
        else if (path[at] === character) next.add(at + 1)
      reached = next
    }
    return anchored ? reached.has(path.length) : reached.size > 0
  }
  const fitting = rules.filter(([, pattern]) => fits(pattern))
  const longest = Math.max(-1, ...fitting.map(([, pattern]) => pattern.length))
  const deciding = fitting.filter(([, pattern]) => pattern.length === longest)
  return deciding.length === 0 || deciding.some(([allow]) => allow)
}

describe('the compiled rules', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 8 })
  const pattern = fc
    .tuple(fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '.'), maxLength: 8 }), fc.boolean())
    .map(([body, anchored]) => `/${body}${anchored ? '$' : ''}`)

  it('say what a slow reading of the specification says, rule by rule', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), pattern), { maxLength: 12 }), fc.array(letters, { minLength: 1 }), (rules, paths) => {
        const robots = parseRobots(['User-agent: *', ...rules.map(([allow, p]) => `${allow ? 'Allow' : 'Disallow'}: ${p}`)].join('\n'))
        for (const path of paths) expect(mayFetch(robots, 'x', `http://a.example/${path}`).allowed).toBe(slowly(rules, `/${path}`))
      }),
      { numRuns: 500 },
    )
  })

  it('name the first of equal lines', () => {
    const robots = parseRobots('User-agent: *\nDisallow: /a*\nDisallow: /aa\nDisallow: /aa\n')
    expect(mayFetch(robots, 'x', '/aa').line).toBe(2)
    expect(mayFetch(robots, 'x', '/ab').line).toBe(2)
  })

  it('read a pattern of many stars once, from left to right', () => {
    const path = `/${'a'.repeat(8000)}`
    expect(matches(`/${'*a'.repeat(4000)}`, path)).toBe(true)
    expect(matches(`/${'*a'.repeat(4000)}*b`, path)).toBe(false)
    expect(matches(`/${'*a'.repeat(8001)}$`, path)).toBe(false)
    const robots = Array.from({ length: 20_000 }, (_, i) => `Disallow: /*a*a*a*${i}b`).join('\n')
    expect(allows(`User-agent: *\n${robots}`, `http://a.example${path}`)).toBe(true)
  })
})

describe('the 500 KiB of a robots.txt', () => {
  const answer = (body: string, truncated = false) =>
    robotsOfExchange({ status: 200, headers: [], body: new TextEncoder().encode(body), truncated })
  const filler = (bytes: number): string => '# filler\n'.repeat(Math.ceil(bytes / 9)).slice(0, bytes)

  it('end at a line: what stands across the limit says nothing', () => {
    const head = 'User-agent: *\nDisallow: /closed\n'
    const robots = `${head}${filler(MAX_ROBOTS_BYTES - head.length - 9)}\nAllow: /closed/but-this-is-open`
    expect(robots.slice(0, MAX_ROBOTS_BYTES).endsWith('\nAllow: /')).toBe(true)
    expect(mayFetch(parseRobots(robots.replace('Allow: /closed', 'Allow: /')), 'x', '/closed/x').allowed).toBe(false)
    expect(parseRobots(robots).groups[0]?.rules).toHaveLength(1)
    expect(answer('User-agent: *\nDisallow: /a\nDisallow: /b', true).groups[0]?.rules).toHaveLength(1)
  })

  it('may be one line of 10 MB, of anything', () => {
    for (const text of ['x', ' ', '#', '*', ':'])
      expect(allows(`User-agent: *\nDisallow: /closed\n${text.repeat(10 << 20)}`, '/closed'), text).toBe(false)
    expect(parseRobots(' '.repeat(10 << 20)).groups).toEqual([])
    expect(parseRobots(`User-agent: ${'a'.repeat(10 << 20)}`).groups).toHaveLength(1)
  })
})
