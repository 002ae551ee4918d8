import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonBytes } from './index.ts'

describe('jsonBytes', () => {
  const encoded = (text: string): Uint8Array => new TextEncoder().encode(text)

  it('is the UTF-8 of its parts in a row', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 }), fc.string())
    fc.assert(
      fc.property(fc.array(text.map((one) => JSON.stringify(one))), (parts) => {
        expect(jsonBytes(...parts)).toEqual(encoded(parts.join('')))
      }),
    )
  })

  it('takes text that is no Unicode as JSON writes it', () => {
    expect(jsonBytes(JSON.stringify('\ud800 \udc00'))).toEqual(encoded('"\\ud800 \\udc00"'))
  })

  it('takes text of any length, and keeps nothing of one for the next', () => {
    const long = JSON.stringify('Zürich — 水 🌾'.repeat(20_000))
    const first = jsonBytes('{"a":', long, '}')
    expect(first).toEqual(encoded(`{"a":${long}}`))
    const short = jsonBytes('"水"')
    jsonBytes('"fire"')
    expect(short).toEqual(encoded('"水"'))
    expect(jsonBytes()).toEqual(new Uint8Array())
  })
})
