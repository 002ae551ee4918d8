/**
 * The value of every chunk of a pool contribution: integers from its index alone, floor after each factor, the same on every node. The formula of
 * web records with what a chunk has in place of what it has not: no host, no lease, no age.
 */
import { type Charter, exportMailTermsOf, type PoolIndex, type PoolTerms, poolTermsOf } from '../../schemas/wire/index.ts'
import { mulDiv, PPM } from './integers.ts'
import type { RecordValue } from './record-value.ts'

export interface ChunksToValue {
  charter: Charter
  index: PoolIndex
  /** Most of the 16 bands that are equal with one earlier contribution's; null where the index has no tokens. */
  shared: number | null
  /** It brings a mail, which its testers may find to attest it. */
  hasMail: boolean
}

/** v = T·Q·U·D·W·A for each row, with both A where there is a mail; `novelty` of each is the number of bands that were there before. */
export function chunkValues({ charter, index, shared, hasMail }: ChunksToValue): RecordValue[] {
  const terms = poolTermsOf(charter)
  const attestedPpm = hasMail ? exportMailTermsOf(terms)?.attestedPpm : undefined
  const novelty = bandNoveltyPpm(shared, charter)
  const most = mostTokens(index.rows, charter)
  return index.rows.map(({ tokens, quality, language, source }) => {
    let value = tokens < terms.minTokens ? 0 : 1000 * Math.min(tokens, most)
    for (const factor of [quality, novelty, demandPpm(language, charter), sourcePpm(source, terms)]) value = mulDiv(value, factor, PPM)
    return {
      value: mulDiv(value, terms.unattestedPpm, PPM),
      novelty: shared ?? 0,
      ...(attestedPpm !== undefined && { attested: mulDiv(value, attestedPpm, PPM) }),
    }
  })
}

/** Chunks are cut evenly, and a draw does not look at worth: one that claims to be so many others is not believed. */
const TIMES_MEDIAN = 8

/** Tokens of one chunk that count at most: `maxTokens`, and eight times the lower median of those of its contribution that count at all. */
export function mostTokens(rows: PoolIndex['rows'], charter: Pick<Charter, 'pool'>): number {
  const { minTokens, maxTokens } = poolTermsOf(charter)
  const counted = rows.flatMap(({ tokens }) => (tokens > 0 && tokens >= minTokens ? [tokens] : [])).toSorted((a, b) => a - b)
  return Math.min(maxTokens, TIMES_MEDIAN * (counted[(counted.length - 1) >> 1] ?? 0))
}

/** U: whole where no band was there before, nothing at `duplicateBands` and above. */
export function bandNoveltyPpm(shared: number | null, charter: Pick<Charter, 'pool'>): number {
  const { duplicateBands, withoutTokensPpm } = poolTermsOf(charter)
  if (shared === null) return withoutTokensPpm
  return shared >= duplicateBands ? 0 : mulDiv(duplicateBands - shared, PPM, duplicateBands)
}

/** W: what the charter says of this service. By its own names only: every object has a `constructor`. */
const sourcePpm = (source: string, { sources }: PoolTerms): number => (Object.hasOwn(sources, source) ? (sources[source] ?? PPM) : PPM)

/** D: the first demand rule for the language that asks for no host. */
function demandPpm(language: string, { demand }: Charter): number {
  const rule = demand.rules.find((one) => one.host === null && (one.language === null || one.language === language))
  return rule?.ppm ?? demand.defaultPpm
}
