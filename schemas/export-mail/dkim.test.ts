import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readSignature } from './dkim-signature.ts'
import { readMail } from './read-mail.ts'
import { keyNameOf } from './index.ts'
import { signatureFault } from './verify-dkim.ts'

interface Vectors {
  keys: Record<string, string>
  valid: Record<string, string>
  rfc8463: { mail: string; keys: Record<string, string> }
}
const vectors = JSON.parse(readFileSync(new URL('../../tests/vectors/dkim.json', import.meta.url), 'utf8')) as Vectors

/** What is wrong with each signature of a mail. */
function faultsOf(bytes: Uint8Array, keys: Record<string, string>): (string | undefined)[] {
  const mail = readMail(bytes)
  if (!mail) return ['no mail']
  return mail.fields
    .filter(({ name }) => name === 'dkim-signature')
    .map((field) => {
      const signature = readSignature(field)
      if (!signature) return 'malformed'
      const record = keys[keyNameOf(signature)]
      return signatureFault(mail, signature, record === undefined ? [] : [record])
    })
}

describe('the example of RFC 8463', () => {
  const { mail, keys } = vectors.rfc8463
  const bytes = (text = mail): Uint8Array => Buffer.from(text)

  it('holds by both its signatures, with line ends of either kind', () => {
    expect(faultsOf(bytes(), keys)).toEqual([undefined, undefined])
    expect(faultsOf(bytes(mail.replaceAll('\n', '\r\n')), keys)).toEqual([undefined, undefined])
  })

  it.each<[string, (text: string) => string, string]>([
    ['another word in the body', (text) => text.replace('hungry', 'thirsty'), 'BODY_CHANGED'],
    ['another subject', (text) => text.replace('Is dinner', 'Was dinner'), 'SIGNATURE_FALSE'],
    ['another addressee', (text) => text.replace('suzie@', 'eve@'), 'SIGNATURE_FALSE'],
    ['another tag in the signatures', (text) => text.replaceAll('t=1528637909', 't=1528637908'), 'SIGNATURE_FALSE'],
    // the list signs From twice, so that a second one cannot be put beside the first
    ['a second From', (text) => text.replace('\nTo: ', '\nFrom: eve@football.example.com\nTo: '), 'SIGNATURE_FALSE'],
  ])('does not with %s', (_, change, fault) => expect(faultsOf(bytes(change(mail)), keys)).toEqual([fault, fault]))

  it('does with space at line ends and lines at the end, which the relaxed form leaves out', () => {
    expect(faultsOf(bytes(`${mail.replace('hungry yet?', 'hungry   yet? \t')}\n\n`), keys)).toEqual([undefined, undefined])
  })
})

describe('what another library signed', () => {
  it.each(Object.entries(vectors.valid))('holds: %s', (_, mail) => {
    expect(faultsOf(Buffer.from(mail, 'base64'), vectors.keys)).toEqual([undefined])
  })
})

describe('a key', () => {
  const mail = Buffer.from(vectors.valid['ed25519, relaxed/relaxed, text'] as string, 'base64')
  const rsa = Buffer.from(vectors.valid['rsa, relaxed/relaxed, text'] as string, 'base64')
  const good = vectors.keys['s2._domainkey.tunes.example'] as string
  const rsaKey = vectors.keys['s1._domainkey.mail.tunes.example'] as string
  it.each<[string, string | undefined, string | undefined]>([
    ['with space around its tags, and nothing behind the last', ` v = DKIM1 ; k=ed25519; ${good.slice(good.indexOf('p='))} ; `, undefined],
    ['that is not there', undefined, 'NO_KEY'],
    ['that was taken back', 'v=DKIM1; k=ed25519; p=', 'KEY_REVOKED'],
    ['of another kind', good.replace('ed25519', 'rsa'), 'BAD_KEY'],
    ['of another version', good.replace('DKIM1', 'DKIM2'), 'BAD_KEY'],
    ['that is being tried out', `${good}; t=y`, 'BAD_KEY'],
    ['for another service than mail', `${good}; s=tlsrpt`, 'BAD_KEY'],
    ['for SHA-1 alone', `${good}; h=sha1`, 'BAD_KEY'],
    ['that says a tag twice', `${good}; k=ed25519`, 'BAD_KEY'],
    ['of 31 bytes', 'v=DKIM1; k=ed25519; p=AAAA', 'BAD_KEY'],
    ['that is no base64', 'v=DKIM1; k=ed25519; p=!', 'BAD_KEY'],
    ['beyond all size', `${good}; n=${'x'.repeat(5000)}`, 'BAD_KEY'],
    ['of somebody else', 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=', 'SIGNATURE_FALSE'],
  ])('%s', (_, record, fault) => {
    expect(faultsOf(mail, record === undefined ? {} : { 's2._domainkey.tunes.example': record })).toEqual([fault])
  })

  it('of RSA that is cut off, or of less than 1024 bits', () => {
    const name = 's1._domainkey.mail.tunes.example'
    expect(faultsOf(rsa, { [name]: rsaKey.slice(0, -40) })).toEqual(['BAD_KEY'])
    expect(faultsOf(rsa, { [name]: vectors.keys['short._domainkey.tunes.example'] as string })).toEqual(['KEY_TOO_SHORT'])
  })

  it('counts beside others of its name', () => {
    const read = readMail(mail)
    const [field] = read?.fields ?? []
    const signature = field && readSignature(field)
    expect(read && signature && signatureFault(read, signature, ['v=spf1 -all', good])).toBeUndefined()
  })
})

describe('a signature field', () => {
  const field = (tags: string) => readSignature({ name: 'dkim-signature', raw: `DKIM-Signature: ${tags}`, value: '' })
  const good = `v=1; a=rsa-sha256; d=a.example; s=k; h=From : to; bh=${Buffer.alloc(32).toString('base64')}; b=AA==`
  it('is read', () => {
    expect(field(good)).toMatchObject({ domain: 'a.example', header: 'simple', body: 'simple', signs: ['from', 'to'], expires: null })
    expect(field(good.replace('d=a.example', 'd=A.Example; c=relaxed; i=@sub.a.example; x=17'))).toMatchObject({
      domain: 'a.example',
      header: 'relaxed',
      body: 'simple',
      identity: 'sub.a.example',
      expires: 17,
    })
  })

  it.each<[string, string]>([
    ['another version', good.replace('v=1', 'v=2')],
    ['SHA-1', good.replace('sha256', 'sha1')],
    ['no domain', good.replace('d=a.example; ', '')],
    ['a name that is no domain', good.replace('a.example', '../a.example')],
    ['a selector that is no name', good.replace('s=k', 's=k k')],
    ['an identity of another domain', good.replace('d=a.example', 'd=a.example; i=@b.example')],
    ['a domain that only ends alike', good.replace('d=a.example', 'd=a.example; i=@ba.example')],
    ['another form', good.replace('d=a', 'c=loose; d=a')],
    ['another way to its key', good.replace('d=a', 'q=http; d=a')],
    ['a hash of another length', good.replace(/bh=[^;]*/, 'bh=AAAA')],
    ['nothing signed', good.replace(/h=From[^;]*/, 'h=')],
    ['a tag twice', `${good}; d=b.example`],
    ['no time to expire', good.replace('d=a', 'x=soon; d=a')],
  ])('is none with %s', (_, tags) => expect(field(tags)).toBeUndefined())
})
