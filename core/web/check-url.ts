import { MAX_URL_BYTES } from '../../schemas/evidence/index.ts'
import { InvalidInputError, RefusedError } from '../errors/index.ts'

/**
 * Parses by the WHATWG rules (so `0x7f.1` and `2130706433` become 127.0.0.1 before anybody looks at them), drops the fragment.
 * Throws InvalidInputError BAD_URL, RefusedError SCHEME_NOT_ALLOWED or CREDENTIALS_IN_URL.
 */
export function checkUrl(text: string): URL {
  if (text.length > MAX_URL_BYTES)
    throw new InvalidInputError('BAD_URL', `a URL of ${text.length} characters; at most ${MAX_URL_BYTES} are taken`)
  const url = URL.parse(text)
  if (url === null) throw new InvalidInputError('BAD_URL', 'not an absolute URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new RefusedError('SCHEME_NOT_ALLOWED', 'only http and https URLs are fetched', { detail: { scheme: url.protocol.slice(0, 32) } })
  // the value stays out of the message: it is a secret
  if (url.username !== '' || url.password !== '') throw new RefusedError('CREDENTIALS_IN_URL', 'URLs with a user name are not fetched')
  // the setter parses again
  if (url.href.includes('#')) url.hash = ''
  return url
}

export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}
