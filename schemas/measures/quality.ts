/** `quality`: one integer from the rule values and the charter's weights. */
import { PPM } from '../wire/index.ts'
import { qualityRules, type Rule, type RuleName, type RuleValues } from './rules.ts'

const names = Object.keys(qualityRules) as RuleName[]

/**
 * Weighted mean, in ppm and floored, of how well each rule that applies to the language is kept. `weights` name rules (ppm each);
 * an empty object weighs all alike, a name nobody knows is passed over. All weights zero: PPM.
 */
export function qualityOf(values: RuleValues, language: string, weights: Record<string, number> = {}): number {
  const equal = Object.keys(weights).length === 0
  let total = 0n
  let kept = 0n
  for (const name of names) {
    const weight = BigInt(equal ? 1 : (weights[name] ?? 0))
    if (!applies(qualityRules[name], language)) continue
    total += weight
    kept += weight * BigInt(scoreOf(qualityRules[name], values[name]))
  }
  return total === 0n ? PPM : Number(kept / total)
}

/** PPM inside the rule's bounds; below `min` in proportion; above `max` falling to 0 at twice `max`. */
export function scoreOf({ min, max }: Rule, value: number): number {
  if (min !== undefined && value < min) return Number((BigInt(value) * BigInt(PPM)) / BigInt(min))
  if (max === undefined || value <= max) return PPM
  if (value >= 2 * max) return 0
  return Number((BigInt(2 * max - value) * BigInt(PPM)) / BigInt(max))
}

function applies({ language, except }: Rule, of: string): boolean {
  return (language === undefined || language === of) && except?.includes(of) !== true
}
