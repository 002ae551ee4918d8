import { expect, it } from 'vitest'
import { exchangeOf, htmlOf, ORIGIN } from '../../tests/unit/page-batch.ts'
import { CURRENT_PIPELINE, runPipeline } from '../../schemas/pipeline/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import { judgeRefetch } from './index.ts'

const rules = {
  testing: {
    committee: 21,
    draws: 40,
    sameLanes: 64,
    containmentPpm: 700_000,
    sentencePpm: 600_000,
    evidenceOfPassesPpm: 0,
    quorumPpm: 600_000,
  },
}

function recordOf(html: string): Uint8Array {
  const result = runPipeline(CURRENT_PIPELINE, exchangeOf(`${ORIGIN}/page`, html))
  if (!result.ok) throw new Error(result.error.code)
  return result.measured.record
}

it('passes a page that changed a little, fails one that says something else', () => {
  const page = htmlOf('Aldbury')
  const dated = page.replace('</article>', '<p>Last seen on a Tuesday by three visitors from the coast.</p></article>')
  expect(judgeRefetch(rules, recordOf(page), recordOf(page))).toBe(true)
  expect(judgeRefetch(rules, recordOf(page), recordOf(dated))).toBe(true)
  const other = `<html><body><article><p>${'An entirely different account of bridges, tolls and the ferrymen who resent them both. '.repeat(5)}</p></article></body></html>`
  expect(judgeRefetch(rules, recordOf(page), recordOf(other))).toBe(false)
})

it('is asked by the charter how near is near enough', () => {
  const page = recordOf(htmlOf('Aldbury'))
  const other = recordOf(htmlOf('Zennor'))
  const strict = { testing: { ...rules.testing, sameLanes: 128, containmentPpm: 1_000_000, sentencePpm: 1_000_000 } }
  const lax = { testing: { ...rules.testing, sameLanes: 0 } }
  expect(judgeRefetch(strict, page, other)).toBe(false)
  expect(judgeRefetch(lax, page, other)).toBe(true)
})

it('takes nothing that is no record for the same', () => {
  const page = recordOf(htmlOf('Aldbury'))
  expect(judgeRefetch(rules, page, utf8('{}'))).toBe(false)
  expect(judgeRefetch(rules, utf8('{'), page)).toBe(false)
})
