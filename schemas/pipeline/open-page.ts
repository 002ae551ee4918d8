/**
 * One parse for everything that is asked of a page: the crawler reads the facts, decides, and only then pays for the record.
 * `openPage(e).run(id)` gives what `runPipeline(id, e)` gives.
 */
import { decodeBody, type Exchange } from '../evidence/index.ts'
import type { PageSignals } from '../permission/index.ts'
import { factsOf, type PageFacts, parsePage, signalsOf } from '../web-page/index.ts'
import { WireError } from '../wire/index.ts'
import { MAX_BODY_BYTES, type OpenedPage, pageHtml } from './page-html.ts'
import { findPipeline, runPipeline } from './pipelines.ts'
import type { NotARecord, PipelineOptions, PipelineResult } from './types.ts'

export interface OpenPage {
  /** Signals about use and links; null of a body that cannot be decoded or a page beyond the parser's limits. */
  facts: PageFacts | null
  /** Why there are no facts. */
  error: NotARecord | null
  /** Record and measures by a pipeline of this page, remembered as `runPipeline` does. */
  run(id: string, options?: PipelineOptions): PipelineResult
  /** The same for a page that comes once: nothing is remembered of it. */
  runOnce(id: string, options?: PipelineOptions): PipelineResult
}

/** Decodes and parses the page of an exchange, whatever its status. Never throws. */
export function openPage(exchange: Exchange): OpenPage {
  try {
    const body = decodeBody(exchange, MAX_BODY_BYTES)
    const page: OpenedPage = { ...parsePage(pageHtml(exchange, body), exchange.url), body }
    return {
      facts: factsOf(page.document, page.parts),
      error: null,
      run: (id, options) => runPipeline(id, exchange, options, page),
      runOnce: (id, options = {}) => findPipeline(id, options)?.run(exchange, options, page) ?? runPipeline(id, exchange, options),
    }
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown
    return {
      facts: null,
      error: { code: thrown.code, message: thrown.message },
      run: (id, options) => runPipeline(id, exchange, options),
      runOnce: (id, options) => runPipeline(id, exchange, options),
    }
  }
}

/**
 * What a page's head says of its use, from the very parse by which the crawler decided: whoever replays its evidence cannot read another thing.
 * null where `openPage` gives no facts: such a page was never kept. Never throws.
 */
export function signalsOfPage(exchange: Exchange): PageSignals | null {
  try {
    const { document, parts } = parsePage(pageHtml(exchange), exchange.url)
    return signalsOf(document, parts)
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown
    return null
  }
}
