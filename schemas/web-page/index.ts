/** One web page: shape, extraction, comparison. */
export { compareWebPages, type Comparison, type SameContentThresholds } from './compare.ts'
export { type Extracted, extractParsed, extractWebPage, type ParsedPage, parsePage } from './extract.ts'
export { htmlLimits } from './parse.ts'
export { factsOf, type PageFacts, type PageLink } from './facts.ts'
export { type Json, type MicrodataItem, type WebPage, webPageRecord } from './schema.ts'
export { asciiLower, cleanLine } from './text.ts'
export { hostOf, resolveUrl } from './url.ts'
