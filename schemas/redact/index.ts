/** What identifies a person in a text: found by rules with check digits, replaced. Pure. */
export { cleanText, type CleanText } from './clean-text.ts'
export { findSpans, findWith, MAX_TEXT_UNITS, REDACTION } from './find-spans.ts'
export { ID_RULES, type IdRule } from './id-table.ts'
export { fold, NameIndex, type Person } from './names.ts'
export { personOf, redact, redactLine, type RedactOptions } from './redact-lines.ts'
export { type Detector, type Kind, KINDS, placeholder, replaceSpans, type Span, withoutOverlaps } from './span.ts'
