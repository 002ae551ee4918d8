/** What an address must not carry away: where somebody is, what lets one in, who somebody is. */
import { expect, it } from 'vitest'
import { NameIndex } from '../redact/index.ts'
import { stripUrl, stripUrlsIn } from './index.ts'

it.each([
  ['https://www.google.com/maps/@48.1371079,11.5753822,15z', 'https://www.google.com/maps'],
  ['https://www.google.co.uk/maps/dir/48.1371079,11.5753822/Hauptstrasse+12', 'https://www.google.co.uk/maps'],
  ['https://maps.google.com/maps/place/Home', 'https://maps.google.com/maps'],
  ['https://maps.google.de/place/Home?q=1', 'https://maps.google.de/'],
  ['https://maps.app.goo.gl/AbCdEfGh12', 'https://maps.app.goo.gl/'],
  ['https://goo.gl/maps/AbCdEfGh12', 'https://goo.gl/maps'],
  ['https://maps.apple.com/place/Home', 'https://maps.apple.com/'],
  ['https://www.openstreetmap.org/node/4711', 'https://www.openstreetmap.org/'],
  ['https://www.bing.com/maps/directions/Home', 'https://www.bing.com/maps'],
  ['https://example.com/near/48.1371079,11.5753822/shops', 'https://example.com/near/-/shops'],
  ['https://example.com/@48.1371079%2C%2011.5753822', 'https://example.com/-'],
  ['https://example.com/48.1371079/11.5753822/x', 'https://example.com/-/-/x'],
  ['https://example.com/48%C2%B008%2713.6%22N+11%C2%B034%2731.4%22E', 'https://example.com/-'],
  // two decimals are what a place keeps, and a version is none
  ['https://example.com/48.14,11.57/v1.24.3', 'https://example.com/48.14,11.57/v1.24.3'],
  ['https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv', 'https://chat.whatsapp.com/-'],
  ['https://zoom.us/j/1234567890', 'https://zoom.us/-'],
  ['https://us02web.zoom.us/wc/1234567890/join', 'https://us02web.zoom.us/-'],
  ['https://meet.google.com/abc-defg-hij', 'https://meet.google.com/-'],
  ['https://teams.microsoft.com/l/meetup-join/19%3ameeting/0', 'https://teams.microsoft.com/-'],
  ['https://discord.gg/mills', 'https://discord.gg/-'],
  ['https://discord.com/invite/mills', 'https://discord.com/-'],
  ['https://t.me/+AbCdEfGhIjKl', 'https://t.me/-'],
  ['https://wa.me/491701234567', 'https://wa.me/-'],
  ['https://zoom.us/pricing', 'https://zoom.us/pricing'],
  ['https://www.google.com/mapsengine', 'https://www.google.com/mapsengine'],
  ['https://www.reddit.com/user/jane/comments/', 'https://www.reddit.com/user/-/comments/'],
  ['https://www.reddit.com/r/u_jane/comments/abc/', 'https://www.reddit.com/r/-/comments/abc/'],
])('%s', (raw, expected) => {
  expect(stripUrl(raw)?.url).toBe(expected)
})

it('does the same inside of texts, without a scheme too, and leaves nothing of an address behind', () => {
  for (const [text, expected] of [
    ['meet: chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv!', 'meet: chat.whatsapp.com/-!'],
    ['(www.google.com/maps/@48.1371079,11.5753822,15z)', '(www.google.com/maps)'],
    ["https://www.google.com/maps/place/48%C2%B008'13.6%22N/@48.1371079,11.5753822,15z here", 'https://www.google.com/maps here'],
    ['https://maps.google.com/maps/place/Home+(Bo)/@48.1371079,11.5753822', 'https://maps.google.com/maps'],
    ["see 'https://example.com/a?b=1', (https://example.com/c#d).", "see 'https://example.com/a', (https://example.com/c)."],
    [`https://example.com/a?${'b'.repeat(3000)}SECRET.`, 'https://example.com/a.'],
    ['example.com/a?b=1 and/or 1.5/2', 'example.com/a?b=1 and/or 1.5/2'],
  ])
    expect(stripUrlsIn(text as string).text).toBe(expected)
})

it('looks for people in the host as well, each label as a whole handle', () => {
  const people = new NameIndex([
    { pseudonym: 'P0', names: ['Jane Doe'], handles: ['janedoe'] },
    { pseudonym: 'P1', names: [], handles: ['hunter', 'instagram'] },
  ])
  const urlOf = (raw: string): string | undefined => stripUrl(raw, people)?.url
  expect(urlOf('https://janedoe.wordpress.com/a')).toBe('https://P0.wordpress.com/a')
  expect(urlOf('https://www.janedoe.com/a')).toBe('https://www.P0.com/a')
  expect(urlOf('https://jane-doe.example.org/')).toBe('https://P0.example.org/')
  expect(urlOf('https://hunter.example.org/hunter')).toBe('https://P1.example.org/P1')
  // a service that somebody follows is no person
  expect(urlOf('https://www.instagram.com/p/Cxyz/')).toBe('https://www.instagram.com/p/Cxyz/')
})

it('is not slowed down by texts made for that', () => {
  const before = process.cpuUsage()
  for (const unit of ["https://a.example/'", 'a.example/', 'maps.example/)', "https://maps.example/)'", '1.234,', 'a.a.'])
    expect(stripUrlsIn(unit.repeat(Math.ceil(60_000 / unit.length))).text.length).toBeLessThan(80_000)
  // a quadratic rule would take minutes
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10)
})
