import { minHash, qualityOf, ruleValues, type Tokens } from '../measures/index.ts'
import { hostOf } from '../web-page/index.ts'
import type { Measured, PipelineOptions } from './types.ts'

/** What a schema says of a record; the numbers are of `text`, whose tokens these are. */
export interface ToMeasure extends Pick<Measured, 'record' | 'url' | 'language' | 'contentDigest'> {
  text: string
  tokens: Tokens
}

/** A record with every number that the index carries about it, whatever its schema. */
export function measured(
  { record, url, language, contentDigest, text, tokens }: ToMeasure,
  { qualityWeights = {} }: PipelineOptions,
): Measured {
  return {
    record,
    url,
    host: hostOf(url),
    language,
    tokens: tokens.count,
    quality: qualityOf(ruleValues(text, tokens), language, qualityWeights),
    contentDigest,
    sketch: minHash(tokens),
  }
}
