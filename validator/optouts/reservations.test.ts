import { expect, it } from 'vitest'
import { askSite } from '../../core/web/index.ts'
import { matchesUrl } from '../../schemas/permission/index.ts'
import { exchangeOf, ORIGIN } from '../../tests/unit/page-batch.ts'
import { pageReservation, siteReservations } from './reservations.ts'

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

it('says of a site what its files and its owner reserve, with what closes a page, and the page where nothing else covers it', async () => {
  const found = async (files: Record<string, string>, own: { domain: string; patterns: (string | null)[] }[] = [], url?: string) => {
    const asked = await askSite(ORIGIN, 'QuernBot', async ({ url: file }) => {
      const body = files[new URL(file).pathname]
      return exchangeOf(file, body ?? '', { status: body === undefined ? 404 : 200 })
    })
    const words = own.map((word) => ({ ...word, evidence: Uint8Array.of(1), at: 7 }))
    const all = siteReservations({ origin: ORIGIN, site: asked, own: words, agent: 'QuernBot', profile: 'standard', ...(url && { url }) })
    return all.map(({ host: domain, patterns }) => [domain, patterns])
  }
  const { host } = new URL(ORIGIN)
  const page = `${ORIGIN}/a/1`
  expect(await found({})).toEqual([])
  expect(await found({ '/.well-known/tdmrep.json': '[{"location":"/x/","tdm-reservation":1}]' })).toEqual([[host, ['/x/']]])
  expect(await found({ '/robots.txt': 'User-agent: *\nDisallow: /a/\n' })).toEqual([])
  expect(await found({ '/robots.txt': 'User-agent: *\nDisallow: /a/\n' }, [], page)).toEqual([[host, ['/a/']]])
  expect(await found({ '/robots.txt': 'User-agent: *\nDisallow: /\n' }, [{ domain: host, patterns: ['/y'] }], page)).toEqual([
    [host, [null]],
  ])
  expect(await found({}, [{ domain: 'example', patterns: ['/a/'] }], page)).toEqual([['example', ['/a/']]])
  expect(await found({}, [{ domain: host, patterns: ['/b/'] }], page)).toEqual([[host, ['/b/', '/a/1$']]])
})
