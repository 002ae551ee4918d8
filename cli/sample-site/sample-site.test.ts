import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWeb, type Web } from '../../core/web/index.ts'
import { decodeBody } from '../../schemas/evidence/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { type SampleSite, serveSampleSite } from './index.ts'

let site: SampleSite
let web: Web
beforeAll(async () => {
  site = await serveSampleSite({ slowMs: 20 })
  web = await openWeb({ clock: realClock, userAgent: 'Quern-test/1', hosts: site.hosts, allowPrivate: site.allowPrivate })
})
afterAll(async () => {
  await web[Symbol.asyncDispose]()
  await site.close()
})

const get = async (target: string): Promise<{ status: number; text: string; header: (name: string) => string | undefined }> => {
  const exchange = await web.get(site.url(target))
  const header = (name: string): string | undefined => exchange.headers.find(([key]) => key.toLowerCase() === name)?.[1]
  return { status: exchange.status, text: new TextDecoder().decode(decodeBody(exchange, 8 << 20)), header }
}

describe('the sample site', () => {
  it('answers every seed with a front page that links on', async () => {
    for (const url of site.urls) {
      const exchange = await web.get(url)
      expect(exchange.status, url).toBe(200)
      expect(new TextDecoder().decode(decodeBody(exchange, 1 << 20)), url).toContain('href="http')
    }
    expect(site.requests.length).toBeGreaterThanOrEqual(site.urls.length)
    expect(site.requests.at(-1)?.userAgent).toBe('Quern-test/1')
  })

  it('has its oddities', async () => {
    expect((await get('blog:/loop/here')).header('location')).toBe(site.url('blog:/loop/there'))
    expect((await get('docs:/huge')).text.length).toBeGreaterThan(1_500_000)
    expect((await get('docs:/press-kit.pdf')).header('content-type')).toBe('application/pdf')
    expect((await get('shop:/nowhere')).status).toBe(404)
    expect((await get('forum:/busy')).status).toBe(429)
    expect((await get('forum:/busy')).status).toBe(200)
    expect((await get('flaky:/robots.txt')).status).toBe(503)
    expect((await get('docs:/robots.txt')).text).toContain(`Sitemap: ${site.url('docs:/sitemap.xml')}`)
  })
})
