/** The DAO's rules as one document: YAML for people, DAG-CBOR for the ledger. */
export type { ReadPage } from './check-selectors.ts'
export { type CharterChange, compareCharters } from './compare.ts'
export { describeCharter } from './describe.ts'
export { encodeCharter } from './encode.ts'
export { isLocalRules, type LocalNetwork, localRules } from './local-rules.ts'
export { type ParsedCharter, parseCharterYaml } from './parse-yaml.ts'
export { type CharterProblem, problemLine } from './problem.ts'
export { type CharterStart, charterTemplate } from './template.ts'
