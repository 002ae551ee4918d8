/** A DKIM key as the DNS publishes it (RFC 6376, section 3.6.1; RFC 8463), and what is asked of it here. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { DkimSignature } from './dkim-signature.ts'
import { base64Of, readTags } from './tag-list.ts'

/** Of a TXT record. */
export const MAX_KEY_RECORD = 4096
/** RFC 8301: shorter ones prove nothing. Longer ones than 8,192 cost a tester more than they say. */
const RSA_BITS = { least: 1024, most: 8192 }
/** SubjectPublicKeyInfo of an Ed25519 key, up to its 32 bytes (RFC 8410). */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

export type DkimKey = { ok: true; key: KeyObject } | { ok: false; code: 'BAD_KEY' | 'KEY_REVOKED' | 'KEY_TOO_SHORT' }
const bad: DkimKey = { ok: false, code: 'BAD_KEY' }

/** The key of one TXT record for this signature. A key in test mode (`t=y`) says nothing, by its owner's own word. */
export function readKey(
  record: string,
  { algorithm, identity, domain }: Pick<DkimSignature, 'algorithm' | 'identity' | 'domain'>,
): DkimKey {
  const tags = record.length > MAX_KEY_RECORD ? undefined : readTags(record)
  const list = (name: string, unsaid: string): string[] =>
    (tags?.get(name) ?? unsaid)
      .toLowerCase()
      .split(':')
      .map((one) => one.trim())
  if (!tags || (tags.get('v') ?? 'DKIM1') !== 'DKIM1') return bad
  const type = algorithm.slice(0, algorithm.indexOf('-'))
  if ((tags.get('k') ?? 'rsa').toLowerCase() !== type || !list('h', 'sha256').includes('sha256')) return bad
  const flags = list('t', '')
  if (!list('s', '*').some((one) => one === '*' || one === 'email') || flags.includes('y')) return bad
  if (flags.includes('s') && identity !== domain) return bad
  if (tags.get('p') === '') return { ok: false, code: 'KEY_REVOKED' }
  const bytes = base64Of(tags.get('p') ?? '')
  const key = bytes && keyOf(type, bytes)
  if (key === undefined) return bad
  const bits = key.asymmetricKeyDetails?.modulusLength ?? RSA_BITS.least
  if (bits < RSA_BITS.least) return { ok: false, code: 'KEY_TOO_SHORT' }
  return bits > RSA_BITS.most ? bad : { ok: true, key }
}

/** Whether a signature of some kind could be held against this record. */
export const isKeyRecord = (record: string): boolean =>
  (['rsa-sha256', 'ed25519-sha256'] as const).some((algorithm) => readKey(record, { algorithm, identity: '', domain: '' }).ok)

function keyOf(type: string, bytes: Buffer): KeyObject | undefined {
  if (type === 'ed25519') return bytes.byteLength === 32 ? publicKey(Buffer.concat([ED25519_PREFIX, bytes]), 'spki', type) : undefined
  // some publish the key alone, without what says that it is one of RSA
  return publicKey(bytes, 'spki', type) ?? publicKey(bytes, 'pkcs1', type)
}

function publicKey(key: Buffer, type: 'spki' | 'pkcs1', kind: string): KeyObject | undefined {
  try {
    const read = createPublicKey({ key, format: 'der', type })
    return read.asymmetricKeyType === kind ? read : undefined
  } catch {
    return undefined
  }
}
