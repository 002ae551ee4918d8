#!/usr/bin/env node
/**
 * Writes tests/vectors/wire.json: every wire object as canonical bytes with its meaning, and bytes that must be refused with their code.
 * It only adds names that are missing: what once was written stays, so that past encodings stay readable.
 *   node tools/wire-vectors.ts
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { type EntryDraft, signEntry, signObject } from '../core/envelope/index.ts'
import { keyFromSeed } from '../core/identity/index.ts'
import {
  batchIndex,
  batchManifest,
  batchReceipt,
  cborCid,
  charter,
  commitHash,
  concatBytes,
  encode,
  fraudProof,
  ledgerIdOf,
  pbCid,
  poolTerms,
  peerMultihash,
  rawCid,
  report,
  reportHash,
  sha256,
  submitReceipt,
  toHex,
  utf8,
  validatorStatement,
} from '../schemas/wire/index.ts'
import { signReceipt, signWithdrawal } from '../dao/consent/index.ts'
import { poolPolicy, receiptFor, sampleIndex, sampleManifest, subject } from '../tests/support/pool-world.ts'
import { asJson, codeOfReading, readers } from '../tests/support/wire-shapes.ts'

const file = new URL('../tests/vectors/wire.json', import.meta.url)

interface Vectors {
  about: string
  ledger: string
  accounts: Record<string, unknown>
  hashes: Record<string, unknown>
  valid: Record<string, { shape: string; hex: string; value: unknown }>
  invalid: Record<string, { shape: string; hex: string; code: string }>
}

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill)
const operator = keyFromSeed(bytes(32, 1))
const contributor = keyFromSeed(bytes(32, 2))
const validator = keyFromSeed(bytes(32, 3))
const leaf = rawCid(utf8('leaf'))
const node = pbCid(utf8('node'))

const rules = charter.parse({
  v: 1,
  name: 'vectors',
  operator: operator.did,
  contact: 'mailto:miller@mill.example',
  purposes: ['training of language models'],
  schemas: ['web-page@1'],
})
const rulesBytes = encode(rules)
const genesis = cborCid(rulesBytes)
const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Vectors) : undefined
/** That of the first vectors: a charter has more fields since, and what is signed for one ledger is good there only. */
const ledger = known?.ledger ?? ledgerIdOf(genesis)

const manifest = batchManifest.parse({
  v: 1,
  dao: ledger,
  contributor: contributor.did,
  schema: 'web-page@1',
  pipeline: 'web-page@1/1',
  count: 1,
  records: node,
  evidence: node,
  index: node,
  sketches: leaf,
  merkleRoot: bytes(32, 7),
  sequence: 0,
  prev: null,
  from: 1_760_000_000,
  to: 1_760_003_600,
})
const manifestCid = cborCid(encode(manifest))
const index = batchIndex.parse({
  v: 1,
  recordLeaves: [[leaf, 812]],
  evidenceLeaves: [
    [leaf, 3000],
    [leaf, 1_048_576],
  ],
  rows: [
    {
      record: leaf,
      recordLeaves: [0, 1],
      evidenceOffset: 278,
      evidenceBytes: 1_051_576,
      evidenceLeaves: [0, 2],
      robotsLeaves: [0, 0],
      bytes: 2048,
      tokens: 311,
      quality: 987_654,
      language: 'en',
      host: 'mill.example:8080',
      contentDigest: bytes(32, 9),
    },
  ],
})
const seat = validatorStatement.parse(
  signObject(
    'validator',
    {
      v: 1,
      ledger,
      validator: validator.did,
      operator: 'Upper mill',
      asn: 64_500,
      witness: 'w.example+00000000+AA==',
      mirror: 'm.example+00000000+AA==',
      audit: 'a.example+00000000+AA==',
      beaconTip: bytes(32, 4),
      sampleTip: bytes(32, 5),
      chainLength: 1024,
    },
    validator,
  ),
)
const drawn = report.parse({
  v: 1,
  epoch: 3,
  validator: validator.did,
  contributions: [
    {
      contributor: contributor.did,
      results: [
        { manifest: manifestCid, row: 0, pass: true, check: null, evidence: null },
        { manifest: manifestCid, row: 4095, pass: false, check: 'T1', evidence: leaf },
      ],
    },
  ],
})
const proof = fraudProof.parse({
  v: 1,
  check: 'D3',
  manifest: manifestCid,
  row: 0,
  recordBlocks: [utf8('record block')],
  evidenceBlocks: [utf8('evidence'), utf8('block')],
  robotsBlocks: [],
})
const submitted = submitReceipt.parse(
  signObject('submit-receipt', { v: 1, ledger, leafHash: bytes(32, 6), deadline: 1_760_000_060, by: operator.did }, operator),
)
const heldUnsigned = {
  v: 1,
  ledger,
  manifest: manifestCid,
  contributor: contributor.did,
  replicas: [operator.did, validator.did],
  at: 1_760_004_000,
  by: operator.did,
}
const held = batchReceipt.parse(signObject('batch-receipt', heldUnsigned, operator))

const h = (fill: number): Uint8Array => bytes(32, fill)
/** One entry of every type. */
const gone = signWithdrawal({ manifest: cborCid(h(12)), at: 1_790_000_000, scope: 'all', ask: ['stop', 'erase'] }, subject)
const drafts: EntryDraft[] = [
  { t: 'genesis', n: 0, p: { charter: genesis, log: 'vectors+00000000+AA==' } },
  { t: 'roster', n: 1, p: { add: [seat], remove: [contributor.did] } },
  { t: 'charter', n: 2, p: { charter: genesis, version: 2, from: 5 } },
  { t: 'contributor.join', n: 0, p: { contact: null } },
  { t: 'contribution.commit', n: 1, p: { epoch: 1, hash: h(1) } },
  { t: 'contribution.reveal', n: 2, p: { epoch: 1, commit: 17, manifest: manifestCid, salt: h(2) } },
  { t: 'contribution.available', n: 3, p: { epoch: 1, manifests: [manifestCid] } },
  { t: 'retract', n: 4, p: { commit: 17 } },
  { t: 'beacon.reveal', n: 5, p: { epoch: 1, preimage: h(3) } },
  { t: 'probe.commit', n: 6, p: { epoch: 1, hash: h(4) } },
  { t: 'probe.reveal', n: 7, p: { epoch: 1, commit: 20, list: leaf, salt: h(5) } },
  { t: 'report.commit', n: 8, p: { epoch: 1, hash: h(6) } },
  { t: 'report.reveal', n: 9, p: { epoch: 1, commit: 21, report: leaf, salt: h(7), preimage: h(8) } },
  { t: 'epoch.phase', n: 3, p: { epoch: 1, phase: 'gather', note: '' } },
  { t: 'epoch.close', n: 4, p: { epoch: 1, cut: 40, root: h(9), table: leaf, rules: 'rewards@1' } },
  { t: 'epoch.attest', n: 10, p: { epoch: 1, root: h(9), audit: bytes(64, 1) } },
  { t: 'epoch.dispute', n: 11, p: { epoch: 1, root: h(10), account: contributor.did, ours: utf8('ours'), theirs: null } },
  { t: 'fraud.proof', n: 12, p: { check: 'D3', manifest: manifestCid, row: 0, proof: leaf } },
  { t: 'appeal', n: 5, p: { epoch: 1, reason: 'the site was down for all of us — even at night' } },
  { t: 'complaint', n: 6, p: { leafHash: h(11), receipt: encode(submitted) } },
  { t: 'optout', n: 13, p: { domain: 'mill.example', pattern: '/private/*', evidence: leaf, from: 9 } },
  { t: 'consent.withdrawn', n: 7, p: { withdrawal: encode(gone) } },
  { t: 'custody.reshare', n: 15, p: { order: utf8('order'), ready: [utf8('ready 1'), utf8('ready 2')] } },
  { t: 'budget.spend', n: 5, p: { budget: 'audits', amount: '1000000000000000000000' } },
  { t: 'pool.statistics', n: 15, p: { round: node, statistics: leaf } },
  { t: 'release', n: 6, p: { release: node, name: 'vectors-1', throughEpoch: 1, previous: null, shares: h(13), records: 812 } },
  { t: 'revenue', n: 7, p: { release: node, rail: 'invoice', asset: 'EUR', amount: '125000', reference: 'invoice 7' } },
  { t: 'payout', n: 8, p: { revenue: 99, root: h(14) } },
  { t: 'anchor', n: 9, p: { target: 'opentimestamps', proof: utf8('proof') } },
  { t: 'takeover', n: 14, p: { term: 1, log: 'vectors/t1+00000000+AA==', certificate: utf8('certificate') } },
]

/** Entries that are right but for one thing; the encoder of the project refuses to make them, so the bytes come from DAG-CBOR itself. */
const join = { v: 1, t: 'contributor.join', p: { contact: null }, a: contributor.did, n: 0, s: bytes(64, 0) }
const edit = (object: object, changes: object): Uint8Array => dagCbor.encode({ ...object, ...changes })
const without = (object: Record<string, unknown>, key: string): Uint8Array =>
  dagCbor.encode(Object.fromEntries(Object.entries(object).filter(([k]) => k !== key)))
const m = manifest as unknown as Record<string, unknown>
const manifestBytes = encode(manifest)
const sha512Cid = CID.createV1(0x55, Digest.create(0x13, bytes(64, 1)))
const flipped = (of: Uint8Array, at: number): Uint8Array => Uint8Array.from(of, (byte, i) => (i === at ? byte ^ 1 : byte))
const joined = signEntry({ t: 'contributor.join', n: 0, p: { contact: null } }, ledger, contributor)
const row = index.rows[0] as unknown as Record<string, unknown>
const indexWith = (changes: object): Uint8Array => edit(index, { rows: [{ ...row, ...changes }] })

const refused: [name: string, shape: string, bytes: Uint8Array][] = [
  ['manifest, empty', 'manifest', new Uint8Array()],
  ['manifest, cut', 'manifest', manifestBytes.subarray(0, -1)],
  ['manifest, a byte too many', 'manifest', concatBytes(manifestBytes, bytes(1, 0))],
  ['manifest, too large', 'manifest', edit(m, { dao: 'x'.repeat(5000) })],
  ['manifest, indefinite-length map', 'manifest', concatBytes(Uint8Array.of(0xbf), manifestBytes.subarray(1), Uint8Array.of(0xff))],
  ['map with keys out of order', 'manifest', Uint8Array.of(0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01)],
  ['map with a key twice', 'manifest', Uint8Array.of(0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x01)],
  ['integer longer than it need be', 'manifest', Uint8Array.of(0xa1, 0x61, 0x76, 0x18, 0x01)],
  ['half float', 'manifest', Uint8Array.of(0xa1, 0x61, 0x76, 0xf9, 0x3c, 0x00)],
  ['double', 'manifest', edit(m, { count: 1.5 })],
  ['undefined', 'manifest', Uint8Array.of(0xa1, 0x61, 0x76, 0xf7)],
  ['a tag that is not a CID', 'manifest', Uint8Array.of(0xa1, 0x61, 0x76, 0xc1, 0x01)],
  ['text that is not UTF-8', 'manifest', Uint8Array.of(0xa1, 0x61, 0x76, 0x61, 0xff)],
  ['integer beyond 2^53', 'manifest', edit(m, { sequence: 2n ** 60n })],
  ['nested too deep', 'manifest', concatBytes(bytes(80, 0x81), bytes(1, 0x01))],
  ['manifest, another version', 'manifest', edit(m, { v: 2 })],
  ['manifest, a field more', 'manifest', edit(m, { note: 'x' })],
  ['manifest, a field less', 'manifest', without(m, 'prev')],
  ['manifest, no records', 'manifest', edit(m, { count: 0 })],
  ['manifest, too many records', 'manifest', edit(m, { count: 4097 })],
  ['manifest, a SHA-512 CID', 'manifest', edit(m, { records: sha512Cid })],
  ['manifest, a CID as text', 'manifest', edit(m, { records: String(node) })],
  ['manifest, a root of 31 bytes', 'manifest', edit(m, { merkleRoot: bytes(31, 7) })],
  ['manifest, a schema without version', 'manifest', edit(m, { schema: 'web-page' })],
  ['manifest, a contributor that is no account', 'manifest', edit(m, { contributor: 'did:web:mill.example' })],
  ['index, no rows', 'index', edit(index, { rows: [] })],
  ['index, a quality above one', 'index', indexWith({ quality: 1_000_001 })],
  ['index, a negative offset', 'index', indexWith({ evidenceOffset: -1 })],
  ['index, a language with a region', 'index', indexWith({ language: 'en-GB' })],
  ['index, a leaf above 1 MiB', 'index', edit(index, { recordLeaves: [[leaf, 1_048_577]] })],
  ['index, a record above 1 MiB', 'index', indexWith({ bytes: 1_048_577 })],
  [
    'report, a check nobody knows',
    'report',
    edit(drawn, {
      contributions: [
        { contributor: contributor.did, results: [{ manifest: manifestCid, row: 0, pass: false, check: 'D0', evidence: null }] },
      ],
    }),
  ],
  [
    'report, pass as a number',
    'report',
    edit(drawn, {
      contributions: [{ contributor: contributor.did, results: [{ manifest: manifestCid, row: 0, pass: 1, check: null, evidence: null }] }],
    }),
  ],
  ['fraud proof, too many blocks', 'fraud-proof', edit(proof, { recordBlocks: Array.from({ length: 3 }, () => utf8('x')) })],
  ['charter, no purpose', 'charter', edit(rules, { purposes: [] })],
  ['charter, a name with capitals', 'charter', edit(rules, { name: 'Vectors' })],
  ['charter, a field more', 'charter', edit(rules, { token: 'QRN' })],
  ['submit receipt, another signer', 'submit-receipt', edit(submitted, { by: validator.did })],
  ['submit receipt, a signature of 63 bytes', 'submit-receipt', edit(submitted, { s: bytes(63, 0) })],
  ['batch receipt, signed under another domain', 'batch-receipt', encode(signObject('submit-receipt', heldUnsigned, operator))],
  ['batch receipt, no replica', 'batch-receipt', edit(held, { replicas: [] })],
  ['validator statement, a changed key', 'validator-statement', edit(seat, { witness: 'other+00000000+AA==' })],
  ['entry, a type nobody knows', 'entry', edit(join, { t: 'contributor.leave' })],
  ['entry, a payload of another type', 'entry', edit(join, { t: 'retract' })],
  ['entry, a negative number', 'entry', edit(join, { n: -1 })],
  ['entry, no signature', 'entry', without(join, 's')],
  ['entry, a zero signature', 'entry', dagCbor.encode(join)],
  ['entry, a flipped bit in the signature', 'entry', flipped(joined, joined.byteLength - 30)],
  [
    'entry, signed for another ledger',
    'entry',
    signEntry({ t: 'contributor.join', n: 0, p: { contact: null } }, `${ledger}x`, contributor),
  ],
  ['entry, not a map', 'entry', dagCbor.encode([1])],
  ['entry, too large', 'entry', edit(join, { p: { contact: 'x'.repeat(65_000) } })],
]

const objects: [name: string, shape: string, bytes: Uint8Array][] = [
  ['manifest', 'manifest', manifestBytes],
  ['manifest, a later one', 'manifest', encode({ ...manifest, sequence: 1, prev: manifestCid, count: 4096 })],
  ['index', 'index', encode(index)],
  ['report', 'report', encode(drawn)],
  ['report, of nothing', 'report', encode({ ...drawn, contributions: [] })],
  ['fraud proof', 'fraud-proof', encode(proof)],
  ['charter', 'charter', rulesBytes],
  ['submit receipt', 'submit-receipt', encode(submitted)],
  ['batch receipt', 'batch-receipt', encode(held)],
  ['validator statement', 'validator-statement', encode(seat)],
  ...drafts.map((draft): [string, string, Uint8Array] => [`entry ${draft.t}`, 'entry', signEntry(draft, ledger, operator)]),
]

/* Personal pools. */
const age = `age1pq1${'q'.repeat(1952)}`
const pool = poolPolicy(
  [1, 2, 3].map((seed) => keyFromSeed(bytes(32, seed)).did),
  2,
)
const committee = { k: 2, members: pool.policy.committee.members }
const contribution = sampleManifest(pool, { dao: ledger })
const contributionCid = cborCid(encode(contribution))
const consent = signReceipt(receiptFor(pool, contribution, { dao: ledger }), subject)
const [ownedBy, at] = [{ dao: ledger, by: validator.did }, 1_790_000_000]
const asks = {
  v: 1,
  dao: ledger,
  manifest: contributionCid,
  indices: [0, 7],
  purpose: 'dpv:DataQualityAssessment',
  role: 'scorer',
  epoch: 3,
  by: validator.did,
  reply: age,
  at,
}
const part = { v: 1, manifest: encode(contribution), receipt: consent, salt: h(7), x: 1, share: h(1), commitments: [h(2), h(3)] }
const dealtPart = { ...part, order: manifestCid, from: 3, old: [h(2), h(3)], dealt: h(4), receipts: [h(1)], by: validator.did }
const answered = {
  v: 1,
  manifest: contributionCid,
  x: 1,
  generation: 0,
  salt: h(7),
  dealt: h(4),
  commitments: [h(2), h(3)],
  points: [h(5)],
  proof: bytes(64, 6),
}
const told = {
  v: 1,
  manifest: contributionCid,
  n: 0,
  prev: h(0),
  at,
  by: validator.did,
  role: 'scorer',
  purpose: 'ai:ModelTraining',
  epoch: 3,
  indices: [7],
  trainer: null,
  outcome: 'ok',
}
const ordered = {
  v: 1,
  dao: ledger,
  name: 'vectors-1',
  purposes: ['ai:ModelTraining'],
  manifests: [contributionCid],
  assembler: operator.did,
  trainer: contributor.did,
  at,
  expires: at + 86_400,
  by: operator.did,
}
const again = {
  v: 1,
  dao: ledger,
  manifest: contributionCid,
  generation: 0,
  from: committee,
  to: committee,
  dealers: [1, 3],
  at,
  by: operator.did,
}
const poolKeyed = { v: 1, dao: ledger, ...committee, commitments: [h(2), h(3)], by: operator.did, at }
const asksTokens = { v: 1, dao: ledger, key: contributionCid, blinded: [h(5)], by: subject.did, at }
const mailed = sampleManifest(pool, { dao: ledger, mail: leaf })
const mailSender = { source: 'spotify' as const, domain: 'tunes.example', subjects: ['your data is ready'] }
const mailTerms = {
  mailSenders: [mailSender],
  attestedPpm: 900_000,
  mailMaxAgeDays: 30,
  mailKeys: [{ name: 's1._domainkey.tunes.example', record: 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=' }],
}
const withMails = poolTerms.parse(mailTerms)
const attested = {
  ...drawn,
  contributions: [
    {
      contributor: subject.did,
      results: [{ manifest: contributionCid, row: 0, pass: true, check: null, evidence: null }],
      attested: [contributionCid],
    },
  ],
}
const pools: [name: string, shape: string, bytes: Uint8Array][] = [
  ['consent policy', 'consent-policy', pool.bytes],
  ['withdrawal', 'withdrawal', encode(signWithdrawal({ manifest: contributionCid, at, scope: 'all', ask: ['stop', 'erase'] }, subject))],
  [
    'withdrawal of a purpose',
    'withdrawal',
    encode(signWithdrawal({ manifest: contributionCid, at, scope: ['ai:Benchmarking'], ask: ['stop'] }, subject)),
  ],
  ['pool manifest', 'pool-manifest', encode(contribution)],
  ['pool manifest, after another', 'pool-manifest', encode({ ...contribution, sequence: 1, prev: contributionCid })],
  ['pool index', 'pool-index', encode(sampleIndex({ tokens: Array.from({ length: 16 }, (_, i) => h(i)), key: node }))],
  ['pool manifest, with a mail', 'pool-manifest', encode(mailed)],
  ['pool index, with an account', 'pool-index', encode(sampleIndex({ account: h(20), key: node }))],
  ['key request, of the mail behind all chunks', 'key-request', encode(signObject('key-request', { ...asks, indices: [4096] }, validator))],
  ['report, of what a mail attests', 'report', encode(attested)],
  ['charter, with senders of mails', 'charter', encode(charter.parse({ ...rules, pool: mailTerms }))],
  [
    'charter, with one address that sends mails',
    'charter',
    encode(charter.parse({ ...rules, pool: { mailSenders: [{ ...mailSender, address: 'no-reply@tunes.example' }], mailMaxAgeDays: 3 } })),
  ],
  ['pool index, without tokens and months', 'pool-index', edit(sampleIndex(), { rows: [{ ...sampleIndex().rows[0], month: null }] })],
  [
    'deposit key',
    'deposit-key',
    encode(signObject('deposit-key', { v: 1, ...ownedBy, recipient: age, from: at, until: at + 86_400 }, validator)),
  ],
  ['deposit', 'deposit', encode(part)],
  [
    'deposit ack',
    'deposit-ack',
    encode(signObject('deposit-ack', { v: 1, ...ownedBy, manifest: contributionCid, receipt: h(1), at }, validator)),
  ],
  ['key request', 'key-request', encode(signObject('key-request', asks, validator))],
  ['key answer', 'key-answer', encode(answered)],
  ['key answer, of a consent that ends', 'key-answer', encode({ ...answered, expires: at + 86_400 })],
  ['renewal', 'renewal', encode({ v: 1, manifest: contributionCid, receipts: [consent, consent] })],
  ['release order', 'release-order', encode(signObject('release-order', ordered, operator))],
  [
    'shred ack',
    'shred-ack',
    encode(signObject('shred-ack', { v: 1, ...ownedBy, manifest: contributionCid, at, generation: 4 }, validator)),
  ],
  ['access line', 'access-line', encode(told)],
  ['access line, of an assembler', 'access-line', encode({ ...told, role: 'assembler', trainer: contributor.did })],
  [
    'access request',
    'access-request',
    encode(signObject('access-request', { v: 1, dao: ledger, manifest: contributionCid, from: 0, by: subject.did, at }, subject)),
  ],
  [
    'access head',
    'access-head',
    encode(signObject('access-head', { v: 1, ...ownedBy, manifest: contributionCid, held: true, lines: 1, head: h(8), at }, validator)),
  ],
  ['reshare order', 'reshare-order', encode(signObject('reshare-order', again, operator))],
  ['sub-share', 'sub-share', encode(signObject('sub-share', dealtPart, validator))],
  [
    'reshare ready',
    'reshare-ready',
    encode(signObject('reshare-ready', { v: 1, order: manifestCid, x: 1, commitments: h(4), by: validator.did }, validator)),
  ],
  ['pool key', 'pool-key', encode(signObject('pool-key', poolKeyed, operator))],
  ['token request', 'token-request', encode(signObject('token-request', asksTokens, subject))],
  ['token answer', 'token-answer', encode({ v: 1, key: contributionCid, x: 2, points: [h(5), h(6)], proof: bytes(64, 6) })],
  ['owner answer', 'owner-answer', encode({ v: 1, manifest: contributionCid, parts: [h(5)] })],
]
objects.push(...pools)
refused.push(
  [
    'consent policy, signed under another domain',
    'consent-policy',
    encode(signObject('withdrawal', (({ s: _s, ...rest }) => rest)(pool.policy), operator)),
  ],
  ['consent policy, no purpose', 'consent-policy', edit(pool.policy, { purposes: [] })],
  [
    'consent policy, a purpose nobody knows',
    'consent-policy',
    edit(pool.policy, { purposes: [{ id: 'dpv:Train', text: 'x', optional: false }] }),
  ],
  ['consent policy, three days to shred', 'consent-policy', edit(pool.policy, { retention: { maxDays: 1, shredWithinHours: 73 } })],
  [
    'withdrawal, of nothing',
    'withdrawal',
    edit({ v: 1, receipt: h(1), subject: subject.did, at, scope: [], ask: ['stop'], s: bytes(64, 0) }, {}),
  ],
  [
    'withdrawal, a zero signature',
    'withdrawal',
    edit({ v: 1, receipt: h(1), subject: subject.did, at, scope: 'all', ask: ['stop'], s: bytes(64, 0) }, {}),
  ],
  ['pool manifest, an exact day', 'pool-manifest', edit(contribution, { from: '2025-01-01' })],
  ['pool manifest, a wrapped key', 'pool-manifest', edit(contribution, { key: h(1) })],
  ['pool manifest, no chunk', 'pool-manifest', edit(contribution, { chunks: [] })],
  ['pool manifest, without its index', 'pool-manifest', edit(contribution, { index: null })],
  ['pool manifest, a mail by its words', 'pool-manifest', edit(contribution, { mail: 'mail' })],
  ['pool index, an account of 31 bytes', 'pool-index', edit(sampleIndex(), { account: bytes(31, 1), key: node })],
  ['pool index, an account by its address', 'pool-index', edit(sampleIndex(), { account: 'jane@mail.example', key: node })],
  ['key request, beyond the mail', 'key-request', encode(signObject('key-request', { ...asks, indices: [4097] }, validator))],
  ['report, attested by nothing', 'report', edit(drawn, { contributions: [{ ...attested.contributions[0], attested: [] }] })],
  ['report, attested by a word', 'report', edit(drawn, { contributions: [{ ...attested.contributions[0], attested: ['yes'] }] })],
  [
    'charter, mails of an unknown service',
    'charter',
    edit(rules, { pool: { ...withMails, mailSenders: [{ ...mailSender, source: 'myspace' }] } }),
  ],
  [
    'charter, mails of a domain in capitals',
    'charter',
    edit(rules, { pool: { ...withMails, mailSenders: [{ ...mailSender, domain: 'Tunes.example' }] } }),
  ],
  [
    'charter, mails of an address in capitals',
    'charter',
    edit(rules, { pool: { ...withMails, mailSenders: [{ ...mailSender, address: 'No-Reply@tunes.example' }] } }),
  ],
  [
    'charter, mails of everybody below a top domain',
    'charter',
    edit(rules, { pool: { ...withMails, mailSenders: [{ ...mailSender, domain: 'example' }] } }),
  ],
  ['charter, mails of two days', 'charter', edit(rules, { pool: { ...withMails, mailMaxAgeDays: 2 } })],
  ['charter, senders of mails, none', 'charter', edit(rules, { pool: { ...withMails, mailSenders: [] } })],
  ['pool index, seventeen tokens', 'pool-index', edit(sampleIndex(), { tokens: Array.from({ length: 17 }, (_, i) => h(i)) })],
  ['pool index, an exact day', 'pool-index', edit(sampleIndex(), { rows: [{ ...sampleIndex().rows[0], month: '2025-03-09' }] })],
  ['pool index, no row', 'pool-index', edit(sampleIndex(), { rows: [] })],
  ['pool index, 4097 rows', 'pool-index', edit(sampleIndex(), { rows: Array.from({ length: 4097 }, () => sampleIndex().rows[0]) })],
  ['pool index, beyond all quality', 'pool-index', edit(sampleIndex(), { rows: [{ ...sampleIndex().rows[0], quality: 1_000_001 }] })],
  ['pool key, one commitment', 'pool-key', encode(signObject('pool-key', { ...poolKeyed, commitments: [h(2)] }, operator))],
  [
    'token request, seventeen bands',
    'token-request',
    encode(signObject('token-request', { ...asksTokens, blinded: Array.from({ length: 17 }, (_, i) => h(i)) }, subject)),
  ],
  ['deposit, seat 0', 'deposit', edit(part, { x: 0 })],
  ['deposit, one commitment', 'deposit', edit(part, { commitments: [h(2)] })],
  [
    'key request, 65 indices',
    'key-request',
    encode(signObject('key-request', { ...asks, indices: Array.from({ length: 65 }, (_, i) => i) }, validator)),
  ],
  [
    'key request, an answer to X25519',
    'key-request',
    encode(signObject('key-request', { ...asks, reply: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p' }, validator)),
  ],
  ['key request, another signer', 'key-request', edit(signObject('key-request', asks, validator), { by: contributor.did })],
  ['key answer, a proof of 63 bytes', 'key-answer', edit(answered, { proof: bytes(63, 6) })],
  [
    'shred ack, another signer',
    'shred-ack',
    edit(signObject('shred-ack', { v: 1, ...ownedBy, receipt: h(1), at, generation: 4 }, validator), { by: operator.did }),
  ],
)

/** What one signed, under another's name. */
const stolen = (domain: string, says: Record<string, unknown> & { by: string }, by: typeof operator, other: typeof operator): Uint8Array =>
  edit(signObject(domain, says, by), { by: other.did })
refused.push(
  ['access line, a negative number', 'access-line', edit(told, { n: -1 })],
  [
    'access request, another signer',
    'access-request',
    stolen('access-request', { v: 1, dao: ledger, manifest: contributionCid, from: 0, by: subject.did, at }, subject, validator),
  ],
  [
    'access head, a negative count',
    'access-head',
    edit(signObject('access-head', { v: 1, ...ownedBy, manifest: contributionCid, lines: 1, head: h(8), at }, validator), { lines: -1 }),
  ],
  [
    'deposit ack, signed under another domain',
    'deposit-ack',
    encode(signObject('shred-ack', { v: 1, ...ownedBy, manifest: contributionCid, receipt: h(1), at }, validator)),
  ],
  [
    'deposit key, of X25519',
    'deposit-key',
    encode(
      signObject(
        'deposit-key',
        { v: 1, ...ownedBy, recipient: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p', from: at, until: at + 86_400 },
        validator,
      ),
    ),
  ],
  ['owner answer, a part of 31 bytes', 'owner-answer', encode({ v: 1, manifest: contributionCid, parts: [bytes(31, 5)] })],
  ['release order, of nothing', 'release-order', encode(signObject('release-order', { ...ordered, manifests: [] }, operator))],
  ['renewal, of nothing', 'renewal', encode({ v: 1, manifest: contributionCid, receipts: [] })],
  ['reshare order, another signer', 'reshare-order', stolen('reshare-order', again, operator, validator)],
  [
    'reshare ready, seat 0',
    'reshare-ready',
    encode(signObject('reshare-ready', { v: 1, order: manifestCid, x: 0, commitments: h(4), by: validator.did }, validator)),
  ],
  ['sub-share, from seat 0', 'sub-share', encode(signObject('sub-share', { ...dealtPart, from: 0 }, validator))],
  [
    'token answer, a proof of 63 bytes',
    'token-answer',
    encode({ v: 1, key: contributionCid, x: 2, points: [h(5), h(6)], proof: bytes(63, 6) }),
  ],
  // the envelope is right and the payload has a field that its type does not know: refused before the signature is looked at
  ...drafts.map(({ t, n, p }): [string, string, Uint8Array] => [
    `entry ${t}, a field more in its payload`,
    'entry',
    dagCbor.encode({ v: 1, t, n, p: { ...p, more: 1 }, a: operator.did, s: bytes(64, 0) }),
  ]),
)

function account(seed: number): Record<string, string> {
  const { did, peer, publicKey } = keyFromSeed(bytes(32, seed))
  return { seed: toHex(bytes(32, seed)), publicKey: toHex(publicKey), did, peer, peerMultihash: toHex(peerMultihash(did)) }
}

if (import.meta.main) {
  const valid: Vectors['valid'] = known?.valid ?? {}
  const invalid: Vectors['invalid'] = known?.invalid ?? {}
  for (const [name, shape, raw] of objects) valid[name] ??= { shape, hex: toHex(raw), value: asJson(readers[shape]?.(raw, ledger)) }
  for (const [name, shape, raw] of refused) invalid[name] ??= { shape, hex: toHex(raw), code: codeOfReading(shape, raw, ledger) }
  const vectors: Vectors = {
    about:
      'Wire objects as canonical DAG-CBOR (hex) with their meaning, and bytes that must be refused with the code of the first rule they break. Bytes in a meaning are {"/":{"hex":…}}, CIDs {"/":"…"}. Keys come from Ed25519 seeds: operator 01…, contributor 02…, validator 03….',
    ledger,
    accounts: known?.accounts ?? {
      valid: [account(1), account(2), account(3)],
      invalidDids: [
        'did:key:z6Mk',
        'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme',
        operator.did.slice(0, -1),
        `${operator.did}1`,
        operator.did.replace('z6Mk', 'f6Mk'),
      ],
      invalidPeers: ['', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N', operator.peer.slice(1), `${operator.peer}0`],
    },
    hashes: known?.hashes ?? {
      sha256OfEmpty: toHex(sha256()),
      ledgerId: { charter: String(genesis), ledger },
      commit: {
        manifest: String(manifestCid),
        salt: toHex(h(2)),
        contributor: contributor.did,
        hash: toHex(commitHash(manifestCid, h(2), contributor.did)),
      },
      report: {
        report: String(cborCid(encode(drawn))),
        salt: toHex(h(7)),
        validator: validator.did,
        hash: toHex(reportHash(cborCid(encode(drawn)), h(7), validator.did)),
      },
    },
    valid,
    invalid,
  }
  writeFileSync(file, `${JSON.stringify(vectors, null, 1)}\n`)
}
