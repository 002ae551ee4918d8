/** Every version of the replay path there is, by the id that manifests carry. */
import { ByteLru } from '../cache/index.ts'
import type { Exchange } from '../evidence/index.ts'
import type { Charter } from '../wire/index.ts'
import { memoKey, weightOf } from './memo.ts'
import type { OpenedPage } from './page-html.ts'
import { type Pipeline, webPagePipeline } from './run.ts'
import { selectorPipeline } from './selectors.ts'
import type { PipelineOptions, PipelineResult } from './types.ts'

export const pipelines: ReadonlyMap<string, Pipeline> = new Map([webPagePipeline].map((pipeline) => [pipeline.id, pipeline]))

/** The newest version, which crawls and `quern extract` use. */
export const CURRENT_PIPELINE = webPagePipeline.id

/** Some two thousand pages: what a simulated epoch of fifty contributors replays again and again, and little beside a process's other memory. */
const memo = new ByteLru(8 << 20, weightOf)

/** A pipeline of this version of Quern, or of one of the charter's own schemas; undefined for any other. */
export function findPipeline(id: string, { selectors = [] }: PipelineOptions): Pipeline | undefined {
  return pipelines.get(id) ?? selectorPipeline(id, selectors)
}

/** What a pipeline takes from the charter: whoever runs one under a charter gives it this. */
export function pipelineOptions({ quality, selectors }: Pick<Charter, 'quality' | 'selectors'>): Required<PipelineOptions> {
  return { qualityWeights: quality, selectors }
}

/** Runs pipeline `id` over an exchange, opened already or not. Pure; remembers the last pages, so treat results as read-only. */
export function runPipeline(id: string, exchange: Exchange, options: PipelineOptions = {}, page?: OpenedPage): PipelineResult {
  const pipeline = findPipeline(id, options)
  if (pipeline === undefined) return unknown(id)
  return memo.recall(memoKey(id, exchange, options), () => pipeline.run(exchange, options, page))
}

/** The same from decoded HTML; `id` defaults to the newest pipeline. */
export function runPipelineOnHtml(url: string, html: string, id: string = CURRENT_PIPELINE, options: PipelineOptions = {}): PipelineResult {
  return findPipeline(id, options)?.runOnHtml(url, html, options) ?? unknown(id)
}

function unknown(id: string): PipelineResult {
  return { ok: false, error: { code: 'UNKNOWN_PIPELINE', message: `no pipeline ${id.slice(0, 64)} here` } }
}
