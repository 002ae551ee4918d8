import { expect, it } from 'vitest'
import { signObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { deal, dealtHash, generateAgeIdentity } from '../../dao/custody/index.ts'
import { signWithdrawal, Tombstones } from '../../dao/consent/index.ts'
import { cborCid, type CID, encode, type Purpose, peerFromDid, rawCid } from '../../schemas/wire/index.ts'
import { consentGiven, fill, LEDGER, NOW, operator, subject, trainer } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { answerKeyRequest, type KeyDeskOptions } from './key-desk.ts'

const GIVEN: Purpose[] = ['ai:ModelTraining', 'dpv:DataQualityAssessment', 'ai:Benchmarking']

interface Asking {
  /** Happens while the line is written. */
  meanwhile?: (tombstones: Tombstones, manifest: CID) => void
  /** Of the request. */
  changes?: (manifest: Uint8Array) => object
  /** Who signs the order; who asks is the operator. */
  orderedBy?: Signer
}

/** An assembler's request for an optional purpose, and the lines that were written of it. */
async function asked({ meanwhile = () => undefined, changes = () => ({}), orderedBy = operator }: Asking = {}) {
  const lines: { manifest: CID; trainer: string | null; outcome: string }[] = []
  const { policy, manifest, jws, hash, salt } = consentGiven({ purposes: GIVEN })
  const { shares, commitments } = deal({ k: 3, n: 5 })
  const cid = cborCid(encode(manifest))
  const held = { x: 1, generation: 0, share: shares[0] as Uint8Array, commitments }
  const row = { v: 1, manifest: cid, receipts: [hash], salt, dealt: dealtHash(commitments), held, next: [], current: true }
  const tombstones = new Tombstones()
  const options = {
    clock: { ...realClock, now: () => NOW * 1000 },
    view: { ledger: LEDGER, operator: operator.did, policy: () => policy.policy, isSeated: () => false },
    table: { get: () => ({ ...row, paperKey: fill(1), at: NOW, expires: NOW + 1000 }) },
    papers: { get: async () => ({ manifest, receipt: jws }) },
    access: {
      append: async (line: (typeof lines)[0]) => {
        lines.push(line)
        meanwhile(tombstones, cid)
      },
    },
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
    by: orderedBy.did,
  }
  const answer = await answerKeyRequest(options, {
    bytes: encode(signObject('key-request', { ...request, by: operator.did, reply, at: NOW, ...changes(encode(manifest)) }, operator)),
    order: encode(signObject('release-order', order, orderedBy)),
    peer: peerFromDid(operator.did),
  })
  return { answer, lines, cid }
}

it('gives no key for a purpose that was withdrawn while the answer was made', async () => {
  expect((await asked()).answer).toMatchObject({ ok: true })
  const withdrawn = await asked({
    meanwhile: (tombstones, manifest) =>
      tombstones.add(signWithdrawal({ manifest, at: NOW, scope: ['ai:Benchmarking'], ask: ['stop'] }, subject)),
  })
  expect(withdrawn.answer).toMatchObject({ ok: false, code: 'PURPOSE_NOT_CONSENTED' })
})

it('writes down to whom it goes by the order of the operator that an assembler brings, and by nothing else that is attached', async () => {
  const { lines, cid } = await asked()
  expect(lines).toMatchObject([{ manifest: cid, trainer: trainer.did, outcome: 'ok' }])
  expect((await asked({ orderedBy: trainer })).lines).toMatchObject([{ trainer: null, outcome: 'ORDER_NOT_OURS' }])
  const scorer = { role: 'scorer', purpose: 'dpv:DataQualityAssessment' }
  expect((await asked({ changes: () => scorer })).lines).toMatchObject([{ role: 'scorer', trainer: null }])
})

it('knows a contribution by its own name only: a line under another CID of the same digest would break its log', async () => {
  const { answer, lines } = await asked({ changes: (manifest) => ({ manifest: rawCid(manifest) }) })
  expect(answer).toMatchObject({ ok: false, code: 'UNKNOWN' })
  expect(lines).toEqual([])
})
