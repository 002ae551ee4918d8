import fc from 'fast-check'
import { expect, it } from 'vitest'
import { coversHost, type OptOut, OptOutIndex, optOutOf } from './opt-outs.ts'

it('covers a domain, everything below it and every port, and nothing that only ends alike', () => {
  for (const host of ['example.org', 'www.example.org', 'a.b.example.org', 'example.org:8080', 'EXAMPLE.org', 'example.org.'])
    expect(coversHost('example.org', host), host).toBe(true)
  for (const host of ['notexample.org', 'example.org.evil.net', 'org', '']) expect(coversHost('example.org', host), host).toBe(false)
  expect(coversHost('127.0.0.1:8080', '127.0.0.1:8080')).toBe(true)
  expect(coversHost('127.0.0.1:8080', '127.0.0.1:8081')).toBe(false)
  expect(coversHost('', 'example.org')).toBe(false)
})

it('reads path patterns as RFC 9309 does', () => {
  const cases: [pattern: string, path: string, matches: boolean][] = [
    ['/private', '/private/a', true],
    ['/private', '/public', false],
    ['/*.pdf$', '/a/b.pdf', true],
    ['/*.pdf$', '/a/b.pdf?x', false],
    ['/*.pdf', '/a/b.pdf?x', true],
    ['/a*b*c', '/axxbyyc', true],
    ['/a*b*c', '/axxcyyb', false],
    ['/page$', '/page', true],
    ['/page$', '/pages', false],
    ['*', '/anything', true],
    ['/a*a$', '/a', false],
    ['/%7Ejoe/', '/~joe/a', true],
    ['/caf%c3%a9/', '/caf%C3%A9/x', true],
    ['/x%2Ay', '/x*y', true],
    ['/x%2Ay', '/xay', false],
  ]
  for (const [pattern, path, matches] of cases)
    expect(
      optOutOf([{ index: 0, domain: 'a.example', pattern }], 'a.example', `https://a.example${path}`) !== undefined,
      `${pattern} on ${path}`,
    ).toBe(matches)
})

it('takes a record whose address nobody can tell for opted out', () => {
  const optouts = [{ index: 7, domain: 'example.org', pattern: '/private/*' }]
  expect(optOutOf(optouts, 'example.org', 'https://example.org/private/1')?.index).toBe(7)
  expect(optOutOf(optouts, 'example.org', 'https://example.org/open')).toBeUndefined()
  expect(optOutOf(optouts, 'example.org', undefined)?.index).toBe(7)
  expect(optOutOf(optouts, 'example.org', 'not a url')?.index).toBe(7)
  expect(optOutOf(optouts, 'example.net', undefined)).toBeUndefined()
})

it('finds the same by its index as one by one, while the list grows', () => {
  const name = fc.constantFrom(
    'example.org',
    'www.example.org',
    'org',
    'example.org:8080',
    '*.example.org',
    'other.net',
    'Example.ORG.',
    '',
  )
  const host = fc.constantFrom('example.org', 'a.www.example.org', 'example.org:8080', 'www.example.org:81', 'other.net', 'xexample.org')
  const pattern = fc.constantFrom(null, '/', '/a', '/*b$')
  fc.assert(
    fc.property(
      fc.array(fc.record({ domain: name, pattern })),
      fc.nat(5),
      host,
      fc.constantFrom('/a', '/b', '/cb'),
      (list, cut, at, path) => {
        const optouts: OptOut[] = list.map((one, index) => ({ ...one, index }))
        const index = new OptOutIndex()
        for (const some of [optouts.slice(0, cut), optouts]) {
          const url = `http://${at}${path}`
          expect(index.take(some).find(at, url)).toEqual(optOutOf(some, at, url))
          const whole = some.filter((one) => one.pattern === null)
          expect(index.findWhole(at)).toEqual(optOutOf(whole, at, url))
        }
      },
    ),
  )
})
