/** Whether a DKIM signature holds over a mail, under a key that somebody else looked up (RFC 6376, section 6.1). Pure. */
import { constants, verify } from 'node:crypto'
import { equalBytes, sha256 } from '../wire/index.ts'
import { canonicalBody, canonicalField } from './canonical.ts'
import { readKey } from './dkim-key.ts'
import type { DkimSignature } from './dkim-signature.ts'
import type { Mail } from './read-mail.ts'

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

export type DkimFault = 'BODY_CHANGED' | 'NO_KEY' | 'BAD_KEY' | 'KEY_REVOKED' | 'KEY_TOO_SHORT' | 'SIGNATURE_FALSE'

/** What the signature says of the body is what the body is: known without any key. */
export function bodyHolds({ body }: Mail, signature: DkimSignature): boolean {
  return equalBytes(sha256(bytesOf(canonicalBody(body, signature.body))), signature.bodyHash)
}

/** Undefined when one of the TXT records of its name is a key under which it holds; else what is wrong with the last of them. */
export function signatureFault(mail: Mail, signature: DkimSignature, records: readonly string[]): DkimFault | undefined {
  if (!bodyHolds(mail, signature)) return 'BODY_CHANGED'
  const signed = signedBytes(mail, signature)
  let fault: DkimFault = 'NO_KEY'
  for (const record of records) {
    const read = readKey(record, signature)
    if (!read.ok) fault = read.code
    else if (signature.algorithm === 'ed25519-sha256') {
      // RFC 8463: what is signed is the hash
      if (verify(null, sha256(signed), read.key, signature.signature)) return undefined
      fault = 'SIGNATURE_FALSE'
    } else {
      if (verify('sha256', signed, { key: read.key, padding: constants.RSA_PKCS1_PADDING }, signature.signature)) return undefined
      fault = 'SIGNATURE_FALSE'
    }
  }
  return fault
}

/** Fields as `h=` names them, the last of a name first, then the signature's own without what it comes to. */
function signedBytes({ fields }: Mail, { signs, raw, header }: DkimSignature): Buffer {
  const left = new Map<string, string[]>()
  for (const field of fields) left.set(field.name, [...(left.get(field.name) ?? []), field.raw])
  const hashed = signs.flatMap((name) => {
    const field = left.get(name)?.pop()
    return field === undefined ? [] : [`${canonicalField(field, header)}\r\n`]
  })
  const colon = raw.indexOf(':')
  const own = raw.slice(0, colon + 1) + raw.slice(colon + 1).replace(/((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*/, '$1')
  return bytesOf(hashed.join('') + canonicalField(own, header))
}
