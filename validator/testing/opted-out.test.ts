import { expect, it } from 'vitest'
import type { EpochResult, LedgerState } from '../../dao/ledger/index.ts'
import { optedOutBefore } from './opted-out.ts'

it('holds an opt-out against a page only where it lay in the log before the earliest gathering that the page may come from', () => {
  const results = [0, 1, 2].map((epoch) => ({ epoch, cut: epoch * 100 + 50 }) as EpochResult)
  const at = (index: number, pattern: string | null = null) =>
    ({ index, domain: 'gone.example', pattern }) as LedgerState['optouts'][number]
  const url = 'https://www.gone.example/private/1'
  const isClosed = (index: number, gathered: number, pattern: string | null = null): boolean =>
    optedOutBefore({ results, optouts: [at(index, pattern)] })(gathered)(url, 'page')
  expect(isClosed(149, 3)).toBe(true)
  expect(isClosed(150, 3)).toBe(false)
  expect(isClosed(149, 2)).toBe(false)
  expect(isClosed(0, 1)).toBe(false)
  expect(isClosed(149, 3, '/private/')).toBe(true)
  expect(isClosed(149, 3, '/other/')).toBe(false)
  expect(optedOutBefore({ results, optouts: [at(1)] })(3)('https://here.example/', 'page')).toBe(false)
})

it('holds it against a rule file only where all of the host had opted out', () => {
  const results = [{ epoch: 1, cut: 150 }] as EpochResult[]
  const closes = (...optouts: LedgerState['optouts']): boolean =>
    optedOutBefore({ results, optouts })(3)('https://gone.example/robots.txt', 'rules')
  const part = { index: 1, domain: 'gone.example', pattern: '/' } as LedgerState['optouts'][number]
  expect(closes(part)).toBe(false)
  expect(closes(part, { ...part, index: 150, pattern: null })).toBe(false)
  expect(closes(part, { ...part, index: 149, pattern: null })).toBe(true)
})
