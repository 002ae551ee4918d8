/** From what a page says to the text of a value: each step takes texts and gives texts, and depends on nothing but them. */
import { asciiLower, cleanLine, resolveUrl } from '../web-page/index.ts'
import type { SelectorTransform } from '../wire/index.ts'
import { readDate } from './dates.ts'
import { plainNumber } from './numbers.ts'
import { compilePattern } from './pattern.ts'

export interface Place {
  /** What links are resolved against. */
  base: string
}
/** `null` is a text that the step could make nothing of. */
export type Transform = (text: string, place: Place) => string[] | null

/** Values that one text may be split into. */
const MAX_PARTS = 1000

/** Throws PatternError for a pattern that cannot run. A step that lacks a setting does nothing; `checkSchema` says so before. */
export function compileTransform(step: SelectorTransform): Transform {
  const { from, to, by } = step
  switch (step.do) {
    case 'trim':
      return (text) => [trimmed(text)]
    case 'collapse':
      return (text) => [cleanLine(text)]
    case 'lower':
      return (text) => [asciiLower(text)]
    case 'upper':
      return (text) => [text.replace(/[a-z]+/g, (run) => run.toUpperCase())]
    case 'replace':
      return from === null || from === '' ? same : (text) => [text.replaceAll(from, () => to ?? '')]
    case 'extract': {
      const pattern = compilePattern(step.pattern ?? '')
      return (text) => oneOrNone(pattern.first(text))
    }
    case 'split':
      return by === null || by === ''
        ? same
        : (text) =>
            text
              .split(by, MAX_PARTS)
              .map(trimmed)
              .filter((part) => part !== '')
    case 'number':
      return (text) => oneOrNone(plainNumber(text, step.decimal ?? '.', step.group ?? ''))
    case 'date': {
      const rules = { format: step.format, language: step.language ?? 'en', zone: step.zone ?? '+00:00' }
      return (text) => oneOrNone(readDate(trimmed(text), rules))
    }
    case 'is': {
      const words = (from ?? '').split('|').map((word) => asciiLower(cleanLine(word)))
      return (text) => [words.includes(asciiLower(cleanLine(text))) ? 'true' : 'false']
    }
    case 'present':
      return () => ['true']
    case 'absolute-url':
      return (text, { base }) => oneOrNone(text.trim() === '' ? null : resolveUrl(text, base))
  }
}

const same: Transform = (text) => [text]
const oneOrNone = (text: string | null): string[] | null => (text === null ? null : [text])

/** White space as a list, never the engine's. */
const trimmed = (text: string): string => text.replace(/^[\t\n\f\r \u00a0]+/, '').replace(/[\t\n\f\r \u00a0]+$/, '')
