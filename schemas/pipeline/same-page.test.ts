import { expect, it } from 'vitest'
import { exchangeOf, htmlOf, ORIGIN } from '../../tests/unit/page-batch.ts'
import { testCharter } from '../../tests/support/charter.ts'
import { CURRENT_PIPELINE, isSamePage, runPipeline } from './index.ts'

const { testing, selectors } = testCharter({
  testing: { sameLanes: 64, containmentPpm: 700_000, sentencePpm: 600_000 },
})

function resultOf(html: string) {
  const result = runPipeline(CURRENT_PIPELINE, exchangeOf(`${ORIGIN}/page`, html))
  if (!result.ok) throw new Error(result.error.code)
  return result
}
const isSame = (before: string, now: string, rules = testing): boolean =>
  isSamePage({ testing: rules, selectors }, CURRENT_PIPELINE, resultOf(before).measured.record, resultOf(now))

it('passes a page that changed a little, fails one that says something else', () => {
  const page = htmlOf('Aldbury')
  const dated = page.replace('</article>', '<p>Last seen on a Tuesday by three visitors from the coast.</p></article>')
  expect(isSame(page, page)).toBe(true)
  expect(isSame(page, dated)).toBe(true)
  const other = `<html><body><article><p>${'An entirely different account of bridges, tolls and the ferrymen who resent them both. '.repeat(5)}</p></article></body></html>`
  expect(isSame(page, other)).toBe(false)
})

it('is asked by the charter how near is near enough', () => {
  const [page, other] = [htmlOf('Aldbury'), htmlOf('Zennor')]
  expect(isSame(page, other, { ...testing, sameLanes: 128, containmentPpm: 1_000_000, sentencePpm: 1_000_000 })).toBe(false)
  expect(isSame(page, other, { ...testing, sameLanes: 0 })).toBe(true)
})
