/** The replay path of a DAO's own schema: `shop@1/1` is version 1 of the schema `shop` in the charter, run by version 1 of the selectors. */
import type { Exchange } from '../evidence/index.ts'
import { detectLanguage, tokensOf } from '../measures/index.ts'
import { extractRecords, type ExtractedRecord } from '../selectors/index.ts'
import { schemaIdOf, type SelectorSchema, sha256 } from '../wire/index.ts'
import { measured } from './measure.ts'
import { asResult, htmlOf, type Pipeline, refuseNoindex } from './run.ts'
import type { Measured, PipelineOptions } from './types.ts'

/** Version of `schemas/selectors`: whatever changes a byte of a record that an unchanged schema gives raises it, and keeps the old one. */
export const SELECTORS_VERSION = 1

/** The pipeline `id` of one of these schemas; undefined where none is named so, or the version is another. */
export function selectorPipeline(id: string, schemas: readonly SelectorSchema[]): Pipeline | undefined {
  const schema = schemaOfPipeline(id, schemas)
  if (schema === undefined) return undefined
  return {
    id,
    schema: schemaIdOf(schema),
    run: (exchange: Exchange, options = {}, page) => asResult(() => measureRecords(exchange.url, htmlOf(exchange, page), schema, options)),
    runOnHtml: (url, html, options = {}) => asResult(() => measureRecords(url, html.toWellFormed(), schema, options)),
  }
}

/** The schema that a pipeline's id names. */
export function schemaOfPipeline(id: string, schemas: readonly SelectorSchema[]): SelectorSchema | undefined {
  return schemas.find((schema) => id === pipelineIdOf(schema))
}

/** `shop@1/1`. */
export const pipelineIdOf = (schema: Pick<SelectorSchema, 'name' | 'version'>): string => `${schemaIdOf(schema)}/${SELECTORS_VERSION}`

function measureRecords(url: string, html: string, schema: SelectorSchema, options: PipelineOptions): [Measured, ...Measured[]] {
  const { records, robots } = extractRecords(html, url, schema)
  refuseNoindex(robots)
  const [first, ...more] = records.map((one) => measure(url, one, options))
  return [first as Measured, ...more]
}

/** Numbers are of the text fields together; the content is all fields, so that two offers of equal words and unlike price are two. */
function measure(url: string, { bytes, text, content }: ExtractedRecord, options: PipelineOptions): Measured {
  const contentDigest = sha256(content)
  return measured({ record: bytes, url, language: detectLanguage(text), contentDigest, text, tokens: tokensOf(text) }, options)
}
