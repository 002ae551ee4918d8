import { parse } from 'tldts'
import { InvalidInputError } from '../../core/errors/index.ts'

/**
 * What a person types as their domain, as the log names it: lower case, ASCII, no final dot; a port stays. A URL is taken for its host.
 * Throws InvalidInputError BAD_DOMAIN for what is no host name, and for a public suffix: nobody owns all of `co.uk`.
 */
export function domainOf(text: string): string {
  const wrong = (why: string): InvalidInputError =>
    new InvalidInputError('BAD_DOMAIN', `"${text.slice(0, 100)}" ${why}; name a domain like example.org`)
  if (text.length > 512) throw wrong('is too long')
  if (/^[a-z]+:\/\//i.test(text) && !/^https?:/i.test(text)) throw wrong('is no web address')
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || url.username !== '' || url.hostname === '' || url.hostname.length > 253) throw wrong('is no domain')
  const host = url.host.replace(/\.(?=$|:)/, '')
  if (!/^[a-z0-9[]/.test(host)) throw wrong('is no domain')
  const { hostname, publicSuffix, isIp } = parse(host, { allowPrivateDomains: false })
  if (isIp !== true && hostname !== null && hostname === publicSuffix && hostname.includes('.')) throw wrong('is a public suffix')
  return host
}

/** A name on the web's own port: neither an address nor another port of it. */
export function isOrdinary(domain: string): boolean {
  return !domain.includes(':') && parse(domain).isIp !== true
}
