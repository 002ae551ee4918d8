import { compactVerify, importJWK } from 'jose'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signJws, verifyJws } from '../../core/envelope/index.ts'
import {
  cborCid,
  type ConsentReceipt,
  encode,
  PURPOSES,
  rawCid,
  RECEIPT_TYPE,
  sha256,
  toHex,
  utf8,
  type Withdrawal,
} from '../../schemas/wire/index.ts'
import {
  consentGiven,
  draftPolicy,
  fill,
  keyholders,
  LEDGER,
  NOW,
  operator,
  poolPolicy,
  receiptFor,
  rootSeed,
  sampleManifest,
  stranger,
  subject,
} from '../../tests/support/pool-world.ts'
import {
  checkConsent,
  type ConsentFacts,
  dpvView,
  isDpvTerm,
  printNotice,
  readPolicy,
  readReceipt,
  readWithdrawal,
  receiptId,
  signPolicy,
  signReceipt,
  signWithdrawal,
  subjectKey,
  termsOf,
  Tombstones,
} from './index.ts'

const given = consentGiven()
const facts: ConsentFacts = {
  jws: given.jws,
  salt: given.salt,
  dao: LEDGER,
  operator: operator.did,
  policy: { cid: given.policy.cid, value: given.policy.policy },
  manifest: given.manifest,
  notice: utf8(printNotice(given.policy.policy)),
  held: ['pd:TVViewingBehaviour'],
  tombstones: new Tombstones(),
  now: NOW,
  use: { role: 'scorer', purpose: 'dpv:DataQualityAssessment', by: stranger.did, seated: true },
}
const codes = (changed: Partial<ConsentFacts>): string[] => {
  const verdict = checkConsent({ ...facts, ...changed })
  return verdict.ok ? [] : verdict.problems.map(({ code }) => code)
}
const saying = (changes: Partial<ConsentReceipt>): Partial<ConsentFacts> => ({
  jws: signReceipt({ ...given.receipt, ...changes }, subject),
})
const buried = (...list: Withdrawal[]): Tombstones => {
  const set = new Tombstones()
  for (const one of list) set.add(one)
  return set
}
const withdrawn = (changes: Partial<Withdrawal> = {}, by = subject): Withdrawal =>
  signWithdrawal({ manifest: cborCid(encode(given.manifest)), at: NOW, scope: 'all', ask: ['erase'], ...changes }, by)

describe('a consent', () => {
  it('holds when everything holds', () => {
    expect(checkConsent(facts)).toMatchObject({ ok: true, receipt: given.receipt, hash: given.hash, purposes: given.receipt.purposes })
  })

  const otherPolicy = poolPolicy(keyholders(7).map(({ did }) => did))
  const special = { ...given.policy.policy, special: ['pd:TVViewingBehaviour'] }
  const renewal = signReceipt({ ...given.receipt, prev: receiptId(given.jws) }, subject)
  const policyBy = (value: typeof given.policy.policy): Partial<ConsentFacts> => ({ policy: { cid: given.policy.cid, value } })
  const broken: [what: string, code: string, changed: Partial<ConsentFacts>][] = [
    ['a signature of other bytes', 'BAD_SIGNATURE', { jws: `${given.jws.slice(0, -4)}AAAA` }],
    ['a signature by another key', 'KID_MISMATCH', { jws: signJws(RECEIPT_TYPE, given.receipt, stranger) }],
    ['another type of JWS', 'BAD_JWS', { jws: signJws('JWT', given.receipt, subject) }],
    ['a minor', 'BAD_SHAPE', { jws: signJws(RECEIPT_TYPE, { ...given.receipt, adult: false }, subject) }],
    ['no policy', 'NO_POLICY', { policy: null }],
    ['another policy in the charter', 'OTHER_POLICY', { policy: { cid: otherPolicy.cid, value: otherPolicy.policy } }],
    ['a policy that is not the one its CID names', 'OTHER_POLICY', policyBy({ ...given.policy.policy, jurisdiction: 'XX' })],
    ['a policy of another operator', 'POLICY_NOT_SIGNED', { operator: stranger.did }],
    ['another DAO', 'OTHER_DAO', saying({ dao: 'quern/other' })],
    ['a DAO that is not asking', 'OTHER_DAO', { dao: 'quern/other' }],
    ['a purpose that was not offered', 'PURPOSE_NOT_OFFERED', saying({ purposes: [...given.receipt.purposes, 'ai:ModelFineTuning'] })],
    ['a needed purpose not ticked', 'PURPOSE_MISSING', saying({ purposes: ['dpv:DataQualityAssessment'] })],
    ['a purpose said twice', 'SAID_TWICE', saying({ purposes: [...given.receipt.purposes, 'ai:ModelTraining'] })],
    ['a category that was not offered', 'CATEGORY_NOT_OFFERED', saying({ categories: ['pd:HealthRecord'] })],
    [
      'a category of the file without consent',
      'CATEGORY_NOT_CONSENTED',
      { held: ['pd:TVViewingBehaviour', 'pd:SocialMediaCommunication'] },
    ],
    ['a category of the consent that the file lacks', 'CATEGORY_NOT_IN_FILE', { held: [] }],
    ['special categories on the ordinary basis', 'SPECIAL_WITHOUT_BASIS', policyBy(special)],
    ['a consent from the future', 'NOT_YET_GIVEN', { now: NOW - 86_400 }],
    ['an expired one', 'EXPIRED', { now: given.receipt.expires }],
    ['one longer than the policy keeps data', 'TOO_LONG', saying({ expires: given.receipt.given + 365 * 86_400 + 1 })],
    ['another notice in the receipt', 'OTHER_NOTICE', saying({ notice: toHex(fill(1)) })],
    ['another notice on the screen', 'OTHER_NOTICE', { notice: utf8('all is well') }],
    ['another contribution', 'OTHER_MANIFEST', { manifest: { ...given.manifest, records: 4 } }],
    [
      'a receipt that was renewed',
      'SUPERSEDED',
      { renewed: new Set([(readReceipt(renewal) as { receipt: ConsentReceipt }).receipt.prev as string]) },
    ],
    ['a withdrawal', 'WITHDRAWN', { tombstones: buried(withdrawn()) }],
    ['a withdrawal of a needed purpose', 'WITHDRAWN', { tombstones: buried(withdrawn({ scope: ['ai:ModelTraining'] })) }],
    [
      'a scorer of the roster that nobody seats',
      'RECIPIENT_NOT_NAMED',
      { use: { role: 'scorer', purpose: 'dpv:DataQualityAssessment', by: stranger.did } },
    ],
    ['a use nobody ticked', 'PURPOSE_NOT_CONSENTED', { use: { role: 'scorer', purpose: 'ai:Benchmarking', by: stranger.did } }],
    [
      'a role the policy does not name',
      'RECIPIENT_NOT_NAMED',
      { use: { role: 'assembler', purpose: 'ai:ModelTraining', by: stranger.did } },
    ],
    ['optional purposes under GPC', 'GPC', saying({ gpc: true, purposes: [...given.receipt.purposes, 'ai:Benchmarking'] })],
    ['a sale under GPC', 'GPC', saying({ gpc: true, purposes: [...given.receipt.purposes, 'dpv:SellDataToThirdParties'] })],
  ]
  it.each(broken)('falls with %s: %s', (_, code, changed) => expect(codes(changed)).toContain(code))

  it('falls when the manifest is another subject, DAO or policy, though the receipt names it', () => {
    const manifest = sampleManifest(given.policy, { subject: stranger.did })
    const jws = signReceipt(receiptFor(given.policy, manifest), subject)
    expect(codes({ jws, manifest })).toEqual(['MANIFEST_MISMATCH'])
  })

  it('covers a mail that testers may read just where one lies beside the events', () => {
    const manifest = sampleManifest(given.policy, { mail: rawCid(utf8('mail')) })
    const say = (changes: Partial<ConsentReceipt>) => signReceipt(receiptFor(given.policy, manifest, changes), subject)
    expect(codes({ jws: say({ mail: true }), manifest })).toEqual([])
    expect(codes({ jws: say({}), manifest })).toEqual(['MAIL_NOT_CONSENTED'])
    expect(codes(saying({ mail: true }))).toContain('MAIL_NOT_CONSENTED')
    // no purpose needs it, so privacy control says no
    expect(codes({ jws: say({ mail: true, gpc: true }), manifest })).toEqual(['GPC'])
  })

  it('under GPC holds with needed purposes alone', () => expect(codes(saying({ gpc: true }))).toEqual([]))
})

describe('withdrawals', () => {
  const kinds: Withdrawal[] = [
    withdrawn({ scope: ['ai:Benchmarking'] }),
    withdrawn({ scope: ['dpv:SellDataToThirdParties'] }),
    withdrawn({ at: NOW + 1 }),
    withdrawn({ manifest: rawCid(fill(3)) }),
    withdrawn({}, stranger),
  ]

  it('mean the same in any order, said once or often', () => {
    const all = receiptFor(given.policy, given.manifest, { purposes: given.policy.policy.purposes.map(({ id }) => id) })
    fc.assert(
      fc.property(fc.shuffledSubarray([...kinds, ...kinds]), (list) => {
        const sorted = list.toSorted((a, b) => kinds.indexOf(a) - kinds.indexOf(b))
        expect(buried(...list).remaining(all)).toEqual(buried(...sorted).remaining(all))
      }),
    )
  })

  it('of optional purposes leave the needed ones', () => {
    const jws = signReceipt({ ...given.receipt, purposes: [...given.receipt.purposes, 'ai:Benchmarking'] }, subject)
    const tombstones = buried(withdrawn({ scope: ['ai:Benchmarking'] }))
    expect(checkConsent({ ...facts, jws, tombstones })).toMatchObject({ ok: true, purposes: given.receipt.purposes })
    expect(codes({ jws, tombstones, use: { role: 'scorer', purpose: 'ai:Benchmarking', by: stranger.did, seated: true } })).toEqual([
      'PURPOSE_NOT_CONSENTED',
    ])
  })

  it('count for one contribution alone, under whichever receipt it is held', () => {
    const renewed = signReceipt({ ...given.receipt, prev: receiptId(given.jws) }, subject)
    expect(codes({ jws: renewed, tombstones: buried(withdrawn()) })).toContain('WITHDRAWN')
    expect(codes({ tombstones: buried(withdrawn({ manifest: rawCid(fill(3)) })) })).toEqual([])
  })

  it('count only when the subject signed them', () => {
    expect(codes({ tombstones: buried(withdrawn({}, stranger)) })).toEqual([])
    const forged = encode({ ...withdrawn({}, stranger), subject: subject.did })
    expect(readWithdrawal(forged)).toMatchObject({ ok: false, code: 'BAD_SIGNATURE' })
    expect(readWithdrawal(encode(withdrawn()))).toMatchObject({ ok: true })
  })
})

describe('a receipt', () => {
  it('is what any JOSE tool verifies', async () => {
    const x = Buffer.from(subject.publicKey).toString('base64url')
    const { payload, protectedHeader } = await compactVerify(given.jws, await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA'))
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: subject.did, typ: RECEIPT_TYPE })
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(given.receipt)
  })

  it('has one spelling: nobody gives it a second hash', () => {
    const [head, payload, signature] = given.jws.split('.') as [string, string, string]
    const loose = Buffer.from(JSON.stringify(given.receipt, null, 1)).toString('base64url')
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const sameBits = signature.slice(0, -1) + last[last.indexOf(signature.at(-1) as string) ^ 1]
    expect(Buffer.from(sameBits, 'base64url')).toEqual(Buffer.from(signature, 'base64url'))
    for (const text of [`${head}.${loose}.${signature}`, `${head}.${payload}.${sameBits}`, `${head}.${payload}.${signature}=`])
      expect(verifyJws(RECEIPT_TYPE, text)).toMatchObject({ ok: false, code: 'NOT_CANONICAL' })
    expect(verifyJws(RECEIPT_TYPE, `${given.jws}.`)).toMatchObject({ ok: false, code: 'BAD_JWS' })
    expect(verifyJws(RECEIPT_TYPE, `${head}${'A'.repeat(9000)}.${payload}.${signature}`)).toMatchObject({ ok: false, code: 'TOO_LARGE' })
  })

  it('is signed by another key for every DAO, from one seed', () => {
    const dids = [LEDGER, 'quern/b', 'quern/c'].map((dao) => subjectKey(rootSeed, dao).did)
    expect(new Set(dids).size).toBe(3)
    expect(subjectKey(rootSeed, LEDGER).did).toBe(subject.did)
    expect(() => subjectKey(fill(1, 31), LEDGER)).toThrow(expect.objectContaining({ code: 'BAD_SEED' }))
  })
})

describe('a policy', () => {
  const draft = draftPolicy(keyholders().map(({ did }) => did))
  it.each([
    ['UNKNOWN_TERM', { dataCategories: ['pd:Everything'] }],
    ['UNKNOWN_TERM', { rights: ['eu-gdpr:A99'] }],
    ['SPECIAL_WITHOUT_BASIS', { special: ['pd:TVViewingBehaviour'] }],
    ['SPECIAL_NOT_MARKED', { dataCategories: ['pd:HealthRecord'] }],
    ['SPECIAL_NOT_LISTED', { special: ['pd:HealthRecord'], lawfulBasis: 'eu-gdpr:A9-2-a' as const }],
    ['COMMITTEE_TOO_SMALL', { committee: { k: 6, members: draft.committee.members } }],
    ['KEYHOLDER_NOT_NAMED', { committee: { k: 3, members: [...draft.committee.members, stranger.did] } }],
    ['SAID_TWICE', { purposes: [...draft.purposes, ...draft.purposes] }],
    ['TESTING_NOT_NEEDED', { purposes: draft.purposes.filter(({ id }) => id !== 'dpv:DataQualityAssessment') }],
    ['TESTING_NOT_NEEDED', { purposes: draft.purposes.map((one) => ({ ...one, optional: true })) }],
    ['SCORER_NOT_NAMED', { recipients: draft.recipients.filter(({ role }) => role !== 'scorer') }],
    ['SCORER_NOT_NAMED', { recipients: draft.recipients.map((one) => (one.role === 'scorer' ? { ...one, id: stranger.did } : one)) }],
  ])('is refused with %s', (code, changes) => {
    expect(() => signPolicy({ ...draft, ...changes }, operator)).toThrow(expect.objectContaining({ code: 'BAD_POLICY', detail: { code } }))
  })

  it('is read from its bytes with its signature, and not when one was changed', () => {
    const { bytes, cid } = given.policy
    expect(readPolicy(bytes)).toMatchObject({ ok: true, cid })
    expect(readPolicy(encode({ ...given.policy.policy, jurisdiction: 'XX' }))).toMatchObject({ ok: false, code: 'BAD_SIGNATURE' })
  })

  it('carries the hash of the notice that is printed from it', () => {
    const text = printNotice(given.policy.policy)
    expect(toHex(given.policy.policy.notice.sha256)).toBe(toHex(sha256(utf8(text))))
    for (const said of ['Upper Mill', 'to sell it to named trainers', 'Any 3 of them', '24 hours', 'not untrained', 'eu-gdpr:A7-3'])
      expect(text).toContain(said)
    // whom three see the counts of must have read it; of two nobody sums
    expect(text).toContain('all 3 together')
    const committee = { k: 2, members: given.policy.policy.committee.members.slice(0, 2) }
    expect(printNotice({ ...given.policy.policy, committee })).not.toContain('counts')
  })
})

describe('the DPV view', () => {
  it('speaks only terms of the pinned vocabulary, in every state', () => {
    const optional = { ...given.receipt, purposes: [...PURPOSES], prev: toHex(fill(1)) }
    const policy = { ...given.policy.policy, special: ['pd:TVViewingBehaviour'], automatedDecision: true }
    for (const withdrawnScope of [undefined, 'all' as const, new Set(['ai:Benchmarking'] as const)]) {
      const view = dpvView(policy, optional, { now: NOW * 2, ...(withdrawnScope !== undefined && { withdrawn: withdrawnScope }) })
      const terms = termsOf(view)
      expect(terms.length).toBeGreaterThan(30)
      expect(terms.filter((term) => !isDpvTerm(term))).toEqual([])
    }
    // the check itself can fail
    expect(termsOf({ 'dpv:hasTrain': { '@id': 'dpv:Train' } }).filter((term) => !isDpvTerm(term))).toEqual(['dpv:hasTrain', 'dpv:Train'])
  })

  it('says who, what for, until when, and what was withdrawn', () => {
    const view = dpvView(given.policy.policy, given.receipt, { now: NOW, withdrawn: 'all' })
    expect(view).toMatchObject({
      'dct:conformsTo': { '@id': 'https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr' },
      'dpv:hasDataSubject': { '@id': subject.did },
      'dpv:hasNotice': { 'dct:identifier': `sha256:${toHex(given.policy.policy.notice.sha256)}` },
      'dpv:hasDuration': { 'dct:valid': { '@value': '2026-10-21T14:13:20Z' } },
    })
    expect(JSON.stringify(view)).toContain('dpv:ConsentWithdrawn')
    // the mail is read by testers alone
    const mailed = dpvView(given.policy.policy, { ...given.receipt, mail: true }, { now: NOW })
    expect(JSON.stringify(mailed).split('pd:EmailContent')).toHaveLength(2)
    expect(termsOf(mailed).filter((term) => !isDpvTerm(term))).toEqual([])
    expect(JSON.stringify(view)).not.toContain('pd:EmailContent')
  })
})
