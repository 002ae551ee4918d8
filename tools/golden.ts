#!/usr/bin/env node
/**
 * The golden corpus: what every pipeline version gives for the saved pages, as digests in schemas/pipeline/fixtures/golden.json.
 * A digest that is listed there never changes again: this only adds those of new pages and new versions.
 *   node tools/golden.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { type Exchange, encode, pipelines, type PipelineResult, requestHead, responseHead, sha256, toHex } from '../schemas/index.ts'

const pagesFolder = new URL('../schemas/web-page/fixtures/', import.meta.url)
const goldenFile = new URL('../schemas/pipeline/fixtures/golden.json', import.meta.url)

type Golden = Record<string, Record<string, string>>

/** Saved pages as servers send them: plain, packed in every encoding, in other charsets, and refused ones. */
export function corpus(): { name: string; exchange: Exchange }[] {
  const page = (name: string): Buffer => readFileSync(new URL(name, pagesFolder))
  const html = 'text/html; charset=utf-8'
  const plain = readdirSync(pagesFolder)
    .filter((name) => name.endsWith('.html'))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => exchangeOf(name, page(name), [['Content-Type', html]]))
  const news = page('news-article.html')
  const german = page('german-blog.html').toString().replace('charset=UTF-8', 'charset=ISO-8859-15')
  const japanese = page('japanese.html').toString().replace('charset="utf-8"', 'charset="Shift_JIS"')
  const packed = (coding: string, body: Buffer): { name: string; exchange: Exchange } =>
    exchangeOf(`news-article, ${coding}`, body, [
      ['Content-Type', html],
      ['Content-Encoding', coding],
    ])
  return [
    ...plain,
    packed('gzip', gzipSync(news)),
    packed('br', brotliCompressSync(news)),
    packed('deflate', deflateSync(news)),
    packed('zstd', zstdCompressSync(news)),
    packed('gzip, br', brotliCompressSync(gzipSync(news))),
    packed('gzip but broken', news),
    exchangeOf('german-blog, ISO-8859-15 by meta', iconv.encode(german, 'iso-8859-15'), [['Content-Type', 'text/html']]),
    exchangeOf('german-blog, windows-1252 claimed to be UTF-8', iconv.encode(page('german-blog.html').toString(), 'windows-1252'), [
      ['Content-Type', html],
    ]),
    exchangeOf('japanese, Shift_JIS by meta', iconv.encode(japanese, 'shift_jis'), []),
    exchangeOf('japanese, EUC-JP by header', iconv.encode(page('japanese.html').toString(), 'euc-jp'), [
      ['Content-Type', 'text/html; charset=EUC-JP'],
    ]),
    exchangeOf('arabic, windows-1256 by header', iconv.encode(page('arabic.html').toString(), 'windows-1256'), [
      ['Content-Type', 'text/html;charset=cp1256'],
    ]),
    exchangeOf('hindi, UTF-16 by BOM', iconv.encode(page('hindi.html').toString(), 'utf-16le', { addBOM: true }), [['Content-Type', html]]),
    exchangeOf('news-article, noindex', news, [
      ['Content-Type', html],
      ['X-Robots-Tag', 'noindex'],
    ]),
    exchangeOf('not HTML', Buffer.from('%PDF-1.4'), [['Content-Type', html]]),
  ]
}

function exchangeOf(name: string, body: Buffer, headers: [string, string][]): { name: string; exchange: Exchange } {
  const url = `https://fixtures.example/${encodeURIComponent(name)}`
  const exchange = {
    url,
    status: 200,
    headers,
    requestHead: requestHead(url),
    responseHead: responseHead(200, 'OK', headers),
    body: new Uint8Array(body),
    fetchedAt: 1_760_000_000_000,
    remoteAddress: null,
    truncated: false,
  }
  return { name, exchange }
}

/** One digest over all that a pipeline gives. */
export function digestOf(result: PipelineResult): string {
  if (!result.ok) return result.error.code
  const { record, url, host, language, tokens, quality, contentDigest, sketch } = result.measured
  return toHex(sha256(encode([record, url, host, language, tokens, quality, contentDigest, sketch])))
}

export function readGolden(): Golden {
  return JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden
}

if (import.meta.main) {
  const golden = readGolden()
  for (const [id, pipeline] of pipelines)
    golden[id] = Object.fromEntries(corpus().map(({ name, exchange }) => [name, golden[id]?.[name] ?? digestOf(pipeline.run(exchange))]))
  writeFileSync(goldenFile, `${JSON.stringify(golden, null, 2)}\n`)
}
