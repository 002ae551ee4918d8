import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../wire/index.ts'
import { activityEvent, type ActivityEvent } from './event.ts'
import { bandsOf, measureChunk, measureEvents, readEvents } from './measure.ts'

const event = (i: number, changes: Partial<ActivityEvent> = {}, object: Partial<ActivityEvent['object']> = {}): ActivityEvent =>
  activityEvent.parse({
    id: i.toString(16).padStart(32, '0'),
    type: 'View',
    time: `2025-0${1 + (i % 3)}-1${i % 7}`,
    actor: 'self',
    object: { kind: 'video', name: `How the mill of number ${i} grinds ${i * 7} kinds of corn`, ...object },
    source: i % 4 === 0 ? 'google-takeout' : 'netflix',
    ...changes,
  })
const many = (count: number, from = 0): ActivityEvent[] => Array.from({ length: count }, (_, i) => event(i + from))
const sameBands = (a: ActivityEvent[], b: ActivityEvent[]): number => {
  const known = new Set(bandsOf(b).map((band) => sha256Hex(band)))
  return bandsOf(a).filter((band) => known.has(sha256Hex(band))).length
}

describe('measures of events', () => {
  it('are these numbers: another number is another version', () => {
    expect(measureEvents(many(40))).toEqual({
      events: 40,
      tokens: 440,
      quality: 1_000_000,
      language: 'en',
      source: 'netflix',
      month: '2025-01',
    })
    expect(sha256Hex(...bandsOf(many(40)))).toBe('f36ac365cf2e2ae582423f3e79dc4ca97ee25be8f8a9959333af9a346447b205')
  })

  it.each([
    ['half without a time', (i: number) => (i % 2 ? event(i) : event(i, { time: undefined })), { quality: 833_333 }],
    ['all saying nothing', (i: number) => event(i, {}, { name: undefined }), { tokens: 0, quality: 583_333, language: 'und' }],
    ['one thing again and again', (i: number) => ({ ...event(0), id: i.toString(16).padStart(32, '0') }), { quality: 675_000 }],
    [
      'counting links, places and durations as one each',
      (i: number) => event(i, {}, { name: undefined, durationS: 7, place: { latE7: 1, lonE7: 2 } }),
      { tokens: 80 },
    ],
    ['without months', (i: number) => event(i, { time: undefined }), { month: null, quality: 666_666 }],
  ])('%s', (_name, make, row) => expect(measureEvents(Array.from({ length: 40 }, (_, i) => make(i)))).toMatchObject(row))

  it('do not depend on the order of fields', () => {
    const bare = event(1, {}, { name: undefined, durationS: 7 })
    const turned = Object.fromEntries(Object.entries(bare).toReversed()) as ActivityEvent
    expect(measureEvents([bare, { ...turned, id: event(2).id }]).quality).toBe(833_333)
    expect(sameBands([bare], [turned])).toBe(16)
  })

  it('are told in public with two binary digits of tokens, and in twentieths: another number is another version', () => {
    expect(measureChunk(many(40))).toEqual({ ...measureEvents(many(40)), tokens: 384 })
    expect(measureChunk(many(40), 'activity@1/1')).toEqual(measureEvents(many(40)))
    const half = Array.from({ length: 40 }, (_, i) => (i % 2 ? event(i) : event(i, { time: undefined })))
    expect(measureChunk(half).quality).toBe(800_000)
    const tokensOf = (words: number): number =>
      measureChunk([event(1, {}, { name: Array.from({ length: words }, (_, i) => `w${i}`).join(' ') })]).tokens
    expect([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13, 14, 100].map(tokensOf)).toEqual([1, 2, 3, 4, 6, 6, 8, 8, 12, 12, 12, 16, 96])
  })

  it('take the first of equals, whatever the order of events', () => {
    const mixed = [event(0), event(1)]
    expect(measureEvents(mixed)).toEqual(measureEvents(mixed.toReversed()))
    expect(measureEvents(mixed)).toMatchObject({ source: 'google-takeout', month: '2025-01' })
  })
})

describe('bands', () => {
  it('do not depend on order, ids, times or sources', () => {
    const again = many(100)
      .toReversed()
      .map((one, i) => ({ ...one, id: (i + 999).toString(16).padStart(32, '0'), time: '2024-01-01' }))
    expect(sameBands(many(100), again)).toBe(16)
  })

  it('are equal for most of what is nearly the same, and for nothing that is half the same', () => {
    expect(sameBands(many(1000), many(980))).toBeGreaterThan(8)
    expect(sameBands(many(1000), many(1000, 500))).toBe(0)
    expect(sameBands(many(1000), many(1000, 5000))).toBe(0)
  })

  it('tell people apart that count the same steps on other days', () => {
    const steps = (day: number) =>
      Array.from({ length: 60 }, (_, i) =>
        event(
          i,
          { time: `2025-03-${String(day + (i % 9)).padStart(2, '0')}` },
          { kind: 'steps', name: undefined, measure: { name: 'steps', value: String(i % 5), unit: 'count' } },
        ),
      )
    expect(sameBands(steps(1), steps(11))).toBeLessThan(2)
    expect(sameBands(steps(1), steps(1))).toBe(16)
  })

  it('tell people apart whose telephones counted or were somewhere in the same hours', () => {
    const hours = (each: (i: number) => Partial<ActivityEvent['object']>) =>
      Array.from({ length: 24 * 90 }, (_, i) =>
        event(
          i,
          {
            time: `2025-0${1 + Math.floor(i / 720)}-${String(1 + (Math.floor(i / 24) % 30)).padStart(2, '0')}T${String(i % 24).padStart(2, '0')}:00:00Z`,
          },
          { name: undefined, ...each(i) },
        ),
      )
    const steps = (person: number) =>
      hours((i) => ({ kind: 'steps', measure: { name: 'steps', value: String((i * 7919 + person * 104_729) % 4001), unit: 'count' } }))
    const places = (person: number) =>
      hours((i) => ({
        kind: 'position',
        place: { latE7: 520_000_000 + ((i * person * 31) % 60) * 100_000, lonE7: 130_000_000 + person * 100_000 },
      }))
    expect(sameBands(steps(1), steps(2))).toBeLessThan(2)
    expect(sameBands(places(1), places(2))).toBeLessThan(2)
    // the same person's later export, a tenth longer
    expect(sameBands(steps(1).slice(0, 1960), steps(1))).toBeGreaterThan(3)
  })
})

it.each<[string, string, string]>([
  ['no line end', '{}', 'no end'],
  ['no JSON', '{\n', 'not JSON'],
  ['an unknown field', `${JSON.stringify({ ...event(1), name: 'Anna' })}\n`, 'not an event'],
  ...[
    'https://mühle.example/',
    'https://mill.example/ä',
    'https://mill.example/?q=1',
    'ftp://mill.example/',
    'https://u@mill.example/',
  ].map((url): [string, string, string] => [
    `the link ${url}`,
    `${JSON.stringify({ ...event(1), object: { kind: 'page', url } })}\n`,
    'not an event: object.url',
  ]),
  ['an exact time', `${JSON.stringify({ ...event(1), time: '2025-01-01T10:01:02Z' })}\n`, 'not an event: time'],
])('reads no events from %s', (_, text, message) =>
  expect(readEvents(text)).toMatchObject({ ok: false, message: expect.stringContaining(message) as string }),
)

it.each([
  'https://mill.example',
  'http://xn--mhle-0ra.example:8080/a/b-%C3%A4~(1);v=2',
  'https://[2001:db8::1]/',
  'https://a_b.example./-',
])('reads the link %s', (url) =>
  expect(readEvents(`${JSON.stringify({ ...event(1), object: { kind: 'page', url } })}\n`)).toMatchObject({ ok: true }),
)

it('reads what is written', () => {
  const events = many(5)
  expect(readEvents(events.map((one) => `${JSON.stringify(one)}\n`).join(''))).toEqual({ ok: true, events })
})
