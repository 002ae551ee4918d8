import { expect, it } from 'vitest'
import { signObject } from '../../core/envelope/index.ts'
import { deal, dealtHash, generateAgeIdentity } from '../../dao/custody/index.ts'
import { signWithdrawal, Tombstones } from '../../dao/consent/index.ts'
import { cborCid, type CID, encode, type Purpose, peerFromDid } from '../../schemas/wire/index.ts'
import { consentGiven, fill, LEDGER, NOW, operator, subject, trainer } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { answerKeyRequest, type KeyDeskOptions } from './key-desk.ts'

const GIVEN: Purpose[] = ['ai:ModelTraining', 'dpv:DataQualityAssessment', 'ai:Benchmarking']

/** An assembler's request for an optional purpose; `meanwhile` happens while its line is written. */
async function asked(meanwhile: (tombstones: Tombstones, manifest: CID) => void) {
  const { policy, manifest, jws, hash, salt } = consentGiven({ purposes: GIVEN })
  const { shares, commitments } = deal({ k: 3, n: 5 })
  const cid = cborCid(encode(manifest))
  const held = { x: 1, generation: 0, share: shares[0] as Uint8Array, commitments }
  const row = { v: 1, manifest: cid, receipts: [hash], salt, dealt: dealtHash(commitments), held, next: null, current: true }
  const tombstones = new Tombstones()
  const options = {
    clock: { ...realClock, now: () => NOW * 1000 },
    view: { ledger: LEDGER, operator: operator.did, policy: () => policy.policy, isSeated: () => false },
    table: { get: () => ({ ...row, paperKey: fill(1), at: NOW, expires: NOW + 1000 }) },
    papers: { get: async () => ({ manifest, receipt: jws }) },
    access: { append: async () => meanwhile(tombstones, cid) },
    withdrawals: { tombstones, ends: () => false },
  } as unknown as KeyDeskOptions
  const reply = (await generateAgeIdentity()).recipient
  const request = { v: 1, dao: LEDGER, manifest: cid, indices: [0], purpose: 'ai:Benchmarking', role: 'assembler', epoch: 1 }
  const order = {
    v: 1,
    dao: LEDGER,
    name: 'pool-1',
    manifests: [cid],
    purposes: ['ai:Benchmarking'],
    trainer: trainer.did,
    assembler: operator.did,
    at: NOW,
    expires: NOW + 1000,
    by: operator.did,
  }
  return answerKeyRequest(options, {
    bytes: encode(signObject('key-request', { ...request, by: operator.did, reply, at: NOW }, operator)),
    order: encode(signObject('release-order', order, operator)),
    peer: peerFromDid(operator.did),
  })
}

it('gives no key for a purpose that was withdrawn while the answer was made', async () => {
  expect(await asked(() => undefined)).toMatchObject({ ok: true })
  const withdrawn = await asked((tombstones, manifest) =>
    tombstones.add(signWithdrawal({ manifest, at: NOW, scope: ['ai:Benchmarking'], ask: ['stop'] }, subject)),
  )
  expect(withdrawn).toMatchObject({ ok: false, code: 'PURPOSE_NOT_CONSENTED' })
})
