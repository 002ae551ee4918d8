/** A bounded memory of results: a simulated network runs the same page through the same pipeline many times. */
import { sha256Hex, utf8 } from '../wire/index.ts'
import { type Exchange, headerValues } from '../evidence/index.ts'
import type { PipelineOptions, PipelineResult } from './types.ts'

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

const sizeOf = (result: PipelineResult): number => OVERHEAD + (result.ok ? result.measured.record.byteLength : 0)

function memoKey(id: string, { url, status, headers, body, truncated }: Exchange, { qualityWeights = {} }: PipelineOptions): string {
  const weights = Object.entries(qualityWeights).sort(([a], [b]) => (a < b ? -1 : 1))
  const head = JSON.stringify([id, url, status, truncated, READ_HEADERS.map((name) => headerValues(headers, name)), weights])
  return sha256Hex(utf8(head), Uint8Array.of(0), body)
}
