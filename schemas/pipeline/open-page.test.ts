import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { corpus } from '../../tools/golden.ts'
import fc from 'fast-check'
import type { Exchange } from '../evidence/index.ts'
import { MAX_RSL_BYTES, pageSignals } from '../permission/index.ts'
import { CURRENT_PIPELINE, openPage, pipelines, signalsOfPage } from './index.ts'

const folder = path.join(import.meta.dirname, '..', 'web-page', 'fixtures')
const pages = readdirSync(folder).filter((name) => name.endsWith('.html'))
const [template] = corpus()
const exchangeWith = (html: string, url = 'http://mill.example/a/b.html'): Exchange => {
  if (template === undefined) throw new Error('the corpus is empty')
  return {
    ...template.exchange,
    url,
    headers: [['Content-Type', 'text/html; charset=utf-8']],
    body: new Uint8Array(Buffer.from(html)),
  }
}
const open = (html: string, url?: string) => openPage(exchangeWith(html, url))

const BLANKS = ' '.repeat(10)

describe('openPage', () => {
  it.each(corpus())('runs to the same result as the pipeline alone: $name', ({ exchange }) => {
    expect(openPage(exchange).run(CURRENT_PIPELINE)).toEqual(pipelines.get(CURRENT_PIPELINE)?.run(exchange))
  })

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
  ] as const)('runs to the same result as the pipeline alone: %s', (coding, pack) => {
    const plain = exchangeWith(readFileSync(path.join(folder, 'documentation.html'), 'utf8'))
    const packed = { ...plain, headers: [...plain.headers, ['Content-Encoding', coding] as [string, string]], body: pack(plain.body) }
    const alone = pipelines.get(CURRENT_PIPELINE)?.run(packed)
    expect(alone?.ok).toBe(true)
    expect(openPage(packed).runOnce(CURRENT_PIPELINE)).toEqual(alone)
    expect(openPage(packed).runOnce(CURRENT_PIPELINE)).toEqual(openPage(plain).runOnce(CURRENT_PIPELINE))
    const cut = { ...packed, body: packed.body.subarray(0, 20) }
    expect(openPage(cut).runOnce(CURRENT_PIPELINE)).toEqual(pipelines.get(CURRENT_PIPELINE)?.run(cut))
  })

  it('gives the same result when asked twice', () => {
    const html = readFileSync(path.join(folder, 'documentation.html'), 'utf8')
    const page = open(html)
    const weights = { qualityWeights: { words: 1_000_000 } }
    expect(page.run(CURRENT_PIPELINE, weights)).toEqual(open(html).run(CURRENT_PIPELINE, weights))
  })

  it.each(pages)('sees what permission reads: %s', (name) => {
    const html = readFileSync(path.join(folder, name), 'utf8')
    expect(open(html).facts?.signals).toEqual(pageSignals(html))
  })

  // the crawler decides by these, whoever replays the evidence by those: a page they read differently would void an honest batch
  it('sees what permission reads in whatever comes', () => {
    const piece = fc.constantFrom(
      '<meta name=robots content=noai>',
      '<META NAME="TDM-Reservation" CONTENT=1>',
      "<meta content='x' name=' QuernBot '>",
      '<meta name=robots>',
      '<meta content=noai>',
      '<meta name="a" name="robots" content="noai">',
      '<meta name="robots" content="no&#97;i &amp; more"/>',
      '<link rel="License nofollow" type="application/rsl+xml; charset=utf-8" href=" /l.xml ">',
      '<link rel=license href=/l.xml>',
      '<link rel="alternate" type="application/rsl+xml" href=/a.xml>',
      '<script type="application/rsl+xml"><rsl>a &lt; b</rsl></script>',
      '<script TYPE=application/rsl+xml>',
      `<script type="${BLANKS}application/rsl+xml${BLANKS};x"><rsl>c</rsl></script>`,
      `<script type="application/rsl+xml"><rsl>${' '.repeat(MAX_RSL_BYTES)}</rsl></script>`,
      `<link rel="${'x '.repeat(200)}license" type="${BLANKS}application/rsl+xml" href=/long.xml>`,
      '<link rel="a\u00a0license" type="application/rsl+xml" href=/nbsp.xml>',
      '<link rel="a\vlicense" type="application/rsl+xml" href=/tab.xml>',
      '<script>document.write("<meta name=robots content=noai>")</script>',
      '<!-- <meta name=robots content=noai> -->',
      '<![CDATA[ <meta name=robots content=noai> ]]>',
      '<svg><meta name=robots content=noai></svg>',
      '<textarea><meta name=robots content=noai></textarea>',
      '<title><meta name=robots content=noai></title>',
      '<noscript><meta name=robots content=noai></noscript>',
      '<template><meta name=robots content=noai></template>',
      '<style><meta name=robots content=noai></style>',
      '<iframe><meta name=robots content=noai></iframe>',
      '<xmp><meta name=robots content=noai></xmp>',
      '</script>',
      '</head><body>',
      '<p',
      '>',
      '<',
      '"',
      "'",
      '\n',
      '\r\n',
      ' text ',
      '<table><meta name=robots content=noai>',
      '</p></div>',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const html = pieces.join('')
        const { facts } = open(html)
        expect(facts?.signals).toEqual(pageSignals(html))
      }),
      // a page of a quarter of a million characters is not worth the time that shrinking takes
      { numRuns: 3000, endOnFailure: true },
    )
  })

  it('lets whoever replays read it as the crawler did, where a walk of its own stops or meets other text', () => {
    const blanks = ' '.repeat(MAX_RSL_BYTES + 1)
    const html = `${'<form>'.repeat(300)}<meta name=tdm-reservation content=0><svg><script type=application/rsl+xml><b>${blanks}</b></script></svg>`
    expect(open(html).facts?.signals).toMatchObject({ metas: [{ content: '0' }], rslScripts: [{}] })
    expect(signalsOfPage(exchangeWith(html))).toEqual(open(html).facts?.signals)
    expect(signalsOfPage(exchangeWith('<div>'.repeat(1000)))).toBeNull()
  })

  it('names lines, RSL licences and links', () => {
    const { facts } = open(`<!doctype html>
<head>
<META NAME="Robots" CONTENT="noai"><meta charset=utf-8>
<link rel="license" type="application/rsl+xml" href="/license.xml"><link rel=license href=/terms>
<script type="application/rsl+xml"><rsl></rsl></script>
<a href="x" rel="nofollow ugc">x</a><a href="y">y</a><a href="x#z">again</a><a rel=nofollow href="z">z</a><a href="mailto:a@b">m</a>`)
    expect(facts).toEqual({
      signals: {
        metas: [{ name: 'robots', content: 'noai', line: 3 }],
        rslLinks: [{ href: '/license.xml', line: 4 }],
        rslScripts: [{ xml: '<rsl></rsl>', line: 5 }],
      },
      links: [
        { url: 'http://mill.example/a/x', nofollow: false },
        { url: 'http://mill.example/a/y', nofollow: false },
        { url: 'http://mill.example/a/z', nofollow: true },
      ],
    })
  })

  it('says why a page has no facts', () => {
    expect(open('<div>'.repeat(1000))).toMatchObject({ facts: null, error: { code: 'TOO_DEEP' } })
    expect(open('<p>x', 'ftp://mill.example/')).toMatchObject({ facts: null, error: { code: 'BAD_URL' } })
    expect(open('<div>'.repeat(1000)).run(CURRENT_PIPELINE)).toMatchObject({ ok: false, error: { code: 'TOO_DEEP' } })
  })
})
