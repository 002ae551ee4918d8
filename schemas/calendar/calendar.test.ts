import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dayNumber, dayOf, isoOf, secondsOf } from './calendar.ts'

it('counts days as the calendar does', () => {
  fc.assert(
    fc.property(fc.integer({ min: -700_000, max: 2_900_000 }), (day) => {
      expect(dayNumber(...dayOf(day))).toBe(day)
      const iso = new Date(day * 86_400_000).toISOString()
      const inRange = /^\d{4}-/.test(iso) && !iso.startsWith('0000')
      expect(isoOf(day * 86_400)).toBe(inRange ? iso.replace('.000', '') : null)
    }),
  )
  expect(secondsOf('2026-03-01T09:20:30Z')).toBe(Date.UTC(2026, 2, 1, 9, 20, 30) / 1000)
})
