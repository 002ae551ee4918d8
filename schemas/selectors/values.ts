/** The text of a value -> the value by its declared type, or null. */
import { asciiLower, cleanLine, resolveUrl } from '../web-page/index.ts'
import type { SelectorField } from '../wire/index.ts'
import { readDate, toUtc } from './dates.ts'
import { decimalOf, integerOf } from './numbers.ts'

export type Value = string | number | boolean
const TRUE = new Set(['true', 'yes', '1'])
const FALSE = new Set(['false', 'no', '0'])

export function valueOf(text: string, field: Pick<SelectorField, 'type' | 'scale' | 'values' | 'maxLength'>, base: string): Value | null {
  switch (field.type) {
    case 'string':
      return cut(cleanLine(text), field.maxLength)
    case 'text':
      return cut(cleanLines(text), field.maxLength)
    case 'integer':
      return integerOf(cleanLine(text))
    case 'decimal':
      return decimalOf(cleanLine(text), field.scale)
    case 'boolean': {
      const word = asciiLower(cleanLine(text))
      return TRUE.has(word) ? true : FALSE.has(word) ? false : null
    }
    case 'date':
      return readDate(cleanLine(text), ISO)?.slice(0, 10) ?? null
    case 'datetime': {
      const read = readDate(cleanLine(text), ISO)
      return read === null ? null : toUtc(read)
    }
    case 'url':
      return text.length === 0 ? null : resolveUrl(text, base)
    case 'enum': {
      const word = cleanLine(text)
      return field.values.includes(word) ? word : null
    }
  }
}

const ISO = { format: null, language: 'en', zone: '+00:00' } as const

/** Lines cleaned one by one; one empty line at most between two. */
function cleanLines(text: string): string {
  const lines = text.split(/\r\n?|\n/).map(cleanLine)
  let out = ''
  let gap = false
  for (const line of lines) {
    if (line === '') gap = true
    else {
      out += out === '' ? line : `${gap ? '\n\n' : '\n'}${line}`
      gap = false
    }
  }
  return out
}

/** Null when nothing is left; never half a surrogate pair. */
function cut(text: string, max: number): string | null {
  if (text.length <= max) return text === '' ? null : text
  const high = text.charCodeAt(max - 1)
  return text.slice(0, high >= 0xd800 && high <= 0xdbff ? max - 1 : max) || null
}
