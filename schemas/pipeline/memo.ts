/** A bounded memory of results: a simulated network runs the same page through the same pipeline many times. */
import { encode, type SelectorSchema, sha256Hex, utf8 } from '../wire/index.ts'
import { type Exchange, headerValues } from '../evidence/index.ts'
import { schemaOfPipeline } from './selectors.ts'
import { type PipelineOptions, type PipelineResult, recordsOf } from './types.ts'

/** Headers a pipeline reads. */
const READ_HEADERS = ['content-type', 'content-encoding', 'x-robots-tag']

export class PipelineMemo {
  private readonly results = new Map<string, PipelineResult>()
  private readonly maxBytes: number
  private bytes = 0

  /** Results of at most `maxBytes` together are kept. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** The result known for the same pipeline, page and weights, or what `run` gives. Results are shared: never change one. */
  recall(id: string, exchange: Exchange, options: PipelineOptions, run: () => PipelineResult): PipelineResult {
    const key = memoKey(id, exchange, options)
    const known = this.results.get(key)
    if (known !== undefined) {
      this.results.delete(key)
      this.results.set(key, known)
      return known
    }
    const result = run()
    this.results.set(key, result)
    this.bytes += sizeOf(result)
    for (const [oldest, dropped] of this.results) {
      if (this.bytes <= this.maxBytes) break
      this.results.delete(oldest)
      this.bytes -= sizeOf(dropped)
    }
    return result
  }
}

/** What a result holds besides its record: sketch, digest, key and the objects around them. */
const OVERHEAD = 1024

const sizeOf = (result: PipelineResult): number =>
  result.ok ? recordsOf(result).reduce((sum, { record }) => sum + OVERHEAD + record.byteLength, 0) : OVERHEAD

function memoKey(
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
