import ipaddr from 'ipaddr.js'
import { saysOtherwise } from './labels.ts'
import type { Span } from './span.ts'

const V4 = /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)/g
const V6 = /(?<![\w:.])[0-9a-f:]{2,40}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])/gi
const MAC = /(?<![\w:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\w:-])/gi

/** IPv4 and IPv6 addresses. Four numbers that are called a version or a section are not one. */
export function findIps(text: string): Span[] {
  const found: Span[] = []
  for (const { 0: value, index } of text.matchAll(V4))
    if (!saysOtherwise(text, index) && !/\bv\.?\s?$/i.test(text.slice(Math.max(0, index - 3), index)))
      found.push({ start: index, end: index + value.length, kind: 'ip' })
  for (const { 0: raw, index } of text.matchAll(V6)) {
    const value = raw.endsWith('::') ? raw : raw.replace(/:$/, '')
    // `a::b` is code, 12:30:45 a time: an address has a digit and either eight groups or a gap between them
    if ((value.match(/:/g)?.length ?? 0) < 2 || !/\d/.test(value) || !ipaddr.IPv6.isValid(value)) continue
    found.push({ start: index, end: index + value.length, kind: 'ip' })
  }
  return found
}

/** Hardware addresses. */
export function findMacs(text: string): Span[] {
  return [...text.matchAll(MAC)].map(({ 0: value, index }) => ({ start: index, end: index + value.length, kind: 'mac' }))
}
