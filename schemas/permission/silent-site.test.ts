import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isSilentSite, siteOfTexts, trainDecision } from './index.ts'

const lines = [
  'User-agent: *',
  'User-agent: quern',
  'User-agent: GPTBot',
  'User-agent: other',
  'Disallow: /',
  'Disallow: /a',
  'Allow: /a',
  'Content-Usage: train-ai=n',
  'Content-Usage: /a train-ai=y',
  'Content-Signal: ai-train=no',
  'License: https://a.example/license.xml',
  'Crawl-delay: 1',
]
const robots = fc.array(fc.constantFrom(...lines), { maxLength: 5 }).map((chosen) => chosen.join('\n'))
const tdmrep = fc.constantFrom(undefined, undefined, undefined, '[{"location":"/a","tdm-reservation":1}]')
const aiTxt = fc.constantFrom(undefined, undefined, undefined, 'User-Agent: *\nDisallow: /')

it('a silent site decides nothing about any URL, and one that decides is not silent', () => {
  const seen = new Set<boolean>()
  fc.assert(
    fc.property(robots, tdmrep, aiTxt, fc.constantFrom('/', '/a', '/a/b?c'), (robotsText, tdmrepText, aiTxtText, place) => {
      const url = `https://a.example${place}`
      const site = siteOfTexts({ url, robots: robotsText, tdmrep: tdmrepText, aiTxt: aiTxtText })
      const { decision, signals, unread } = trainDecision({ url, agent: 'quern', site, headers: [], html: null })
      seen.add(isSilentSite(site))
      expect(isSilentSite(site) && (decision !== 'unknown' || signals.length > 0 || unread.length > 0)).toBe(false)
    }),
    { numRuns: 500 },
  )
  expect(seen.size).toBe(2)
})
