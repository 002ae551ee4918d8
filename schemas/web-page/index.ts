/** One web page: shape, extraction, comparison. */
export { compareWebPages, type Comparison, sameContentDefaults, type SameContentThresholds } from './compare.ts'
export { type Extracted, extractParsed, extractWebPage, type ParsedPage, parsePage } from './extract.ts'
export { type HtmlLimits, htmlLimits } from './parse.ts'
export { factsOf, type PageFacts, type PageLink, signalsOf } from './facts.ts'
export { spdxOf } from './license.ts'
export { type Json, type MicrodataItem, type WebPage, webPage, webPageRecord } from './schema.ts'
export { asciiLower, cleanLine } from './text.ts'
export { hostOf, resolveUrl } from './url.ts'
