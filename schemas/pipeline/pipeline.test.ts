import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type Exchange, requestHead, responseHead } from '../evidence/index.ts'
import { webPageRecord } from '../web-page/index.ts'
import { utf8 } from '../wire/index.ts'
import { CURRENT_PIPELINE, decodeHtml, type PipelineResult, runPipeline, runPipelineOnHtml } from './index.ts'

const url = 'http://mill.example/stones'
const sentence = 'The lower stone stays where it is, and the upper one turns, so that the grain between them is ground to flour. '
const page = `<!doctype html><html lang="en"><head><title>How a quern works | Mill</title></head><body><nav><a href="/">Home</a></nav>
<article><h1>How a quern works</h1><p>${sentence.repeat(3)}</p><p>${sentence.repeat(2)}</p></article></body></html>`
const typed = (type: string): [string, string][] => [['Content-Type', type]]

function exchange(
  body: Uint8Array | string,
  headers: [string, string][] = typed('text/html; charset=utf-8'),
  rest: Partial<Exchange> = {},
): Exchange {
  return {
    url,
    status: 200,
    headers,
    requestHead: requestHead(url),
    responseHead: responseHead(200, 'OK', headers),
    body: typeof body === 'string' ? utf8(body) : new Uint8Array(body),
    fetchedAt: 1_760_000_000_000,
    remoteAddress: null,
    truncated: false,
    ...rest,
  }
}
const codeOf = (result: PipelineResult): string => (result.ok ? 'ok' : result.error.code)
const run = (...args: Parameters<typeof exchange>): PipelineResult => runPipeline(CURRENT_PIPELINE, exchange(...args))

describe('web page pipeline', () => {
  it('gives a record that its schema accepts, and integer measures', () => {
    const result = run(page)
    if (!result.ok) throw new Error(result.error.message)
    const { measured } = result
    const record = webPageRecord.parse(JSON.parse(Buffer.from(measured.record).toString()))
    expect(record.title).toBe('How a quern works')
    expect(record.text).toBe(`${sentence.repeat(3).trim()}\n\n${sentence.repeat(2).trim()}`)
    expect(measured).toMatchObject({ url, host: 'mill.example', language: 'en', tokens: 110 })
    expect(Number.isInteger(measured.quality)).toBe(true)
    expect(measured.sketch.byteLength).toBe(512)
  })

  it('gives the same from an exchange, from packed bodies and from HTML', () => {
    const plain = run(page)
    expect(run(gzipSync(page), [...typed('text/html'), ['Content-Encoding', 'gzip']])).toEqual(plain)
    expect(runPipelineOnHtml(url, page)).toEqual(plain)
  })

  it('says by code why a page is no record', () => {
    const zeros = gzipSync(new Uint8Array(40 << 20))
    expect(codeOf(run(page, undefined, { status: 404 }))).toBe('STATUS')
    expect(codeOf(run(page, undefined, { truncated: true }))).toBe('TRUNCATED')
    expect(codeOf(run(page, typed('application/json')))).toBe('NOT_HTML')
    expect(codeOf(run('%PDF-1.7 …', typed('text/html')))).toBe('NOT_HTML')
    expect(codeOf(run(Uint8Array.of(0x3c, 0x70, 0x3e, 0, 1, 2, 3)))).toBe('NOT_HTML')
    expect(codeOf(run('{"no": "type"}', []))).toBe('NOT_HTML')
    expect(codeOf(run(''))).toBe('NO_CONTENT')
    expect(codeOf(run('<html><body><script>only()</script></body></html>'))).toBe('NO_CONTENT')
    expect(codeOf(run('<p>Only three words</p>'))).toBe('TOO_SHORT')
    expect(codeOf(run(zeros, [...typed('text/html'), ['Content-Encoding', 'gzip']]))).toBe('BODY_TOO_LARGE')
    expect(codeOf(run(page, [...typed('text/html'), ['Content-Encoding', 'gzip']]))).toBe('BAD_ENCODING')
    expect(codeOf(run(page, [...typed('text/html'), ['X-Robots-Tag', 'noindex, nofollow']]))).toBe('NOINDEX')
    expect(codeOf(run(page.replace('<head>', '<head><meta name="robots" content="NOINDEX">')))).toBe('NOINDEX')
    expect(codeOf(run(page, undefined, { url: 'ftp://mill.example/' }))).toBe('BAD_URL')
    expect(codeOf(runPipeline('web-page@9/9', exchange(page)))).toBe('UNKNOWN_PIPELINE')
  })

  it('weighs quality as the charter says, and remembers weights apart', () => {
    const weighed = (qualityWeights: Record<string, number>) => {
      const result = runPipeline(CURRENT_PIPELINE, exchange(page), { qualityWeights })
      return result.ok ? result.measured.quality : -1
    }
    expect(weighed({ duplicate5Grams: 1_000_000 })).toBe(0)
    expect(weighed({ letteredWords: 1_000_000 })).toBe(1_000_000)
    expect(weighed({ letteredWords: 1, duplicate5Grams: 1 })).toBe(500_000)
  })
})

describe('decodeHtml', () => {
  const umlauts = 'Mühle, Körner, größer'
  const latin = new Uint8Array(Buffer.from(umlauts, 'latin1'))
  const utf16 = new Uint8Array(Buffer.from(`\ufeff${umlauts}`, 'utf16le'))

  it('believes BOM over header over meta over the bytes', () => {
    expect(decodeHtml(utf16, 'text/html; charset=utf-8')).toEqual({ text: umlauts, charset: 'utf-16le' })
    expect(decodeHtml(latin, 'text/html; charset=ISO-8859-1').text).toBe(umlauts)
    expect(decodeHtml(utf8(`<meta charset="windows-1251">${umlauts}`), 'text/html; charset="utf-8"').text).toContain(umlauts)
    expect(decodeHtml(new Uint8Array(Buffer.from('<meta charset=koi8-r>\xcd\xc5\xcc\xd8', 'latin1')), null).text).toContain('мель')
    expect(decodeHtml(latin, null)).toEqual({ text: umlauts, charset: 'windows-1252' })
    expect(decodeHtml(utf8(umlauts), null)).toEqual({ text: umlauts, charset: 'utf-8' })
  })

  it('reads a page that lies about being UTF-8 as windows-1252', () => {
    expect(decodeHtml(latin, 'text/html; charset=utf-8').text).toBe(umlauts)
  })

  it('replaces broken sequences as the Encoding Standard does', () => {
    const bytes = (...values: number[]) => decodeHtml(Uint8Array.of(0xef, 0xbb, 0xbf, ...values), null).text
    expect(bytes(0x41, 0xff, 0x42)).toBe('A\ufffdB')
    expect(bytes(0xe2, 0x82, 0x41)).toBe('\ufffdA')
    expect(bytes(0xed, 0xa0, 0x80)).toBe('\ufffd\ufffd\ufffd')
    expect(bytes(0xf0, 0x9f, 0x98)).toBe('\ufffd')
    expect(bytes(0xf0, 0x9f, 0x98, 0x80, 0x80)).toBe('😀\ufffd')
    expect(bytes(0xc0, 0xaf)).toBe('\ufffd\ufffd')
  })
})
