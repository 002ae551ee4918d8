/** One DKIM-Signature field, read: what it says of itself, before any key is asked for. */
import type { Canonicalization } from './canonical.ts'
import { DNS_NAME } from '../wire/index.ts'
import type { MailField } from './read-mail.ts'
import { base64Of, readTags } from './tag-list.ts'

export interface DkimSignature {
  raw: string
  algorithm: 'rsa-sha256' | 'ed25519-sha256'
  header: Canonicalization
  body: Canonicalization
  /** Who signs, lower case, and the name of its key. */
  domain: string
  selector: string
  /** Of `i=`: the domain itself, or one below it. */
  identity: string
  /** Field names, lower case, in order. */
  signs: readonly string[]
  bodyHash: Uint8Array
  signature: Uint8Array
  /** Unix seconds; null where it does not say. */
  expires: number | null
  /** It signs only the beginning of the body (`l=`). */
  isPartial: boolean
}

const isName = (name: string): boolean => name.length <= 253 && DNS_NAME.test(name)
const isForm = (form: string | undefined): form is Canonicalization => form === 'simple' || form === 'relaxed'

/** Undefined where it is malformed, of another version, or by an algorithm that is none of the two of RFC 8301 and RFC 8463. */
export function readSignature({ raw }: MailField): DkimSignature | undefined {
  const tags = readTags(raw.slice(raw.indexOf(':') + 1))
  if (tags?.get('v') !== '1') return undefined
  const algorithm = tags.get('a')?.toLowerCase()
  const [header = 'simple', body = 'simple'] = (tags.get('c') ?? 'simple').toLowerCase().split('/')
  const domain = tags.get('d')?.toLowerCase() ?? ''
  const selector = tags.get('s')?.toLowerCase() ?? ''
  const identity = (tags.get('i') ?? `@${domain}`).split('@').at(-1)?.toLowerCase() ?? ''
  const bodyHash = base64Of(tags.get('bh') ?? '')
  const signature = base64Of(tags.get('b') ?? '')
  const signs = (tags.get('h') ?? '')
    .toLowerCase()
    .split(':')
    .map((name) => name.trim())
  const expires = tags.get('x')
  if (algorithm !== 'rsa-sha256' && algorithm !== 'ed25519-sha256') return undefined
  if (!isForm(header) || !isForm(body) || !isName(domain) || !isName(selector) || !isAtOrBelow(identity, domain)) return undefined
  if (bodyHash?.byteLength !== 32 || signature === undefined || signs.length > 256 || signs.some((name) => name === '')) return undefined
  if (expires !== undefined && !/^\d{1,12}$/.test(expires)) return undefined
  if (
    !(tags.get('q') ?? 'dns/txt')
      .toLowerCase()
      .split(':')
      .some((way) => way.trim() === 'dns/txt')
  )
    return undefined
  return {
    raw,
    algorithm,
    header,
    body,
    domain,
    selector,
    identity,
    signs,
    bodyHash,
    signature,
    expires: expires === undefined ? null : Number(expires),
    isPartial: tags.has('l'),
  }
}

/** A domain, or one below it; both lower case. */
export const isAtOrBelow = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`)

/** Where the DNS has the key. */
export const keyNameOf = ({ selector, domain }: DkimSignature): string => `${selector}._domainkey.${domain}`
