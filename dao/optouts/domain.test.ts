import { expect, it } from 'vitest'
import { domainOf } from './domain.ts'

it.each([
  ['example.org', 'example.org'],
  ['EXAMPLE.org.', 'example.org'],
  ['https://www.example.org/path?x', 'www.example.org'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['shop.localhost:8081', 'shop.localhost:8081'],
  ['127.0.0.1:8081', '127.0.0.1:8081'],
])('takes %j for %s', (text, domain) => {
  expect(domainOf(text)).toBe(domain)
})

it.each(['', ' ', 'a b', 'co.uk', 'user@example.org', 'ftp://example.org', '..', 'x'.repeat(600), `${'a'.repeat(300)}.org`])(
  'refuses %j',
  (text) => {
    expect(() => domainOf(text)).toThrow(expect.objectContaining({ code: 'BAD_DOMAIN' }))
  },
)
