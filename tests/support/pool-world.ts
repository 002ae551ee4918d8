/** A DAO with a consent policy, its keyholders, and one contributor with a receipt: what the tests of personal pools start from. */
import { type PolicyDraft, receiptHash, signPolicy, signReceipt, subjectKey } from '../../dao/consent/index.ts'
import { generateKey, keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { cborCid, type ConsentReceipt, encode, type PoolIndex, type PoolManifest, rawCid, toHex, utf8 } from '../../schemas/wire/index.ts'

export const fill = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte)
export const NOW = 1_790_000_000
export const LEDGER = `quern/${'p'.repeat(32)}`
export const operator = keyFromSeed(fill(1))
export const rootSeed = fill(9)
export const trainer = keyFromSeed(fill(62))

export function keyholders(n = 5): Signer[] {
  return Array.from({ length: n }, (_, i) => keyFromSeed(fill(20 + i)))
}

export function draftPolicy(members: string[], k = 3): PolicyDraft {
  return {
    v: 1,
    controller: {
      name: 'Upper Mill',
      address: '1 Mill Lane, Dublin',
      contact: 'mailto:miller@mill.example',
      representative: null,
      dpo: null,
    },
    jointControllers: members,
    lawfulBasis: 'eu-gdpr:A6-1-a-explicit-consent',
    purposes: [
      { id: 'ai:ModelTraining', text: 'to train language models', optional: false },
      { id: 'dpv:DataQualityAssessment', text: 'to test a sample of it', optional: false },
      { id: 'ai:Benchmarking', text: 'to measure models', optional: true },
      { id: 'dpv:SellDataToThirdParties', text: 'to sell it to named trainers', optional: true },
    ],
    dataCategories: ['pd:TVViewingBehaviour', 'pd:SocialMediaCommunication'],
    special: [],
    processing: ['dpv:Collect', 'dpv:Store', 'dpv:Analyse', 'dpv:Pseudonymise', 'dpv:Share', 'dpv:Erase'],
    recipients: [
      ...members.map((id) => ({ role: 'keyholder' as const, id })),
      { role: 'scorer', id: 'roster' },
      { role: 'assembler', id: operator.did },
      { role: 'trainer', id: trainer.did },
    ],
    retention: { maxDays: 365, shredWithinHours: 24 },
    storage: ['nodes of the DAO in the EU'],
    publicStorage: false,
    jurisdiction: 'IE',
    transfers: [],
    authority: 'Data Protection Commission, Dublin',
    withdrawal: {
      protocol: '/quern/withdraw/1.0.0',
      url: null,
      effect: 'Keyholders delete their shares; later releases leave the data out.',
    },
    rights: ['eu-gdpr:A15', 'eu-gdpr:A17', 'eu-gdpr:A7-3', 'eu-gdpr:A77'],
    automatedDecision: false,
    trainedModels: 'a model trained before a withdrawal is not untrained',
    committee: { k, members },
  }
}

export function poolPolicy(members = keyholders().map(({ did }) => did), k = 3) {
  return signPolicy(draftPolicy(members, k), operator)
}

export type PoolPolicy = ReturnType<typeof poolPolicy>
export const subject = subjectKey(rootSeed, LEDGER)

export function sampleManifest(policy: PoolPolicy, changes: Partial<PoolManifest> = {}): PoolManifest {
  return {
    v: 1,
    dao: LEDGER,
    subject: subject.did,
    policy: policy.cid,
    schema: 'activity@1',
    chunks: [rawCid(utf8('chunk'))],
    index: cborCid(encode(sampleIndex())),
    records: 3,
    from: '2025-01',
    to: '2026-02',
    custody: 'committee',
    keyCommit: fill(5),
    sequence: 0,
    prev: null,
    ...changes,
  }
}

export function sampleIndex(changes: Partial<PoolIndex> = {}): PoolIndex {
  return {
    v: 1,
    measures: 'activity@1/1',
    rows: [{ events: 3, tokens: 9, quality: 1_000_000, language: 'und', source: 'spotify', month: '2025-03' }],
    tokens: [],
    key: null,
    ...changes,
  }
}

export function receiptFor(policy: PoolPolicy, manifest: PoolManifest, changes: Partial<ConsentReceipt> = {}): ConsentReceipt {
  return {
    v: 1,
    id: '0b8e2e7a-3b5c-4f6e-9a5d-0c1d2e3f4a5b',
    subject: subject.did,
    dao: LEDGER,
    policy: String(policy.cid),
    notice: toHex(policy.policy.notice.sha256),
    purposes: ['ai:ModelTraining', 'dpv:DataQualityAssessment'],
    manifest: String(cborCid(encode(manifest))),
    categories: ['pd:TVViewingBehaviour'],
    sources: ['spotify'],
    given: NOW - 60,
    expires: NOW + 86_400 * 30,
    method: 'cli-explicit',
    adult: true,
    thirdParties: 'removed',
    gpc: false,
    prev: null,
    ...changes,
  }
}

export function consentGiven(changes: Partial<ConsentReceipt> = {}, salt = fill(7)) {
  const policy = poolPolicy()
  const manifest = sampleManifest(policy)
  const receipt = receiptFor(policy, manifest, changes)
  const jws = signReceipt(receipt, subject)
  return { policy, manifest, receipt, jws, salt, hash: receiptHash(jws, salt) }
}

export const stranger = generateKey()
