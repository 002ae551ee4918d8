import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWeb, type Web } from '../../core/web/index.ts'
import { decodeBody } from '../../schemas/evidence/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { loadContent } from './content.ts'
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

  it('has enough pages, in enough languages, of many lengths', () => {
    const pages = loadContent()
    expect(pages.length).toBeGreaterThanOrEqual(150)
    expect([...new Set(pages.map(({ language }) => language))].toSorted()).toEqual('ar cs de en es fr it ja nl pl pt ru sv zh'.split(' '))
    expect(new Set(pages.map(({ host, path }) => host + path)).size).toBe(pages.length)
    const lengths = pages.map(({ text }) => text.length)
    expect(Math.min(...lengths)).toBeLessThan(300)
    expect(Math.max(...lengths)).toBeGreaterThan(2000)
  })

  it('links to nothing that is not there, but for one 404 on purpose', async () => {
    const pages = loadContent()
    const known = new Set(pages.map(({ host, path }) => `${host}:${path}`))
    const missing = pages.flatMap(({ host, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => (match[1] as string).replace(/^\//, `${host}:/`))
        .filter((target) => !/^(https?|ftp):/.test(target) && !target.endsWith(':/') && !known.has(target)),
    )
    const answers = await Promise.all(missing.map(async (target) => [target, (await web.get(site.url(target))).status]))
    expect(answers.filter(([, status]) => status === 404)).toEqual([['docs:/guide/nothing-here', 404]])
  })

  it('serves pages in old character sets, and one under a wrong name', async () => {
    const read = async (target: string): Promise<string> => {
      const exchange = await web.get(site.url(target))
      const charset = /charset=(\S+)/.exec(exchange.headers.find(([name]) => name === 'content-type')?.[1] ?? '')?.[1] ?? ''
      return iconv.decode(Buffer.from(exchange.body), charset)
    }
    expect(await read('intl:/ja/手打ち蕎麦')).toContain('材料は四人分')
    expect(await read('intl:/cs/mlýn-u-tří-vrb')).toContain('stavidlo na druhém konci náhonu')
    expect(await read('intl:/ru/ржаные-лепёшки')).toContain('чугунной сковороде')
    expect(await read('intl:/zh/手擀面')).toContain('石磨的面粉颜色有点黄')
    expect(await read('intl:/es/preguntas-del-molino')).toContain('Â¿Puedo llevar')
  })

  it('answers every seed with a front page that links on', async () => {
    for (const url of site.urls) {
      const exchange = await web.get(url)
      expect(exchange.status, url).toBe(200)
      expect(new TextDecoder().decode(decodeBody(exchange, 1 << 20)), url).toContain('href="http')
    }
    expect(site.requests.length).toBeGreaterThanOrEqual(site.urls.length)
    expect(site.requests.at(-1)?.userAgent).toBe('Quern-test/1')
  })
})
