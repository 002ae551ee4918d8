/** A service that signs its mails, for tests: any field, form and tag may be another than it should be. */
import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { canonicalBody, canonicalField, type Canonicalization } from '../../schemas/export-mail/canonical.ts'

/** PKCS #8 of an Ed25519 key, up to its seed (RFC 8410). */
const ED25519_PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex')
const seed = Buffer.alloc(32, 7)
export const mailKey: KeyObject = createPrivateKey({ key: Buffer.concat([ED25519_PRIVATE, seed]), format: 'der', type: 'pkcs8' })
const publicBytes = createPublicBytes(mailKey)
export const mailRecord = `v=DKIM1; k=ed25519; p=${publicBytes.toString('base64')}`

function createPublicBytes(key: KeyObject): Buffer {
  const { x } = key.export({ format: 'jwk' })
  return Buffer.from(x as string, 'base64url')
}

export interface MailToSign {
  from?: string
  to?: string
  date?: string
  subject?: string
  body?: string
  /** Fields before the others, whole. */
  above?: string[]
  domain?: string
  selector?: string
  /** Field names of `h=`. */
  signs?: string[]
  form?: `${Canonicalization}/${Canonicalization}`
  /** Tags behind the others: ` x=1;`. */
  tags?: string
}

/** The mail with CR LF, signed by the Ed25519 key above. */
export function signedMail({
  from = 'Tunes <no-reply@tunes.example>',
  to = 'Jane Doe <jane.doe@mail.example>',
  date = 'Sat, 01 Nov 2025 10:00:00 +0000',
  subject = 'Your data is ready',
  body = 'Hello,\r\nyour data is ready to download.\r\n',
  above = [],
  domain = 'tunes.example',
  selector = 's1',
  signs = ['from', 'to', 'date', 'subject'],
  form = 'relaxed/relaxed',
  tags = '',
}: MailToSign = {}): string {
  const fields = [...above, `From: ${from}`, `To: ${to}`, `Date: ${date}`, `Subject: ${subject}`, 'Message-ID: <1@tunes.example>']
  const [header, bodyForm] = form.split('/') as [Canonicalization, Canonicalization]
  const hash = createHash('sha256').update(canonicalBody(body, bodyForm), 'latin1').digest('base64')
  const own = `DKIM-Signature: v=1; a=ed25519-sha256; c=${form}; d=${domain}; s=${selector}; h=${signs.join(':')}; bh=${hash};${tags} b=`
  const left = new Map<string, string[]>()
  for (const field of fields) {
    const name = field.slice(0, field.indexOf(':')).toLowerCase()
    left.set(name, [...(left.get(name) ?? []), field])
  }
  const hashed = signs.flatMap((name) => {
    const field = left.get(name.toLowerCase())?.pop()
    return field === undefined ? [] : [`${canonicalField(field, header)}\r\n`]
  })
  const signed = createHash('sha256')
    .update(hashed.join('') + canonicalField(own, header), 'latin1')
    .digest()
  const signature = sign(null, signed, mailKey).toString('base64')
  return `${own}${signature}\r\n${fields.join('\r\n')}\r\n\r\n${body}`
}
