import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { accountBand } from '../../schemas/export-mail/index.ts'
import { type ExportMailTerms, toHex } from '../../schemas/wire/index.ts'
import { mailRecord, type MailToSign, signedMail } from '../../tests/support/signed-mail.ts'
import type { ResolveTxt } from '../../core/web/index.ts'
import { checkExportMail, pinnedKeys } from './index.ts'

const DAY = 86_400
const at = Date.UTC(2025, 10, 2, 10) / 1000
const terms: ExportMailTerms = {
  attestedPpm: 1_000_000,
  maxAgeDays: 30,
  senders: [{ source: 'spotify', domain: 'tunes.example', subjects: ['your  data is READY'] }],
  keys: [
    { name: 's1._domainkey.tunes.example', record: mailRecord },
    { name: 's1._domainkey.mail.tunes.example', record: mailRecord },
    { name: 's1._domainkey.eve.example', record: mailRecord },
    { name: 's1._domainkey.eve-tunes.example', record: mailRecord },
  ],
}
const asked = (mail: string, changes: Partial<{ source: string; at: number; terms: ExportMailTerms; lookup: ResolveTxt }> = {}) => {
  const facts = { source: 'spotify', terms, at, ...changes }
  return checkExportMail({ ...facts, bytes: Buffer.from(mail, 'latin1') }, changes.lookup ?? pinnedKeys(facts.terms))
}
const codeOf = async (...asking: Parameters<typeof asked>) => {
  const verdict = await asked(...asking)
  return verdict.ok ? verdict.account.address : verdict.code
}
const JANE = 'jane.doe@mail.example'

describe('a mail attests an export', () => {
  it.each<[string, MailToSign]>([
    ['signed by the service', {}],
    ['signed in the simple form', { form: 'simple/simple' }],
    ['signed by a domain below the one that the charter lists', { domain: 'mail.tunes.example' }],
    ['sent from a domain below it', { from: 'no-reply@mail.tunes.example' }],
    ['with fields that the way added', { above: ['Received: by mx.example', 'X-Spam: no'] }],
    ['with a name in quotes and a comma in it', { to: '"Doe, Jane" <Jane.Doe@mail.example>' }],
    ['to an address without a name', { to: 'jane.doe@mail.example' }],
    ['with its subject in encoded words', { subject: '=?UTF-8?Q?Your_data?= =?utf-8?B?IGlzIHJlYWR5?=' }],
    ['with its subject folded', { subject: 'Your\r\n  data is\tready' }],
    ['to an address in its own name', { to: 'Jane.Doe@mail.example <jane.doe@mail.example>' }],
    ['from a clock that names its zone as of old', { date: 'Fri, 03 Oct 2025 06:00:00 EDT' }],
    ['with eight-bit junk in its body', { body: '\x80\xff\xfe\x00junk\r\n' }],
    ['with an empty body', { body: '' }],
    ['signed until later', { tags: ` t=${at - 10}; x=${at + 1};` }],
    ['signed beyond the fields that there are', { signs: ['from', 'to', 'date', 'subject', 'from', 'reply-to'] }],
    ['as old as may be', { date: 'Fri, 03 Oct 2025 12:00:00 +0200' }],
    ['from a clock that is a day ahead', { date: '3 Nov 2025 10:00:00 GMT' }],
  ])('%s', async (_, mail) => expect(await codeOf(signedMail(mail))).toBe(JANE))

  it('as mail programs write it to disk', async () => {
    const mail = signedMail()
    expect(await codeOf(mail.replaceAll('\r\n', '\n'))).toBe(JANE)
    expect(await codeOf(`From tunes Sat Nov  1 10:00:00 2025\n${mail}`)).toBe(JANE)
    expect(await codeOf(`\xef\xbb\xbf\r\n\n${mail}`)).toBe(JANE)
    expect(await codeOf(signedMail({ above: [`X: ${'x'.repeat(40_000)}`] }))).toBe(JANE)
  })

  it('by one good signature among others', async () => {
    const other = signedMail({ domain: 'forwarder.example' }).split('\r\n')[0] as string
    const broken = signedMail({ tags: ' x=1;' }).split('\r\n')[0] as string
    expect(await codeOf(`${other}\r\n${broken}\r\nDKIM-Signature: nonsense\r\n${signedMail()}`)).toBe(JANE)
  })
})

describe('a mail attests nothing', () => {
  it.each<[string, string, string]>([
    ['not signed', 'MAIL_UNSIGNED', signedMail().replace(/^DKIM-Signature[^\r]*\r\n/, '')],
    ['signed by another domain alone', 'OTHER_SIGNER', signedMail({ domain: 'eve.example' })],
    ['signed by a domain that only ends alike', 'OTHER_SIGNER', signedMail({ domain: 'eve-tunes.example' })],
    ['signed by the domain above', 'OTHER_SIGNER', signedMail({ domain: 'example' })],
    ['sent by somebody else', 'OTHER_SENDER', signedMail({ from: 'Tunes <no-reply@eve.example>' })],
    ['sent by a domain that only ends alike', 'OTHER_SENDER', signedMail({ from: 'a@eve-tunes.example' })],
    ['with a letter changed in its body', 'BODY_CHANGED', signedMail().replace('Hello', 'Hallo')],
    ['with words put behind its body', 'BODY_CHANGED', `${signedMail()}more\r\n`],
    ['to another address than it was signed for', 'SIGNATURE_FALSE', signedMail().replace('jane.doe@', 'eve@')],
    ['with another date than it was signed with', 'SIGNATURE_FALSE', signedMail().replace('10:00:00', '10:00:01')],
    ['with another subject than it was signed with', 'SIGNATURE_FALSE', signedMail().replace('Subject: Your', 'Subject: YOUR')],
    ['signed in part (l=)', 'SIGNS_PART', signedMail({ tags: ' l=5;' })],
    ...['from', 'to', 'date', 'subject'].map((name): [string, string, string] => [
      `without ${name} among what is signed`,
      'SIGNS_PART',
      signedMail({ signs: ['from', 'to', 'date', 'subject'].filter((one) => one !== name) }),
    ]),
    ['with a second From', 'MAIL_FIELDS', signedMail({ above: ['From: eve@eve.example'] })],
    ['with a second To', 'MAIL_FIELDS', signedMail({ above: ['To: eve@eve.example'] })],
    ['with a second Date', 'MAIL_FIELDS', signedMail({ above: ['date : Sat, 01 Nov 2025 10:00:00 +0000'] })],
    ['with a second Subject', 'MAIL_FIELDS', signedMail({ above: ['SUBJECT: hello'] })],
    ['to two addresses', 'MAIL_FIELDS', signedMail({ to: 'jane.doe@mail.example, eve@eve.example' })],
    ['to a group', 'MAIL_FIELDS', signedMail({ to: 'all: jane.doe@mail.example;' })],
    ['to no address', 'MAIL_FIELDS', signedMail({ to: 'Jane' })],
    ['to one address in the name of another', 'MAIL_FIELDS', signedMail({ to: 'eve@eve.example <jane.doe@mail.example>' })],
    ['without a date', 'MAIL_FIELDS', signedMail({ date: 'yesterday' })],
    ['on a day that there is not', 'MAIL_FIELDS', signedMail({ date: 'Sun, 31 Nov 2025 10:00:00 +0000' })],
    ['about something else', 'OTHER_SUBJECT', signedMail({ subject: 'New songs for you' })],
    ['with more in its subject than the service says', 'OTHER_SUBJECT', signedMail({ subject: 'Re: your data is ready' })],
    ['with a From whose colon stands apart, above the other', 'MAIL_FIELDS', `From : eve@eve.example\r\n${signedMail()}`],
    ['older by a zone of old', 'MAIL_TOO_OLD', signedMail({ date: 'Fri, 03 Oct 2025 05:59:59 EDT' })],
    ['with a signature that expired', 'SIGNATURE_EXPIRED', signedMail({ tags: ` x=${at};` })],
    ['older than the charter takes', 'MAIL_TOO_OLD', signedMail({ date: 'Fri, 03 Oct 2025 09:59:59 +0000' })],
    ['yet to come', 'MAIL_FUTURE', signedMail({ date: 'Mon, 03 Nov 2025 10:00:01 +0000' })],
    ['signed under a key that nobody has', 'NO_ANSWER', signedMail({ selector: 'gone' })],
    ['too large', 'MAIL_TOO_LARGE', signedMail({ body: 'x'.repeat(256 << 10) })],
    ['that is none', 'BAD_MAIL', 'hello'],
    ['that is a page', 'BAD_MAIL', '<!doctype html>\r\n<title>Inbox</title>\r\n'],
    ['of bytes', 'BAD_MAIL', '\x00\x01\x02\xff\r\n\r\n'],
    ['that is empty', 'BAD_MAIL', ''],
    ['that begins in the middle of a field', 'BAD_MAIL', ` folded\r\n${signedMail()}`],
    ['with more fields than are read', 'BAD_MAIL', signedMail({ above: Array.from({ length: 300 }, (_, i) => `X-${i}: 1`) })],
    ['with a head beyond all size', 'BAD_MAIL', signedMail({ above: [`X: ${'x'.repeat(64 << 10)}`] })],
  ])('%s: %s', async (_, code, mail) => {
    const verdict = await asked(mail)
    expect(verdict).toMatchObject({ ok: false, code })
    // the next step is in the words, and nobody's address
    expect(verdict.ok ? '' : verdict.message).toMatch(/^[^@]{20,}offer without a mail$/)
  })

  it('of a service that the charter does not list', async () =>
    expect(await codeOf(signedMail(), { source: 'netflix' })).toBe('SOURCE_NOT_LISTED'))

  it('whose key has gone, was taken back or is none', async () => {
    const under = (...records: string[]) => codeOf(signedMail(), { lookup: () => Promise.resolve(records) })
    expect(await under()).toBe('NO_KEY')
    expect(await under('v=DKIM1; k=ed25519; p=')).toBe('KEY_REVOKED')
    expect(await under('p=nonsense')).toBe('BAD_KEY')
    expect(await under('v=spf1 -all', mailRecord)).toBe(JANE)
  })

  it('that another library signed without enough', async () => {
    const vectors = JSON.parse(readFileSync(new URL('../../tests/vectors/dkim.json', import.meta.url), 'utf8')) as {
      keys: Record<string, string>
      valid: Record<string, string>
      invalid: Record<string, { mail: string; code: string }>
    }
    const keys = Object.entries(vectors.keys).map(([name, record]) => ({ name, record }))
    const code = (mail: string) =>
      codeOf(Buffer.from(mail, 'base64').toString('latin1'), {
        terms: { ...terms, senders: [{ source: 'spotify', domain: 'tunes.example', subjects: [] }], keys },
      })
    for (const { mail, code: expected } of Object.values(vectors.invalid)) expect(await code(mail)).toBe(expected)
    for (const mail of Object.values(vectors.valid)) expect(await code(mail)).toBe('jane.doe+tunes@mail.example')
  })
})

it('must be young enough, and its signature good, until it is tested', async () => {
  const under = (mail: MailToSign, until: number) =>
    checkExportMail({ source: 'spotify', terms, at, until, bytes: Buffer.from(signedMail(mail)) }, pinnedKeys(terms))
  const sent = at - DAY
  expect(await under({}, sent + 30 * DAY)).toMatchObject({ ok: true })
  expect(await under({}, sent + 30 * DAY + 1)).toMatchObject({ code: 'MAIL_TOO_OLD' })
  expect(await under({ tags: ` x=${at + DAY};` }, at + DAY - 1)).toMatchObject({ ok: true })
  expect(await under({ tags: ` x=${at + DAY};` }, at + DAY)).toMatchObject({ code: 'SIGNATURE_EXPIRED' })
})

describe('keys', () => {
  it('of the charter come in the place of the DNS, which is asked for the others', async () => {
    const names: string[] = []
    const dns: ResolveTxt = (name) => {
      names.push(name)
      return Promise.resolve(['from the dns'])
    }
    const lookup = pinnedKeys(terms, dns)
    expect(await lookup('s1._domainkey.tunes.example')).toEqual([mailRecord])
    expect(await lookup('s2._domainkey.tunes.example')).toEqual(['from the dns'])
    expect(names).toEqual(['s2._domainkey.tunes.example'])
  })

  it('are asked for at the domains that the charter lists, and nowhere else', async () => {
    const names: string[] = []
    const lookup: ResolveTxt = (name) => {
      names.push(name)
      return Promise.reject(new Error('silent'))
    }
    const others = ['eve.example', 'eve.example', 'tunes.example', 'mail.tunes.example'].map(
      (domain) => signedMail({ domain }).split('\r\n')[0],
    )
    expect(await codeOf(`${others.join('\r\n')}\r\n${signedMail({ domain: 'eve.example' })}`, { lookup })).toBe('NO_ANSWER')
    expect(names).toEqual(['s1._domainkey.tunes.example', 's1._domainkey.mail.tunes.example'])
  })

  it('are not asked for where the body is not what was signed', async () => {
    const lookup: ResolveTxt = () => Promise.reject(new Error('asked'))
    expect(await codeOf(`${signedMail()}more\r\n`, { lookup })).toBe('BODY_CHANGED')
  })

  it('end with the signal', async () => {
    const stop = new AbortController()
    const lookup: ResolveTxt = () => {
      stop.abort(new Error('stopped'))
      return Promise.reject(new Error('cancelled'))
    }
    const facts = { source: 'spotify', terms, at, bytes: Buffer.from(signedMail()) }
    await expect(checkExportMail(facts, lookup, stop.signal)).rejects.toThrow('stopped')
  })
})

describe('a sender', () => {
  const under = async (senders: ExportMailTerms['senders'], mail: MailToSign = {}) => {
    const verdict = await asked(signedMail(mail), { terms: { ...terms, senders } })
    return verdict.ok ? verdict.account : verdict.code
  }
  const listed = { source: 'spotify' as const, domain: 'tunes.example', subjects: [] }

  it('may be one address of a domain, where others write what strangers put in', async () => {
    const senders = [{ ...listed, address: 'no-reply@tunes.example' }]
    expect(await under(senders)).toMatchObject({ address: JANE })
    expect(await under(senders, { from: 'help@tunes.example' })).toBe('OTHER_SENDER')
  })

  it('of two services, or of two listed domains, attests one account', async () => {
    const below = { ...listed, domain: 'mail.tunes.example' }
    const other = { ...listed, source: 'netflix' as const }
    const from = 'no-reply@mail.tunes.example'
    for (const senders of [[listed], [below, listed], [{ ...below }, other]])
      expect(await under(senders, { from, domain: 'mail.tunes.example' })).toEqual({ domain: 'tunes.example', address: JANE })
  })
})

it('knows an account by what its owner cannot choose', () => {
  const band = (address: string, domain = 'tunes.example') => toHex(accountBand({ domain, address }))
  expect(band('jane+1@mail.example')).toBe(band('jane@mail.example'))
  expect(band('j.a.ne+x@googlemail.com')).toBe(band('jane@gmail.com'))
  expect(band('j.ane@mail.example')).not.toBe(band('jane@mail.example'))
  expect(band('jane@mail.example', 'films.example')).not.toBe(band('jane@mail.example'))
  expect(band('+1@mail.example')).not.toBe(band('+2@mail.example'))
  // sha256sum of the bytes that the protocol names
  expect(band('jane@mail.example')).toBe('f363f886cb6d063c0e97397e4f7cb5346fb38aea88f3f0fa224e53f0616c3080')
})
