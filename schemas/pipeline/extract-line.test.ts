import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extractLine } from './index.ts'

const text = 'The lower stone stays where it is, and the upper one turns, so that the grain between them is ground to flour.'
const line = (fields: object) => JSON.stringify({ id: 7, url: 'http://mill.example/a#top', html: `<p>${text}</p>`, ...fields })

describe('extractLine', () => {
  it('gives the record under its id', () => {
    const out = JSON.parse(extractLine(line({}))) as { id: number; record: { url: string; text: string } }
    expect(out.id).toBe(7)
    expect(out.record).toMatchObject({ url: 'http://mill.example/a', text })
    expect(JSON.parse(extractLine(line({ id: 'x' })))).toMatchObject({ id: 'x' })
    expect(JSON.parse(extractLine(line({ id: undefined })))).toMatchObject({ id: null })
  })

  it.each([
    ['', null, 'BAD_JSON'],
    ['{"id":1', null, 'BAD_JSON'],
    ['[]', null, 'BAD_LINE'],
    ['null', null, 'BAD_LINE'],
    [line({ id: { a: 1 } }), null, 'BAD_LINE'],
    [line({ url: 5 }), 7, 'BAD_LINE'],
    [line({ html: undefined }), 7, 'BAD_LINE'],
    [line({ url: 'nowhere' }), 7, 'BAD_URL'],
    [line({ url: 'file:///etc/passwd' }), 7, 'BAD_URL'],
    [line({ html: '<p>too short</p>' }), 7, 'TOO_SHORT'],
    [line({ html: '<div>'.repeat(1000) }), 7, 'TOO_DEEP'],
    [line({ html: `<meta name=robots content=noindex><p>${text}</p>` }), 7, 'NOINDEX'],
  ])('gives one error line for a bad one: %s', (bad, id, code) => {
    expect(JSON.parse(extractLine(bad))).toEqual({ id, error: { code, message: expect.any(String) as string } })
  })

  it('answers whatever a line holds with one line under an id', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 50 }),
          fc.jsonValue().map((value) => JSON.stringify(value)),
          fc.constant(line({})),
        ),
        (any) => {
          const out = extractLine(any)
          expect(out).not.toContain('\n')
          expect(Object.keys(JSON.parse(out) as object)[0]).toBe('id')
        },
      ),
      { numRuns: 500 },
    )
  })
})
