/** May we fetch, may we train: robots.txt and reservation signals, pure. */
export { type AiTxt, MAX_AI_TXT_BYTES, parseAiTxt } from './ai-txt.ts'
export { crawlDelay, type FetchDecision, mayFetch } from './may-fetch.ts'
export { lineCounter } from './lines.ts'
export { matchesUrl } from './path-pattern.ts'
export { isRslType } from './link-header.ts'
export { addLink, addMeta, addScript, MAX_SCRIPT_UNITS, noSignals, pageSignals, type PageSignals } from './page-signals.ts'
export { MAX_QUERN_TXT_BYTES, parseQuernTxt, QUERN_TXT_PATH } from './quern-txt.ts'
export { MAX_ROBOTS_BYTES, noRobots, parseRobots, type Robots, robotsOfExchange, unreachableRobots } from './robots.ts'
export { type Answer, answer, type Asked, mayFetchLine, namedBy, productToken } from './may-fetch-line.ts'
export { forbiddenPath, pagePattern, type ReservedPath, reservedPaths, withoutUnavailable } from './reserved-paths.ts'
export { asksUsNotToIndex, robotsDirectives } from './robots-directives.ts'
export { MAX_RSL_BYTES, parseRsl, type Rsl } from './rsl.ts'
export {
  MAX_RULE_CAPTURES,
  readSite,
  type RuleFetch,
  type RuleKind,
  type RuleRequest,
  type SiteEvidence,
  siteOfCaptures,
  type SiteReading,
} from './site-evidence.ts'
export { isSilentSite } from './silent-site.ts'
export { licenseUrl, noRules, type OptionalFile, type RuleFile, type RuleTexts, siteOfTexts, type SiteRules } from './site-rules.ts'
export { MAX_TDMREP_BYTES, parseTdmRep, type TdmRule } from './tdmrep.ts'
export { type Decision, mayTrain, type Profile, type TrainDecision, trainDecision, type TrainInput, type TrainSignal } from './train.ts'
