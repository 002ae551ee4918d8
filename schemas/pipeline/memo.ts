/** Which results are the same, and what they weigh: a simulated network runs the same page through the same pipeline many times, and remembers. */
import { encode, type SelectorSchema, sha256Hex, utf8 } from '../wire/index.ts'
import { type Exchange, headerValues } from '../evidence/index.ts'
import { schemaOfPipeline } from './selectors.ts'
import { type PipelineOptions, type PipelineResult, recordsOf } from './types.ts'

/** Headers a pipeline reads. */
const READ_HEADERS = ['content-type', 'content-encoding', 'x-robots-tag']

/** What a record's sketch and digest, and the objects around them, weigh about. */
const OVERHEAD = 1024

/** Bytes that a result holds. */
export const weightOf = (result: PipelineResult): number =>
  result.ok ? recordsOf(result).reduce((sum, { record }) => sum + OVERHEAD + record.byteLength, 0) : 0

/** Equal for the same pipeline, page and weights, which give equal results. */
export function memoKey(
  id: string,
  { url, status, headers, body, truncated }: Exchange,
  { qualityWeights = {}, selectors = [] }: PipelineOptions,
): string {
  const weights = Object.entries(qualityWeights).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const head = JSON.stringify([
    id,
    url,
    status,
    truncated,
    READ_HEADERS.map((name) => headerValues(headers, name)),
    weights,
    digestOf(id, selectors),
  ])
  return sha256Hex(utf8(head), Uint8Array.of(0), body)
}

const digests = new WeakMap<SelectorSchema, string>()
/** Of the schema that the pipeline runs; null for a pipeline that runs none. */
function digestOf(id: string, selectors: readonly SelectorSchema[]): string | null {
  const schema = schemaOfPipeline(id, selectors)
  if (schema === undefined) return null
  const digest = digests.get(schema) ?? sha256Hex(encode(schema))
  digests.set(schema, digest)
  return digest
}
