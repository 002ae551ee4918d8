import { expect, it } from 'vitest'
import { askSite } from '../../core/web/index.ts'
import { matchesUrl } from '../../schemas/permission/index.ts'
import { exchangeOf, ORIGIN } from '../../tests/unit/page-batch.ts'
import { pageReservation } from './page-reservation.ts'

const site = await askSite(ORIGIN, 'QuernBot', async ({ url }) => exchangeOf(url, '', { status: 404 }))
const reservationOf = (path: string) => pageReservation({ url: ORIGIN + path, site, hops: [], exchange: exchangeOf(ORIGIN + path, 'x') })

it('covers the page alone, whatever stands in its address', () => {
  for (const [page, other] of [
    ['/wiki/*', '/wiki/a'],
    ['/*', '/a'],
    ['/~bob*', '/~bobby'],
    ['/a?q=*', '/a?q=1'],
    ['/a$', '/a'],
    ['/a', '/ab'],
  ] as const) {
    const [pattern = ''] = reservationOf(page)?.patterns ?? []
    expect(matchesUrl(pattern as string, ORIGIN + page), page).toBe(true)
    expect(matchesUrl(pattern as string, ORIGIN + other), page).toBe(false)
  }
})

it('says nothing of an address too long to be named whole', () => {
  expect(reservationOf(`/${'a'.repeat(1022)}`)?.patterns).toEqual([`/${'a'.repeat(1022)}$`])
  expect(reservationOf(`/${'a'.repeat(1023)}`)).toBeUndefined()
})
