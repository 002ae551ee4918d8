import fc from 'fast-check'
import { expect, it } from 'vitest'
import { applyCaps } from './caps.ts'

interface Row {
  host: string
  who: string
  tokens: number
}
const capsOf = (host: number, who: number) => [
  { keyOf: (row: Row) => row.host, capPpm: host },
  { keyOf: (row: Row) => row.who, capPpm: who },
]

const rowsOf = (count: number, host: string): Row[] => Array.from({ length: count }, () => ({ host, who: 'a', tokens: 1 }))

it('keeps every group within its part of what stays, not of what was there', () => {
  const rows: Row[] = [...rowsOf(80, 'big'), ...rowsOf(10, 'b'), ...rowsOf(10, 'c')]
  const { kept, taken } = applyCaps(rows, capsOf(500_000, 1_000_000))
  expect(kept).toHaveLength(40)
  expect(kept.filter((row) => row.host === 'big')).toHaveLength(20)
  expect(taken[0]).toHaveLength(60)
})

it('lets what came first stay', () => {
  const rows: Row[] = Array.from({ length: 10 }, (_, i) => ({ host: i < 8 ? 'big' : `small-${i}`, who: String(i), tokens: 1 }))
  expect(applyCaps(rows, capsOf(500_000, 1_000_000)).kept.map((row) => row.who)).toEqual(['0', '1', '8', '9'])
})

it('leaves nothing where no release could satisfy the cap', () => {
  expect(applyCaps([{ host: 'only', who: 'a', tokens: 5 }], capsOf(1_000, 1_000_000)).kept).toEqual([])
})

it('holds both caps literally, loses no row and ends, on any input', () => {
  const row = fc.record({ host: fc.constantFrom('a', 'b', 'c', 'd', 'e'), who: fc.constantFrom('x', 'y', 'z'), tokens: fc.nat(5000) })
  const cap = fc.constantFrom(100_000, 250_000, 334_000, 500_000, 999_999, 1_000_000)
  fc.assert(
    fc.property(fc.array(row, { maxLength: 200 }), cap, cap, (rows, hostPpm, whoPpm) => {
      const { kept, taken } = applyCaps(rows, capsOf(hostPpm, whoPpm))
      expect(kept.length + (taken[0]?.length ?? 0) + (taken[1]?.length ?? 0)).toBe(rows.length)
      const total = kept.reduce((sum, one) => sum + one.tokens, 0)
      for (const [keyOf, ppm] of [[(one: Row) => one.host, hostPpm] as const, [(one: Row) => one.who, whoPpm] as const])
        for (const [, group] of Map.groupBy(kept, keyOf))
          expect(group.reduce((sum, one) => sum + one.tokens, 0) * 1_000_000).toBeLessThanOrEqual(total * ppm)
    }),
  )
})
