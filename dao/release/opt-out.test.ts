import { expect, it } from 'vitest'
import { coversHost, matchesPath, optOutOf } from './opt-out.ts'

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
  ]
  for (const [pattern, path, matches] of cases) expect(matchesPath(pattern, path), `${pattern} on ${path}`).toBe(matches)
})

it('takes a record whose address nobody can tell for opted out', () => {
  const optouts = [{ index: 7, domain: 'example.org', pattern: '/private/*' }]
  expect(optOutOf(optouts, 'example.org', 'https://example.org/private/1')?.index).toBe(7)
  expect(optOutOf(optouts, 'example.org', 'https://example.org/open')).toBeUndefined()
  expect(optOutOf(optouts, 'example.org', undefined)?.index).toBe(7)
  expect(optOutOf(optouts, 'example.org', 'not a url')?.index).toBe(7)
  expect(optOutOf(optouts, 'example.net', undefined)).toBeUndefined()
})
