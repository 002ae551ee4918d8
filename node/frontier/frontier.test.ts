import { assert, property, webUrl } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalUrl, Frontier, originOf } from './index.ts'

describe('canonicalUrl', () => {
  const table: [string, string | undefined][] = [
    ['HTTP://Example.ORG:80', 'http://example.org/'],
    ['https://example.org:443/a#frag', 'https://example.org/a'],
    ['http://example.org./a', 'http://example.org/a'],
    ['http://example.org/a?', 'http://example.org/a'],
    ['http://example.org/%7euser/%e2%82%ac', 'http://example.org/~user/%E2%82%AC'],
    ['http://example.org/a%2Fb', 'http://example.org/a%2Fb'],
    ['http://example.org/?utm_source=x&b=2&gclid=1&a=1', 'http://example.org/?b=2&a=1'],
    ['http://example.org/?fbclid=1', 'http://example.org/'],
    ['http://example.org/p;jsessionid=ABC?x=1', 'http://example.org/p?x=1'],
    ['http://example.org/a/../b/./c', 'http://example.org/b/c'],
    ['http://bücher.example/ö', 'http://xn--bcher-kva.example/%C3%B6'],
    ['  http://example.org/a\n', 'http://example.org/a'],
    ['mailto:a@example.org', undefined],
    ['javascript:void(0)', undefined],
    ['http://user:pw@example.org/', undefined],
    ['http://', undefined],
    ['/relative', undefined],
  ]
  for (const [text, expected] of table) it(`${text} is ${expected}`, () => expect(canonicalUrl(text)).toBe(expected))

  it('resolves against a base and is its own fixed point', () => {
    for (const url of ['http://a/', 'https://a:8/b', 'http://[::1]:8/?c=/']) expect(originOf(url)).toBe(new URL(url).origin)
    expect(canonicalUrl('../x?y=1#z', 'http://example.org/a/b/c')).toBe('http://example.org/a/x?y=1')
    assert(
      property(webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        const once = canonicalUrl(url)
        expect(once === undefined ? undefined : canonicalUrl(once)).toBe(once)
        expect(once && originOf(once)).toBe(once && new URL(once).origin)
      }),
    )
  })
})

describe('Frontier', () => {
  const seeds = ['http://a.example/']
  const from = { depth: 1, via: 'http://a.example/' }

  it('gives a host’s URLs by depth, each once', () => {
    const frontier = new Frontier({ seeds })
    expect(frontier.offer('/deep', { depth: 3, via: 'http://a.example/x' })).toBe('queued')
    expect(frontier.offer('/b', from)).toBe('queued')
    expect(frontier.offer('/c', from)).toBe('queued')
    expect(frontier.offer('/b#again', from)).toBe('known')
    const order = Array.from({ length: 5 }, () => frontier.next('a.example')?.url)
    expect(order).toEqual(['http://a.example/', 'http://a.example/b', 'http://a.example/c', 'http://a.example/deep', undefined])
    expect(frontier.size).toEqual({ queued: 0, seen: 4, taken: 4 })
  })

  it('puts redirect targets and retries first', () => {
    const frontier = new Frontier({ seeds })
    const first = frontier.next('a.example')
    frontier.offer('/link', from)
    frontier.offer('/moved', { ...from, redirects: 1 })
    if (first !== undefined) frontier.retry(first)
    expect([frontier.next('a.example')?.url, frontier.next('a.example')?.attempts]).toEqual(['http://a.example/moved', 1])
  })

  it('keeps to its scope', () => {
    const verdicts = (scope: 'host' | 'domain' | 'any'): string[] => {
      const frontier = new Frontier({ seeds: ['http://www.a.co.uk:8080/'], scope })
      return ['http://www.a.co.uk:8080/x', 'http://www.a.co.uk/x', 'http://blog.a.co.uk/x', 'http://b.co.uk/x'].map((url) =>
        frontier.offer(url, from),
      )
    }
    expect(verdicts('host')).toEqual(['queued', 'out-of-scope', 'out-of-scope', 'out-of-scope'])
    expect(verdicts('domain')).toEqual(['queued', 'queued', 'queued', 'out-of-scope'])
    expect(verdicts('any')).toEqual(['queued', 'queued', 'queued', 'queued'])
  })

  it('takes what was out of scope once a start page redirects there', () => {
    const frontier = new Frontier({ seeds })
    const offers = (): string[] => ['x', 'y'].map((name) => frontier.offer(`http://b.example/${name}`, from))
    expect([...offers(), ...offers()]).toEqual(Array(4).fill('out-of-scope'))
    const moved = { depth: 0, via: 'http://a.example/', redirects: 1, widens: true }
    expect(frontier.offer('http://b.example/x', moved)).toBe('queued')
    expect(offers()).toEqual(['known', 'queued'])
  })

  it('keeps to its budgets', () => {
    const frontier = new Frontier({
      seeds: [...seeds, 'http://b.example/'],
      limits: { pages: 3, pagesPerHost: 2, depth: 2, queuedPerHost: 4 },
    })
    for (const path of ['/1', '/2', '/3']) expect(frontier.offer(path, from)).toBe('queued')
    expect(frontier.offer('/4', from)).toBe('full')
    expect(frontier.offer('/deep', { depth: 3, via: 'http://a.example/' })).toBe('too-deep')
    expect([frontier.next('a.example'), frontier.next('a.example'), frontier.next('a.example')].map((item) => item?.url)).toEqual([
      'http://a.example/',
      'http://a.example/1',
      undefined,
    ])
    expect(frontier.waiting()).toEqual(['b.example'])
    expect(frontier.next('b.example')?.url).toBe('http://b.example/')
    expect(frontier.waiting()).toEqual([])
    frontier.giveBack('a.example')
    expect(frontier.waiting()).toEqual(['a.example'])
  })

  it('fetches a foreign seed for its links and leaves other foreign pages alone', () => {
    const frontier = new Frontier({ seeds, mine: (url) => url.endsWith('/mine') })
    expect(frontier.offer('/mine', from)).toBe('queued')
    expect(frontier.offer('/theirs', from)).toBe('not-mine')
    expect([frontier.next('a.example')?.linksOnly, frontier.next('a.example')?.linksOnly]).toEqual([true, false])
  })

  it('steps into no trap', () => {
    const frontier = new Frontier({ seeds, limits: { depth: 10_000 }, traps: { calendar: 5, queryVariants: 7, numbered: 50 } })
    const offers = (urls: string[]): string[] => urls.map((url) => frontier.offer(url, from))
    const count = (verdicts: string[], word: string): number => verdicts.filter((verdict) => verdict === word).length
    expect(offers([`/${'x'.repeat(2100)}`])).toEqual(['too-long'])
    expect(offers([`/${Array.from({ length: 30 }, (_, i) => `s${i}`).join('/')}`])).toEqual(['too-deep-path'])
    expect(offers(['/a/b/a/b/a/b', '/x/x/x', '/a/x/a/y/a/z/a'])).toEqual(['repeated-segment', 'repeated-segment', 'repeated-segment'])
    expect(offers([`/?${Array.from({ length: 20 }, (_, i) => `k${i}=1`).join('&')}`])).toEqual(['too-many-parameters'])
    expect(count(offers(Array.from({ length: 40 }, (_, i) => `/calendar/${i}`)), 'queued')).toBe(5)
    expect(count(offers(Array.from({ length: 40 }, (_, i) => `/list?sort=${i}`)), 'queued')).toBe(7)
    expect(count(offers(Array.from({ length: 80 }, (_, i) => `/item-${i}`)), 'queued')).toBe(50)
    expect(offers(['/2026/05/a-real-post', '/a/a/b'])).toEqual(['queued', 'queued'])
  })

  it('holds a hundred thousand URLs of one host in order', () => {
    const frontier = new Frontier({ seeds, limits: { queuedPerHost: 200_000 }, traps: { numbered: 200_000 } })
    frontier.next('a.example')
    for (let i = 0; i < 100_000; i++) frontier.offer(`/p${i}`, from)
    for (let i = 0; i < 100_000; i++) expect(frontier.next('a.example')?.url).toBe(`http://a.example/p${i}`)
  })
})
