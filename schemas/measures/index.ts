/** Pure numbers about a text. Integers and checked-in tables only: the same on every engine. */
export { detectLanguage } from './language.ts'
export { equalLanes, LANES, minHash, shingleHashes, sketchOf } from './minhash.ts'
export { qualityOf, scoreOf } from './quality.ts'
export { qualityRules, type Rule, type RuleName, type RuleValues, ruleValues } from './rules.ts'
export { contentDigest, type Tokens, tokenize, tokensOf } from './tokens.ts'
export { lowerCase } from './unicode.ts'
