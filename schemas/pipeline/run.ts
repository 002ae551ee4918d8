/** The replay path: exchange -> decode -> extract -> measure. Whoever runs it anywhere gets the same bytes. */
import { decodeBody, type Exchange, headerValues } from '../evidence/index.ts'
import { contentDigest, tokensOf } from '../measures/index.ts'
import { extractParsed, type ParsedPage, parsePage } from '../web-page/index.ts'
import { WireError } from '../wire/index.ts'
import { measured } from './measure.ts'
import { contentTypeOf, MAX_BODY_BYTES, type OpenedPage, pageHtml } from './page-html.ts'
import { notHtml } from './sniff.ts'
import type { Measured, PipelineOptions, PipelineResult } from './types.ts'

/** Fewer tokens than this are a title, not a text. */
const MIN_TOKENS = 5

/** One version of the replay path. Old versions stay runnable for as long as ledgers name them. */
export interface Pipeline {
  id: string
  /** `name@version` of the records it makes. */
  schema: string
  /** `page` is the exchange's own, when somebody has opened it already. */
  run(exchange: Exchange, options?: PipelineOptions, page?: OpenedPage): PipelineResult
  runOnHtml(url: string, html: string, options?: PipelineOptions): PipelineResult
}

export const webPagePipeline: Pipeline = {
  id: 'web-page@1/1',
  schema: 'web-page@1',
  run: (exchange, options = {}, page) => asResult(() => measureExchange(exchange, options, page)),
  runOnHtml: (url, html, options = {}) => asResult(() => measurePage(parsePage(html.toWellFormed(), url), options)),
}

/** What a page gives, or the reason that it gives nothing. */
export function asResult(measure: () => Measured | [Measured, ...Measured[]]): PipelineResult {
  try {
    const given = measure()
    if (!Array.isArray(given)) return { ok: true, measured: given }
    const [first, ...more] = given
    return more.length === 0 ? { ok: true, measured: first } : { ok: true, measured: first, more }
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown
    return { ok: false, error: { code: thrown.code, message: thrown.message } }
  }
}

function measureExchange(exchange: Exchange, options: PipelineOptions, page?: OpenedPage): Measured {
  const html = htmlOf(exchange, page)
  return measurePage(page ?? parsePage(html, exchange.url), options)
}

/** The page of an exchange as text, opened already or not. Throws WireError where it is none, or asks by a header not to be indexed. */
export function htmlOf(exchange: Exchange, page?: OpenedPage): string {
  if (exchange.status !== 200) throw new WireError('STATUS', `status ${exchange.status}, not 200`)
  if (exchange.truncated) throw new WireError('TRUNCATED', 'the body was cut off')
  const body = page?.body ?? decodeBody(exchange, MAX_BODY_BYTES)
  if (body.byteLength === 0) throw new WireError('NO_CONTENT', 'the body is empty')
  const reason = notHtml(contentTypeOf(exchange), body)
  if (reason !== null) throw new WireError('NOT_HTML', reason)
  refuseNoindexHeader(exchange.headers)
  return page?.document.html ?? pageHtml(exchange, body)
}

function measurePage(page: ParsedPage, options: PipelineOptions): Measured {
  const { record, bytes, robots } = extractParsed(page)
  refuseNoindex(robots)
  const { text, language } = record
  const tokens = tokensOf(text)
  if (tokens.count < MIN_TOKENS) throw new WireError('TOO_SHORT', `${tokens.count} tokens, at least ${MIN_TOKENS} make a text`)
  const digest = contentDigest(tokens)
  return measured({ record: bytes, url: page.url, language: language ?? 'und', contentDigest: digest, text, tokens }, options)
}

/** Throws WireError NOINDEX where a header asks for it, of whomever. */
export function refuseNoindexHeader(headers: Exchange['headers']): void {
  refuseNoindex(headerValues(headers, 'x-robots-tag').flatMap((value) => value.toLowerCase().split(/[,\s]+/)))
}

/** Throws WireError NOINDEX. */
export function refuseNoindex(words: string[]): void {
  if (words.includes('noindex') || words.includes('none')) throw new WireError('NOINDEX', 'the page asks not to be indexed')
}
