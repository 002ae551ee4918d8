/** T1 by pipeline: whether an honest page could have changed like this between two fetches. */
import { isSameRecord, type SelectorRecord } from '../selectors/index.ts'
import { compareWebPages, type WebPage } from '../web-page/index.ts'
import { type Charter, equalBytes } from '../wire/index.ts'
import { schemaOfPipeline } from './selectors.ts'
import { type PipelineResult, recordsOf } from './types.ts'

/** `committed` is a record's canonical JSON, valid under its schema; `again` is what the same pipeline gives for the page now. */
export function isSamePage(
  { testing, selectors }: Pick<Charter, 'testing' | 'selectors'>,
  pipeline: string,
  committed: Uint8Array,
  again: Extract<PipelineResult, { ok: true }>,
): boolean {
  const records = recordsOf(again).map(({ record }) => record)
  // equal bytes are the common case on a quiet web, and cost nothing
  if (records.some((record) => equalBytes(committed, record))) return true
  const schema = schemaOfPipeline(pipeline, selectors)
  if (schema !== undefined)
    return isSameRecord(
      schema,
      parsed(committed) as SelectorRecord,
      records.map((record) => parsed(record) as SelectorRecord),
      testing,
    )
  return compareWebPages(parsed(committed) as WebPage, parsed(again.measured.record) as WebPage, testing).same
}

const parsed = (record: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(record))
