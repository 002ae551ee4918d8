/** Whatever a stranger's server sends is read, refused with a code, or left alone: it never throws anything else, and no reading grows beyond its limits. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Exchange, requestHead, responseHead } from '../../schemas/evidence/index.ts'
import { parseResponseHead } from '../../schemas/evidence/http-head.ts'
import { mayFetch, parseRobots } from '../../schemas/permission/index.ts'
import { decodeHtml } from '../../schemas/pipeline/index.ts'
import { extractWebPage } from '../../schemas/web-page/index.ts'
import { utf8, WireError } from '../../schemas/wire/index.ts'
import { readSitemap } from './sitemap.ts'

const URL_OF = 'http://a.example/page'
const exchangeOf = (body: Uint8Array, headers: [string, string][]): Exchange => ({
  url: URL_OF,
  status: 200,
  headers,
  requestHead: requestHead(URL_OF, []),
  responseHead: responseHead(200, 'OK', headers),
  body,
  fetchedAt: 0,
  remoteAddress: null,
  truncated: false,
})

/** What was read; undefined where it was refused, and nothing but a WireError may refuse. */
async function read<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof WireError) return undefined
    throw thrown
  }
}

/** Pieces that mean something, and what should not stand between them. */
const from = (...pieces: string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) }),
      {
        maxLength: 40,
      },
    )
    .map((all) => all.join(''))

describe('a sitemap', () => {
  const text = from(
    '<?xml version="1.0"?>',
    '<!DOCTYPE urlset [<!ENTITY a "http://a.example/&a;">]>',
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
    '<sitemapindex>',
    '<url><loc>',
    '<sitemap><loc>',
    'http://a.example/1',
    '&amp;',
    '&a;',
    '<![CDATA[http://a.example/2]]>',
    '</loc></url>',
    '</loc>',
    '</urlset>',
    '<image:image><image:loc>',
    '\nhttps://b.example/x\r\n',
    ' ',
  )

  it('gives addresses or a WireError', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('plain', 'gzip', 'encoded', 'cut', 'lying'), async (list, how) => {
        const packed = new Uint8Array(gzipSync(list))
        const body = how === 'plain' || how === 'lying' ? utf8(list) : how === 'cut' ? packed.subarray(0, packed.length - 9) : packed
        const headers: [string, string][] = how === 'encoded' || how === 'lying' ? [['Content-Encoding', 'gzip']] : []
        const urls = (await read(() => readSitemap(exchangeOf(body, headers))))?.urls ?? []
        expect(urls.length).toBeLessThanOrEqual(50_000)
        for (const url of urls) expect(url).toMatch(/^https?:\/\/\S?/i)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a page in whatever charset', () => {
  const labels =
    'utf-8 utf-16 utf-16le utf-16be windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 windows-874 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 koi8-r koi8-u macintosh x-mac-cyrillic ibm866 gbk gb18030 big5 euc-jp iso-2022-jp shift_jis euc-kr replacement x-user-defined unheard-of'.split(
      ' ',
    )

  it.each(labels)('is decoded: %s', (label) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isMeta) => {
        const tag = utf8(`<meta charset="${label}">`)
        const body = isMeta ? new Uint8Array([...tag, ...bytes]) : bytes
        const { text, charset } = decodeHtml(body, isMeta ? null : `text/html; charset=${label}`)
        expect(typeof charset).toBe('string')
        // no decoder makes more than two units of one byte
        expect(text.length).toBeLessThanOrEqual(2 * body.length + 2)
        // the same bytes are the same text, also a second time: nothing is kept between two pages
        expect(decodeHtml(body, isMeta ? null : `text/html; charset=${label}`).text).toBe(text)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the head of an answer', () => {
  const head = from(
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 99999 x\r\n',
    'HTTP/2 200\r\n',
    'Content-Type: text/html\r\n',
    'Set-Cookie : a=b\r\n',
    ' folded\r\n',
    ': nothing\r\n',
    'X\u0000Y: z\r\n',
    'Location: /\u00e9\u009b\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
  )

  it('is read, or refused with a WireError', async () => {
    await fc.assert(
      fc.asyncProperty(head, async (text) => {
        const { status, headers } = (await read(() => parseResponseHead(new Uint8Array(Buffer.from(text, 'latin1'))))) ?? {
          status: 0,
          headers: [],
        }
        expect(status).toBeLessThan(1000)
        for (const [name, value] of headers) expect(`${name}${value}`).not.toMatch(/[\r\n]/)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('structured data in a page', () => {
  const json = fc.jsonValue({ maxDepth: 6 }).map((value) => JSON.stringify(value))
  const graph = fc
    .record({
      '@type': fc.constantFrom('Article', 'Recipe', 'x'),
      headline: fc.string(),
      author: fc.jsonValue(),
      datePublished: fc.string(),
    })
    .map((value) => JSON.stringify({ '@context': 'https://schema.org', '@graph': [value, [value]] }))
  const microdata = from(
    '<div itemscope itemtype="https://schema.org/Article">',
    '<div itemscope itemprop="author" itemref="a b">',
    '<span itemprop="name headline">',
    '<time itemprop=datePublished datetime="2024-13-45">',
    '<meta itemprop=price content="-1e999">',
    '<a itemprop=url href="http://[">',
    '<p id=a itemprop="text">',
    '</div>',
    '</span>',
  )

  it('is read as far as it goes, and the page gives a record or a WireError', async () => {
    const linked = fc.oneof(json, graph, from('{', '}', '[', ']', '"@type":', '"a"', ',', '<!--', '</script'))
    await fc.assert(
      fc.asyncProperty(linked, microdata, async (ld, items) => {
        const text = 'A plain sentence of some length. '.repeat(5)
        const html = `<title>t</title><script type="application/ld+json">${ld}</script><article><p>${text}</p>${items}</article>`
        const bytes = (await read(() => extractWebPage(html, URL_OF)))?.bytes ?? utf8(JSON.stringify({ url: URL_OF }))
        expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({ url: URL_OF })
        expect(bytes.byteLength).toBeLessThan(2 << 20)
      }),
      { numRuns: 500 },
    )
  })
})

describe('robots.txt', () => {
  const file = from(
    'User-agent: *\n',
    'User-agent: quern\n',
    'USER-AGENT:quern/1.0\r\n',
    'Disallow: /\n',
    'Disallow:\n',
    'Allow: /*a$\n',
    'Disallow: /%2F%zz*\n',
    'Crawl-delay: 1e9\n',
    'Crawl-delay: -1\n',
    'Content-Usage: /a train-ai=n\n',
    'Sitemap: http://[\n',
    'License: \n',
    '\ufeff',
    '\u0000',
    '# ',
    ': :\n',
    '\r',
  )

  it('answers for every address, and the same for the same', () => {
    fc.assert(
      fc.property(file, fc.webUrl({ withQueryParameters: true }), (text, url) => {
        const robots = parseRobots(text)
        const found = mayFetch(robots, 'Quern', url)
        expect(mayFetch(parseRobots(text), 'quern', url)).toEqual(found)
        // a decision names its line, or nothing was decided and all is open
        const line = found.line === null ? 'allow' : text.split(/\r\n|\r|\n/)[found.line - 1]
        expect(line?.toLowerCase().split(/[:#]/, 1)[0]?.trim()).toBe(found.allowed ? 'allow' : 'disallow')
      }),
      { numRuns: 2000 },
    )
  })
})
