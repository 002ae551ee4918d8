import ipaddr from 'ipaddr.js'
import { saysOtherwise } from './labels.ts'
import type { Span } from './span.ts'

const V4 = /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)/g
/** A colon before an address belongs to it, but for one behind a word: `host:fe80::1`. */
const OWN_COLON = String.raw`(?<![g-z][a-z]{0,12}):`
const V6 = new RegExp(
  String.raw`(?<![\w.])(?<!${OWN_COLON})(?:[0-9a-f:]{1,40}:(?:\d{1,3}\.){3}\d{1,3}(?![\w:]|\.\d)|[0-9a-f:]{2,40}(?![\w:]))`,
  'gi',
)
const MAC = /(?<![\w:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\w:-])/gi

/** What comes before a version: `v1.2.3.4`, the products of browsers `Chrome/1.2.3.4`, `x==1.2.3.4` where `x` is no host. */
const VERSION =
  /(?:\bv\.?\s?|\b(?:chrome|chromium|headlesschrome|crios|firefox|fxios|safari|version|edg[ea]?|edgios|opr|opera|vivaldi|yabrowser|samsungbrowser|ucbrowser|trident|gecko|applewebkit|mozilla|electron|curl|wget|okhttp|python|dalvik|instagram|whatsapp)\/|(?<!(?:ip|addr|address|host|src|dst|server|client|peer|gateway)\s?)(?:[=~<>^]=|[~^]))$/i
/** Two pairs are what resolvers have, 8.8.4.4. */
const SINGLE_DIGITS = /^(?!(\d)\.\1\.([1-9])\.\2$)\d(?:\.\d){3}$/
const NETWORK =
  /\b(?:ip|ipv4|host|server|serveur|servidor|address|adress|dns|ping|ssh|ftp|https?|tcp|udp|port|gateway|router?|route|proxy|vpn|network|netz|client|rechner|computer|login|connect|from|dirección|direcci|endere|indirizzo|connexion|logowan)|адрес|сервер|地址|服务器|アドレス|サーバ|주소|서버/iu

/** IPv4 and IPv6 addresses. Four numbers that are called a version or a section are not one, nor, without a word for it, four single digits. */
export function findIps(text: string): Span[] {
  const found: Span[] = []
  for (const { 0: raw, index } of text.matchAll(V6)) {
    const value = raw.endsWith('::') ? raw : raw.replace(/:$/, '')
    // `a::b` is code, 12:30:45 a time: an address has a digit and either eight groups or a gap between them
    if ((value.match(/:/g)?.length ?? 0) < 2 || !/\d/.test(value) || !ipaddr.IPv6.isValid(value)) continue
    found.push({ start: index, end: index + value.length, kind: 'ip' })
  }
  for (const { 0: value, index } of text.matchAll(V4)) {
    const before = text.slice(Math.max(0, index - 32), index)
    const after = text.slice(index + value.length, index + value.length + 24)
    // a port is no part of a version
    if ((VERSION.test(before) && !/^:\d/.test(after)) || saysOtherwise(text, index)) continue
    if (SINGLE_DIGITS.test(value) && !/^[:/]\d/.test(after) && !NETWORK.test(before) && !NETWORK.test(after)) continue
    found.push({ start: index, end: index + value.length, kind: 'ip' })
  }
  return found
}

/** Hardware addresses. */
export function findMacs(text: string): Span[] {
  return [...text.matchAll(MAC)].map(({ 0: value, index }) => ({ start: index, end: index + value.length, kind: 'mac' }))
}
