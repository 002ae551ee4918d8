import { describe, expect, it } from 'vitest'
import { corpus, digestOf, readGolden } from '../../tools/golden.ts'
import { pipelines } from './index.ts'

const golden = readGolden()
const pages = corpus()

describe.each([...pipelines])('%s', (id, pipeline) => {
  it('is in the golden corpus', () => expect(Object.keys(golden[id] ?? {})).toEqual(pages.map(({ name }) => name)))

  // where this fails, the output of a version that ledgers name has changed: give the pipeline a new version, keep the old one runnable
  it.each(pages)('still gives the same for $name', ({ name, exchange }) =>
    expect(digestOf(pipeline.run(exchange))).toBe(golden[id]?.[name]),
  )
})

it('keeps every version that was ever released', () => {
  expect([...pipelines.keys()]).toEqual(expect.arrayContaining(Object.keys(golden)))
})
