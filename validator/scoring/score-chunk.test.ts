import { describe, expect, it } from 'vitest'
import { type ActivityEvent, activityEvent, FINEST_RULES, measureChunk } from '../../schemas/activity/index.ts'
import { findSpans, placeholder, replaceSpans } from '../../schemas/redact/index.ts'
import { canonicalJson, type EventRules, type PoolIndexRow, utf8 } from '../../schemas/wire/index.ts'
import { labelledSet } from '../../tests/support/labelled-set.ts'
import { latestMonth, scorePoolChunk } from './index.ts'

const event = (i: number, changes: Partial<ActivityEvent> = {}, object: Partial<ActivityEvent['object']> = {}): ActivityEvent =>
  activityEvent.parse({
    id: (i + 1).toString(16).padStart(32, '0'),
    type: 'Listen',
    time: `2025-0${1 + (i % 3)}-1${i % 7}T0${(i * i) % 10}:00:00Z`,
    actor: 'self',
    object: { kind: 'track', name: `The miller's song, part ${i}`, ...object },
    source: 'spotify',
    ...changes,
  })
const many = (count: number): ActivityEvent[] => Array.from({ length: count }, (_, i) => event(i))
const timeless = (count: number): ActivityEvent[] => many(count).map(({ time: _time, ...rest }) => rest)
const lines = (events: object[]): string => events.map((one) => `${canonicalJson(one)}\n`).join('')

interface Changes {
  text?: string
  plain?: Uint8Array
  row?: Partial<PoolIndexRow>
  seen?: string[]
  now?: string
  rules?: Partial<EventRules>
}
function scored(events: ActivityEvent[], { text = lines(events), plain, row, seen = [], now = '2025-06', rules }: Changes = {}) {
  return scorePoolChunk({
    plain: plain ?? utf8(text),
    row: { ...measureChunk(events), ...row },
    manifest: { from: '2025-01', to: '2025-03' },
    rules: { ...FINEST_RULES, ...rules },
    now,
    seen: new Set(seen),
  })
}

describe('a chunk', () => {
  it('passes when it is what its index says', () => expect(scored(many(50))).toEqual({ check: null }))

  it.each<[string, string, string, ActivityEvent[], Changes?]>([
    ['no text', 'D1', 'NOT_TEXT', many(2), { plain: Uint8Array.of(0xff, 0xfe) }],
    ['no events', 'D1', 'NOT_EVENTS', many(2), { text: '{"a":1}\n' }],
    ['a line without its end', 'D1', 'NOT_EVENTS', many(2), { text: lines(many(2)).trimEnd() }],
    ['another spelling', 'D1', 'NOT_CANONICAL', many(2), { text: lines(many(2)).replace('":', '": ') }],
    ['half a character', 'D1', 'NOT_CANONICAL', many(1), { text: lines(many(1)).replace('song', String.raw`\ud800`) }],
    ['more events than its row', 'D1', 'ROW_EVENTS', many(2), { text: lines(many(3)) }],
    ['fewer words than its row', 'D1', 'ROW_TOKENS', many(2), { row: { tokens: 1_000 } }],
    ['worse quality than its row', 'D1', 'ROW_QUALITY', timeless(4), { row: { quality: 999_999 } }],
    ['another language', 'D1', 'ROW_LANGUAGE', many(40), { row: { language: 'de' } }],
    ['another source', 'D1', 'ROW_SOURCE', many(4), { row: { source: 'netflix' } }],
    ['another month', 'D1', 'ROW_MONTH', many(4), { row: { month: '2025-02' } }],
    ['an event before the first month', 'D4', 'DATE_OUTSIDE', [event(0), event(1, { time: '2024-12-31' })]],
    ['an event after the last month', 'D4', 'DATE_OUTSIDE', [event(0), event(1, { time: '2025-04-01' })]],
    ['an event that is yet to come', 'D4', 'DATE_FUTURE', many(3), { now: '2025-02' }],
    ['an event twice', 'D6', 'REPEATED', [event(0), event(1), event(0)]],
    ['an event of another chunk', 'D6', 'REPEATED', many(3), { seen: [event(2).id] }],
    ['a place to the metre', 'D7', 'PLACE_TOO_FINE', [event(0, {}, { place: { latE7: 533_498_123, lonE7: -62_600_000 } })]],
    [
      'a place finer than the pool takes',
      'D7',
      'PLACE_TOO_FINE',
      [event(0, {}, { place: { latE7: 533_500_000, lonE7: -62_000_000 } })],
      { rules: { placeDecimals: 1 } },
    ],
    [
      'any place where the pool takes none',
      'D7',
      'PLACE_TOO_FINE',
      [event(0, {}, { place: { latE7: 0, lonE7: 0 } })],
      { rules: { placeDecimals: null } },
    ],
    ['the hour where the pool takes days', 'D7', 'TIME_TOO_FINE', many(3), { rules: { time: 'day' } }],
    ['a kind of event that the pool does not take', 'D7', 'TYPE_NOT_TAKEN', many(3), { rules: { types: ['View'] } }],
    ['a field that the pool does not take', 'D7', 'FIELD_NOT_TAKEN', many(3), { rules: { fields: ['text'] } }],
    [
      'where it happened, which the pool does not take',
      'D7',
      'FIELD_NOT_TAKEN',
      [event(0, { context: 'a conversation' })],
      { rules: { fields: ['name', 'durationS'] } },
    ],
    ['a mail address', 'D7', 'LEFT_EMAIL', [event(0, {}, { name: 'write to jane.doe@mill.example' })]],
    ['a card in a text', 'D7', 'LEFT_CARD', [event(0, {}, { text: 'my card is 4111 1111 1111 1111' })]],
    ['an account number in a context', 'D7', 'LEFT_IBAN', [event(0, { context: 'DE89 3704 0044 0532 0130 00' })]],
  ])('fails with %s', (_, check, code, events, changes) => expect(scored(events, changes)).toEqual({ check, code }))

  it('passes with what the rules allow, to the last of it', () => {
    const place = { latE7: -337_000_000, lonE7: 1_800_000_000 }
    const events = [event(0, { time: '2025-02-03' }, { place }), event(1, { time: '2025-02-04' })]
    expect(scored(events, { rules: { time: 'day', placeDecimals: 1, types: ['Listen'], fields: ['name', 'place'] } })).toEqual({
      check: null,
    })
  })

  it.each<[string, ActivityEvent[]]>([
    ['events without a time', timeless(40)],
    [
      'days instead of hours, one each',
      Array.from({ length: 28 }, (_, i) => event(i, { time: `2025-02-${String(i + 1).padStart(2, '0')}` })),
    ],
    [
      'what another version of the rules may call a number, a handle or a key',
      [event(0, {}, { text: '[secret]@ex.com7x and 030/[national-id] or call +49 30 901820' })],
    ],
    ['letters that another engine may not know', [event(0, {}, { text: '\u1c89jane.doe@mill.example' })]],
    [
      'placeholders and pseudonyms',
      [event(0, { context: 'P12' }, { name: '[email] and [phone] of P7', text: 'call [national-id] or @[handle]' })],
    ],
  ])('passes with %s', (_, events) => expect(scored(events)).toEqual({ check: null }))

  it('says nothing of what is inside', () => {
    const secret = 'jane.doe@mill.example'
    expect(JSON.stringify(scored([event(0, {}, { name: secret })]))).not.toContain('jane')
  })
})

it('finds nothing in what redaction left of sentences in many languages', () => {
  const again = labelledSet(7, 2000).flatMap(({ text }) => {
    const left = replaceSpans(text, findSpans(text), placeholder)
    return findSpans(left).length === 0 ? [] : [left]
  })
  expect(again).toEqual([])
})

it('takes what is made a day ahead of a slow clock', () => {
  expect(latestMonth(Date.parse('2025-01-31T01:00:00Z'))).toBe('2025-02')
  expect(latestMonth(Date.parse('2025-01-30T23:00:00Z'))).toBe('2025-01')
})
