/** D3: the pinned pipeline, run over the evidence, gives this record and these numbers, byte for byte. */
import { FatalError } from '../../core/errors/index.ts'
import type { Exchange } from '../../schemas/evidence/index.ts'
import { pipelineOptions, recordsOf, runPipeline } from '../../schemas/pipeline/index.ts'
import { type BatchIndex, type BatchManifest, type Charter, equalBytes, type IndexRow, SKETCH_BYTES } from '../../schemas/wire/index.ts'
import { type Failure, failed } from './types.ts'

export interface Replay {
  manifest: BatchManifest
  index: BatchIndex
  sketches: Uint8Array
  row: number
  record: Uint8Array
  exchange: Exchange
  charter: Charter
}

/** Throws FatalError UNKNOWN_PIPELINE: a replica that cannot replay must stop, because it could neither believe nor refute a proof. */
export function checkReplay({ manifest, index, sketches, row, record, exchange, charter }: Replay): Failure | undefined {
  const said = index.rows[row] as IndexRow
  const result = runPipeline(manifest.pipeline, exchange, pipelineOptions(charter))
  if (!result.ok) {
    if (result.error.code === 'UNKNOWN_PIPELINE')
      throw new FatalError('UNKNOWN_PIPELINE', `this version cannot replay ${manifest.pipeline}; upgrade it`, {
        detail: { pipeline: manifest.pipeline },
      })
    return failed('D3', `NO_RECORD_${result.error.code}`, `the page gives no record: ${result.error.message}`)
  }
  // where a page gives several records each names its place, so no two are equal
  const measured = recordsOf(result).find((one) => equalBytes(one.record, record))
  if (measured === undefined) return failed('D3', 'RECORD', 'the page gives another record')
  for (const field of ['tokens', 'quality', 'language', 'host'] as const)
    if (measured[field] !== said[field])
      return failed('D3', field.toUpperCase(), `the page gives ${field} ${measured[field]}, the index says ${said[field]}`)
  if (!equalBytes(measured.contentDigest, said.contentDigest))
    return failed('D3', 'CONTENT_DIGEST', 'the page gives another content digest')
  if (!equalBytes(measured.sketch, sketches.subarray(row * SKETCH_BYTES, (row + 1) * SKETCH_BYTES)))
    return failed('D3', 'SKETCH', 'the page gives another sketch')
  return undefined
}
