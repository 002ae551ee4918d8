/** A personal contribution from sealing to shredding: one contributor, five keyholders, a scorer and an assembler, over TCP on loopback. */
import { ristretto255 } from '@noble/curves/ed25519.js'
import { readdir, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { signObject } from '../../core/envelope/index.ts'
import { blocksProtocol, depositKeyProtocol, depositProtocol, type Mesh, reshareProtocol, withdrawProtocol } from '../../core/mesh/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { printNotice, receiptHash, receiptId, signWithdrawal, subjectKey } from '../../dao/consent/index.ts'
import {
  type AskForKeys,
  askForKeys,
  commitReshare,
  deal,
  dealtHash,
  generateAgeIdentity,
  openChunk,
  prepareReshare,
  publicShare,
  sampledChunks,
  sealToRecipients,
} from '../../dao/custody/index.ts'
import { serveBlocks } from '../../dao/follower/index.ts'
import {
  type Offered,
  offerContribution,
  pinContribution,
  readAccessLog,
  renewContribution,
  type Sealed,
  withdrawContribution,
} from '../../node/pool/seal/index.ts'
import { serveOwnerDesk } from '../../node/pool/offering/index.ts'
import {
  cborCid,
  type ConsentReceipt,
  type CountShare,
  type DepositKey,
  decode,
  encode,
  equalBytes,
  type PoolManifest,
  toHex,
  utf8,
  type Withdrawal,
} from '../../schemas/wire/index.ts'
import { BEACON, EPOCH, eventLines, type HolderAtWork, PoolNetwork } from '../support/pool-network.ts'
import { eventually } from '../support/real-clock.ts'
import { LEDGER, operator, rootSeed, stranger, subject, trainer } from '../support/pool-world.ts'

const { Point } = ristretto255
let network: PoolNetwork
beforeAll(async () => {
  network = await PoolNetwork.open()
})
afterAll(() => network[Symbol.asyncDispose]())

const offer = (sealed: Sealed, receipt: string): Promise<Offered> =>
  offerContribution({ mesh: network.contributor, clock: network.clock, sealed, receipt, committee: network.committee })
async function offered(count: number, changes: Partial<ConsentReceipt> = {}) {
  const sealed = network.seal(count)
  const receipt = network.receipt(sealed, changes)
  const result = await offer(sealed, receipt)
  expect(result).toMatchObject({ complete: true, health: 'sound' })
  return { sealed, receipt, hash: receiptHash(receipt, sealed.salt) }
}
const runReshare = async (mesh: Pick<Mesh, 'ask'>, bytes: Uint8Array) => commitReshare(mesh, bytes, await prepareReshare(mesh, bytes))
const asScorer = (manifest: PoolManifest, changes: Partial<AskForKeys> = {}): AskForKeys => ({
  mesh: network.scoring,
  clock: network.clock,
  signer: network.scorer,
  manifest,
  committee: network.committee,
  indices: [0],
  role: 'scorer',
  purpose: 'dpv:DataQualityAssessment',
  epoch: EPOCH,
  ...changes,
})
const refusals = async (asked: Promise<unknown>): Promise<unknown[]> => {
  const error = await asked.then(
    () => undefined,
    (thrown: { code: string; detail: { faults: Record<string, string> } }) => thrown,
  )
  return error?.code === 'NOT_ENOUGH_KEYHOLDERS' ? [...new Set(Object.values(error.detail.faults))] : [error?.code]
}
const withdrawalOf = ({ cid }: Sealed, changes: Partial<Withdrawal> = {}, by = subject): Withdrawal =>
  signWithdrawal({ manifest: cid, at: network.now(), scope: 'all', ask: ['stop', 'erase'], ...changes }, by)
const withdraw = (...withdrawals: Withdrawal[]) =>
  withdrawContribution({ mesh: network.contributor, withdrawals, dao: LEDGER, committee: network.committee })
const order = (manifests: Sealed[], changes: object = {}, by = operator): Uint8Array => {
  const at = network.now()
  const draft = { v: 1, dao: LEDGER, name: 'r-1', purposes: ['ai:ModelTraining'], manifests: manifests.map(({ cid }) => cid) }
  return encode(
    signObject(
      'release-order',
      { ...draft, assembler: operator.did, trainer: trainer.did, at, expires: at + 3600, by: by.did, ...changes },
      by,
    ),
  )
}
const asAssembler = ({ manifest }: Sealed, bytes: Uint8Array | undefined, changes: Partial<AskForKeys> = {}): AskForKeys => ({
  ...asScorer(manifest),
  mesh: network.assembling,
  signer: operator,
  role: 'assembler',
  purpose: 'ai:ModelTraining',
  ...(bytes !== undefined && { order: bytes }),
  ...changes,
})
const opened = (sealed: Sealed, keys: { keys: Uint8Array[]; context: Uint8Array }, indices: number[]): string[] =>
  indices.map((i, j) =>
    Buffer.from(openChunk((sealed.blocks[i + 1] as { bytes: Uint8Array }).bytes, keys.keys[j] as Uint8Array, keys.context, i)).toString(),
  )

describe('a contribution', () => {
  it('is sealed, offered, sampled by a scorer, released to an assembler, withdrawn and shredded', async () => {
    const { sealed, receipt } = await offered(1000)
    const lines = eventLines(1000)
    // what is pinned names no key, and nothing algebraic
    const chunks = sealed.manifest.chunks.length
    expect(chunks).toBe(128)
    const linesOf = (i: number): string[] => lines.slice(Math.ceil((1000 * i) / 128), Math.ceil((1000 * (i + 1)) / 128))

    const drawn = sampledChunks(BEACON, sealed.cid, chunks)
    const scored = await askForKeys(asScorer(sealed.manifest, { indices: drawn }))
    expect(opened(sealed, scored, drawn)).toEqual(drawn.map((i) => `${linesOf(i).join('\n')}\n`))

    const indices = Array.from({ length: 64 }, (_, i) => i)
    const all = await askForKeys(asAssembler(sealed, order([sealed]), { indices }))
    expect(opened(sealed, all, indices).join('')).toBe(`${lines.slice(0, 500).join('\n')}\n`)

    // offering again, as after a lost answer, changes nothing
    const again = await offer(sealed, receipt)
    expect(again.complete).toBe(true)

    const keyholder = network.committee.members[0] as string
    const asked = { mesh: network.contributor, clock: network.clock, subject, keyholder, dao: LEDGER, manifest: sealed.cid }
    const log = await readAccessLog(asked)
    expect(log.head.held).toBe(true)
    // also to whom it goes
    expect(log.lines.map(({ by, role, indices: some, trainer: to, outcome }) => [by, role, some.length, to, outcome])).toEqual([
      [network.scorer.did, 'scorer', 32, null, 'ok'],
      [operator.did, 'assembler', 64, trainer.did, 'ok'],
    ])

    const generations = network.holders.map(({ table }) => table.generation)
    const withdrawal = withdrawalOf(sealed)
    const state = await withdraw(withdrawal)
    expect(state).toMatchObject({ shredded: 5, needed: 3, unreadable: true, noted: [] })
    expect(
      network.holders.every(({ table }, i) => table.get(sealed.cid) === undefined && table.generation > (generations[i] as number)),
    ).toBe(true)
    expect(state.acks.map(({ by }) => by).toSorted()).toEqual(network.committee.members.toSorted())
    expect(await refusals(askForKeys(asScorer(sealed.manifest, { indices: drawn })))).toEqual(['UNKNOWN'])
    // who read it is told also when it is gone, and still to its subject alone
    const after = await readAccessLog({ ...asked, after: log.read })
    expect([after.head.held, after.lines, after.read.lines]).toEqual([false, [], log.read.lines])
    expect((await readAccessLog(asked)).lines).toEqual(log.lines)
    // nor does whoever was asked by its subject read on with those words
    await expect(readAccessLog({ ...asked, mesh: network.assembling })).rejects.toMatchObject({ detail: { code: 'NOT_YOURS' } })
    await expect(readAccessLog({ ...asked, subject: subjectKey(rootSeed, 'quern/other') })).rejects.toMatchObject({
      code: 'ACCESS_LOG_REFUSED',
      detail: { code: 'NOT_YOURS' },
    })
    // said again it is answered the same; and the deposit cannot be replayed
    expect((await withdraw(withdrawal)).acks).toEqual(expect.arrayContaining(state.acks))
    expect(new Set((await offer(sealed, receipt)).faults.values())).toEqual(new Set(['WITHDRAWN']))
  })

  it('opens with k of the keyholders away, and not with one more', async () => {
    const { sealed } = await offered(40)
    const indices = sampledChunks(BEACON, sealed.cid, sealed.manifest.chunks.length)
    const without = (n: number): Pick<Mesh, 'ask'> => ({
      ask: (peer, protocol, query, options) => {
        const gone = network.holders.slice(0, n).some(({ mesh }) => mesh.peer === peer)
        return network.scoring.ask(gone ? stranger.peer : peer, protocol, query, options)
      },
    })
    const two = await askForKeys(asScorer(sealed.manifest, { indices, mesh: without(2) }))
    expect(opened(sealed, two, indices).join('').split('\n').length).toBe(33)
    expect(await refusals(askForKeys(asScorer(sealed.manifest, { indices, mesh: without(3) })))).toEqual(['NOT_CONNECTED'])
  })

  it('lies with allow-listed peers only, and is let go after a withdrawal', async () => {
    const sealed = network.seal(20)
    const policy = {
      cid: network.policy.cid,
      value: network.policy.policy,
      bytes: network.policy.bytes,
      notice: utf8(printNotice(network.policy.policy)),
    }
    await using storage = new MemoryStorage()
    await pinContribution(storage, sealed, policy)
    const [, chunk] = sealed.blocks as [unknown, { cid: (typeof sealed)['cid']; bytes: Uint8Array }]
    expect(await storage.public.has(chunk.cid)).toBe(false)
    using _served = serveBlocks({ mesh: network.holders[0]?.mesh as Mesh, storage, mayRead: (peer) => peer === network.scoring.peer })
    const ask = async (mesh: Mesh) =>
      (await mesh.ask(network.holders[0]?.mesh.peer as string, blocksProtocol, { cids: [chunk.cid] })).blocks[0]
    expect(equalBytes((await ask(network.scoring)) as Uint8Array, chunk.bytes)).toBe(true)
    expect(await ask(network.assembling)).toBeNull()
    await storage.private.unpin(sealed.cid)
    await storage.private.gc()
    expect(await storage.private.has(chunk.cid)).toBe(false)
  })
})

describe('a deposit is refused', () => {
  const codes = async (sealed: Sealed, receipt: string) => [...new Set((await offer(sealed, receipt)).faults.values())]

  it.each<[string, string, Partial<ConsentReceipt>]>([
    ['expired', 'EXPIRED', { given: 1, expires: 2 }],
    ['for another DAO', 'OTHER_DAO', { dao: 'quern/other' }],
    ['without a needed purpose', 'PURPOSE_MISSING', { purposes: ['ai:ModelTraining'] }],
    ['for another contribution', 'OTHER_MANIFEST', { manifest: `bafyrei${'a'.repeat(52)}` }],
  ])('with a receipt %s', async (_, code, changes) => {
    const sealed = network.seal(10)
    expect(await codes(sealed, network.receipt(sealed, changes))).toEqual([code])
  })

  it("with bad shares, by exactly those who got one; or with commitments that are not the manifest's", async () => {
    const sealed = network.seal(10)
    const receipt = network.receipt(sealed)
    const shares = sealed.shares.with(1, sealed.shares[0] as Uint8Array)
    const result = await offer({ ...sealed, shares }, receipt)
    expect(result.complete).toBe(false)
    expect([...result.faults]).toEqual([[network.committee.members[1], 'BAD_SHARE']])
    const other = deal({ k: 3, n: 5 })
    expect(await codes({ ...sealed, ...other }, receipt)).toEqual(['KEY_COMMIT'])
  })

  it('with parts of counts that are no such thing, or that are not its own to sum; late ones are not kept, and no others go with it', async () => {
    const sealed = network.seal(10)
    const receipt = network.receipt(sealed)
    const [first, second, third] = sealed.counts as [CountShare, CountShare, CountShare]
    const { members } = network.committee
    const short = await offer({ ...sealed, counts: [first, { ...second, words: second.words.subarray(4) }, third] }, receipt)
    expect([...short.faults]).toEqual([[members[1], 'BAD_COUNTS']])
    const fourth = await offer({ ...sealed, counts: [first, second, third, third] }, receipt)
    expect([...fourth.faults]).toEqual([[members[3], 'NOT_AGGREGATOR']])
    const kept = ({ cid }: Sealed): Promise<(Uint8Array | undefined)[]> =>
      Promise.all(network.holders.map(({ kv }) => kv.get(`counts/${toHex(cid.multihash.digest)}`)))
    const before = await kept(sealed)
    expect(before.map((one) => one !== undefined)).toEqual([true, true, true, false, false])
    // what is dealt a second time is not what was dealt first, and changes nothing
    expect((await offer({ ...sealed, counts: network.seal(10).counts }, receipt)).complete).toBe(true)
    expect(await kept(sealed)).toEqual(before)
    expect(await withdraw(withdrawalOf(sealed))).toMatchObject({ shredded: 5 })
    expect(await kept(sealed)).toEqual(Array.from({ length: 5 }, () => undefined))

    const late = network.seal(10)
    network.state.revealed.add(late.cid.toString())
    expect((await offer(late, network.receipt(late))).complete).toBe(true)
    expect(await kept(late)).toEqual(Array.from({ length: 5 }, () => undefined))
  })

  it('under a second receipt that renews nothing, and taken under one that does; a withdrawal ends it, whichever is held', async () => {
    const { sealed, receipt } = await offered(10)
    const id = 'f3b0c442-98fc-4c14-9afb-f4c8996fb924'
    expect(await codes(sealed, network.receipt(sealed, { id }))).toEqual(['NOT_A_RENEWAL'])
    const renewed = network.receipt(sealed, { id, prev: receiptId(receipt) })
    expect((await offer(sealed, renewed)).complete).toBe(true)
    expect(await codes(sealed, receipt)).toEqual(['SUPERSEDED'])
    expect((await askForKeys(asScorer(sealed.manifest))).keys).toHaveLength(1)
    expect(await withdraw(withdrawalOf(sealed))).toMatchObject({ shredded: 5 })
    expect(await codes(sealed, renewed)).toEqual(['WITHDRAWN'])
  })
})

describe('a renewal', () => {
  const ids = ['f3b0c442-98fc-4c14-9afb-f4c8996fb924', 'f3b0c442-98fc-4c14-9afb-f4c8996fb925'] as const
  const renew = (sealed: Sealed, receipts: string[], members = network.committee.members) =>
    renewContribution({
      mesh: network.contributor,
      clock: network.clock,
      dao: LEDGER,
      manifest: sealed.cid,
      salt: sealed.salt,
      receipts,
      members,
    })

  it('brings the consent further without a share, also to who missed one, and is not taken from anywhere else', async () => {
    const { sealed, receipt } = await offered(10)
    const { members } = network.committee
    const first = network.receipt(sealed, { id: ids[0], prev: receiptId(receipt), expires: network.now() + 86_400 * 60 })
    const second = network.receipt(sealed, { id: ids[1], prev: receiptId(first), expires: network.now() + 86_400 * 90 })
    expect((await renew(sealed, [receipt, first], members.slice(1))).held).toHaveLength(4)
    // the one that was away holds the first, and cannot follow the second by itself
    expect([...(await renew(sealed, [second], members.slice(0, 1))).faults.values()]).toEqual(['NOT_A_RENEWAL'])
    expect((await renew(sealed, [receipt, first, second])).held).toHaveLength(5)
    expect((await renew(sealed, [receipt, first, second])).held).toHaveLength(5)
    expect(new Set((await renew(sealed, [receipt, first])).faults.values())).toEqual(new Set(['SUPERSEDED']))
    expect(network.holders.map(({ table }) => table.get(sealed.cid)?.receipts.length)).toEqual([3, 3, 3, 3, 3])
    const { keys, expires } = await askForKeys(asScorer(sealed.manifest))
    expect([keys.length, (expires ?? 0) > network.now() + 86_400 * 80]).toEqual([1, true])
    expect(await withdraw(withdrawalOf(sealed))).toMatchObject({ shredded: 5 })
    expect(new Set((await renew(sealed, [receipt, first, second])).faults.values())).toEqual(new Set(['UNKNOWN']))
  })

  it('reaches whoever was away for longer than one message tells', async () => {
    const { sealed, receipt } = await offered(10)
    const chain = [receipt]
    for (let n = 1; n < 12; n++) {
      const id = ids[0].slice(0, -2) + String(n).padStart(2, '0')
      chain.push(network.receipt(sealed, { id, prev: receiptId(chain.at(-1) as string), expires: network.now() + 86_400 * (30 + n) }))
    }
    const [away, ...others] = network.committee.members as [string, ...string[]]
    expect((await renew(sealed, chain.slice(0, 5), others)).held).toHaveLength(4)
    expect((await renew(sealed, chain)).held.toSorted()).toEqual([away, ...others].toSorted())
    expect(network.holders.map(({ table }) => table.get(sealed.cid)?.receipts.length)).toEqual([12, 12, 12, 12, 12])
  })

  it('gives back no purpose that was withdrawn', async () => {
    const purposes: ConsentReceipt['purposes'] = ['ai:ModelTraining', 'dpv:DataQualityAssessment', 'ai:Benchmarking']
    const { sealed, receipt } = await offered(10, { purposes })
    await withdraw(withdrawalOf(sealed, { scope: ['ai:Benchmarking'] }))
    const renewed = network.receipt(sealed, { id: ids[0], purposes, prev: receiptId(receipt) })
    expect((await renew(sealed, [receipt, renewed])).held).toHaveLength(5)
    const bytes = order([sealed], { purposes: ['ai:Benchmarking'] })
    expect(await refusals(askForKeys(asAssembler(sealed, bytes, { purpose: 'ai:Benchmarking' })))).toEqual(['PURPOSE_NOT_CONSENTED'])
    expect((await askForKeys(asAssembler(sealed, order([sealed])))).keys).toHaveLength(1)
  })

  it('that a stop left between its papers and its row is taken when it is said again', async () => {
    const { sealed, receipt } = await offered(10)
    const renewed = network.receipt(sealed, { id: ids[0], prev: receiptId(receipt) })
    const holder = network.holders[2] as HolderAtWork
    const before = holder.table.get(sealed.cid)
    const { held } = await renew(sealed, [receipt, renewed], [holder.signer.did])
    expect(held).toHaveLength(1)
    // the row as it was, beside papers that are new
    await holder.table.put([before as NonNullable<typeof before>])
    expect((await renew(sealed, [receipt, renewed])).held).toHaveLength(5)
    expect(holder.table.get(sealed.cid)?.receipts).toHaveLength(2)
  })
})

describe('a deposit', () => {
  it('sealed to a key that is not of today, or no deposit at all', async () => {
    const holder = network.holders[0] as HolderAtWork
    const send = (sealed: Uint8Array) => network.contributor.ask(holder.mesh.peer, depositProtocol, { sealed })
    const { recipient } = await generateAgeIdentity()
    expect(await send(await sealToRecipients(encode({}), [recipient]))).toMatchObject({ status: 'refused', code: 'DEPOSIT_KEY' })
    const key = decode((await network.contributor.ask(holder.mesh.peer, depositKeyProtocol, {})).key) as DepositKey
    expect(await send(await sealToRecipients(encode({}), [key.recipient]))).toMatchObject({ status: 'refused', code: 'BAD_SHAPE' })
    // a day later nobody opens what was sealed to it, not with all that is on the machine then
    network.aheadMs = 26 * 3_600_000
    expect(await send(await sealToRecipients(encode({}), [key.recipient]))).toMatchObject({ status: 'refused', code: 'DEPOSIT_KEY' })
    network.aheadMs = 0
  })
})

describe('keys are refused', () => {
  let sealed: Sealed
  beforeAll(async () => {
    ;({ sealed } = await offered(1000))
  })
  const undrawn = (): number => {
    const drawn = new Set(sampledChunks(BEACON, sealed.cid, sealed.manifest.chunks.length))
    return sealed.manifest.chunks.findIndex((_, i) => !drawn.has(i))
  }

  it('to a scorer for chunks that were not drawn; and it is written down', async () => {
    expect(await refusals(askForKeys(asScorer(sealed.manifest, { indices: [undrawn()] })))).toEqual(['UNSAMPLED'])
    const keyholder = network.committee.members[4] as string
    const { lines } = await readAccessLog({
      mesh: network.contributor,
      clock: network.clock,
      subject,
      keyholder,
      dao: LEDGER,
      manifest: sealed.cid,
    })
    expect(lines.map(({ outcome, indices }) => [outcome, indices])).toEqual([['UNSAMPLED', [undrawn()]]])
    const other = subjectKey(rootSeed, 'quern/other')
    await expect(
      readAccessLog({ mesh: network.contributor, clock: network.clock, subject: other, keyholder, dao: LEDGER, manifest: sealed.cid }),
    ).rejects.toMatchObject({ code: 'ACCESS_LOG_REFUSED', detail: { code: 'NOT_YOURS' } })
  })

  it.each<[string, string, (one: Sealed) => AskForKeys]>([
    ['for an epoch whose beacon counts no more', 'NO_BEACON', ({ manifest }) => asScorer(manifest, { epoch: EPOCH - 1 })],
    ['for another purpose than testing', 'ROLE_PURPOSE', ({ manifest }) => asScorer(manifest, { purpose: 'ai:ModelTraining' })],
    ['for a purpose nobody ticked', 'PURPOSE_NOT_CONSENTED', ({ manifest }) => asScorer(manifest, { purpose: 'ai:Benchmarking' })],
    ['for indices out of order', 'BAD_INDICES', ({ manifest }) => asScorer(manifest, { indices: [2, 1] })],
    ['for a chunk that is not there', 'BAD_INDICES', ({ manifest }) => asScorer(manifest, { indices: [4000] })],
    ['for a contribution nobody holds', 'UNKNOWN', ({ manifest }) => asScorer({ ...manifest, records: 1 })],
    ['to another DAO', 'OTHER_DAO', ({ manifest }) => asScorer({ ...manifest, dao: 'quern/other' })],
    ["to who carries another's request", 'NOT_YOURS', ({ manifest }) => asScorer(manifest, { mesh: network.assembling })],
    ['to a role the policy does not name', 'RECIPIENT_NOT_NAMED', ({ manifest }) => asScorer(manifest, { role: 'trainer' })],
    ['to an assembler without an order', 'NO_ORDER', (one) => asAssembler(one, undefined)],
    ['with an order of somebody else', 'ORDER_NOT_OURS', (one) => asAssembler(one, order([one], {}, stranger))],
    ['with an order that was changed', 'BAD_SIGNATURE', (one) => asAssembler(one, changedOrder(one))],
    ['with an expired order', 'ORDER_EXPIRED', (one) => asAssembler(one, order([one], { expires: 1 }))],
    ['with an order for others', 'ORDER_NOT_OF_THIS', (one) => asAssembler(one, order([network.seal(1)]))],
    [
      'with an order for a trainer the policy does not name',
      'TRAINER_NOT_NAMED',
      (one) => asAssembler(one, order([one], { trainer: stranger.did })),
    ],
    [
      'with an order that names a purpose nobody ticked besides',
      'ORDER_BEYOND_CONSENT',
      (one) => asAssembler(one, order([one], { purposes: ['ai:ModelTraining', 'dpv:SellDataToThirdParties'] })),
    ],
    ['with an order for another purpose', 'ORDER_PURPOSE', (one) => asAssembler(one, order([one], { purposes: ['ai:Benchmarking'] }))],
  ])('%s', async (_, code, ask) => {
    expect(await refusals(askForKeys(ask(sealed)))).toEqual([code])
  })
  const changedOrder = (one: Sealed): Uint8Array => encode({ ...(decode(order([one])) as object), name: 'r-2' })

  it('to a validator that was not drawn, and to a stale request', async () => {
    network.state.scorers.clear()
    expect(await refusals(askForKeys(asScorer(sealed.manifest)))).toEqual(['NOT_DRAWN'])
    network.state.scorers.add(network.scorer.did)
    const clock = { ...network.clock, now: () => network.clock.now() - 3_600_000 }
    expect(await refusals(askForKeys(asScorer(sealed.manifest, { clock })))).toEqual(['STALE'])
  })

  it('and forged partials are seen, named, and done without', async () => {
    const liar = network.holders[1] as HolderAtWork
    const lying: Pick<Mesh, 'ask'> = {
      ask: async (peer, protocol, query, options) => {
        // what the second keyholder says is what the first would say
        const asked = peer === liar.mesh.peer ? (network.holders[0] as HolderAtWork).mesh.peer : peer
        return network.scoring.ask(asked, protocol, query, options)
      },
    }
    const drawn = sampledChunks(BEACON, sealed.cid, sealed.manifest.chunks.length).slice(0, 2)
    // all but the liar and two others are away: no k are left
    const few = { k: 3, members: network.committee.members.map((member, i) => (i < 3 ? member : stranger.did)) }
    expect(await refusals(askForKeys(asScorer(sealed.manifest, { indices: drawn, mesh: lying, committee: few })))).toContain('OTHER_SEAT')
    expect(opened(sealed, await askForKeys(asScorer(sealed.manifest, { indices: drawn, mesh: lying })), drawn)).toHaveLength(2)
  })
})

describe('withdrawals win', () => {
  it('before the offer', async () => {
    const sealed = network.seal(10)
    const receipt = network.receipt(sealed)
    expect(await withdraw(withdrawalOf(sealed))).toMatchObject({
      shredded: 0,
      unreadable: false,
      noted: { length: 5 },
    })
    const result = await offer(sealed, receipt)
    expect(result).toMatchObject({ complete: false, health: 'lost' })
    expect(new Set(result.faults.values())).toEqual(new Set(['WITHDRAWN']))
  })

  it('during an assembly: what was given is given, and not one chunk more', async () => {
    const { sealed } = await offered(200)
    const bytes = order([sealed])
    expect((await askForKeys(asAssembler(sealed, bytes, { indices: [0, 1] }))).keys).toHaveLength(2)
    const [state, ...rest] = await Promise.all([
      withdraw(withdrawalOf(sealed)),
      ...[2, 3, 4].map((i) => askForKeys(asAssembler(sealed, bytes, { indices: [i] })).catch((error: { code: string }) => error.code)),
    ])
    expect(state).toMatchObject({ shredded: 5 })
    // each came in time and is whole, or came too late
    for (const one of rest) {
      const outcome = typeof one === 'string' ? one : one.keys.length
      expect(['NOT_ENOUGH_KEYHOLDERS', 1]).toContain(outcome)
    }
    const late = await refusals(askForKeys(asAssembler(sealed, bytes, { indices: [5] })))
    expect(late).toEqual(['UNKNOWN'])
  })

  it('of an optional purpose at once, without a share being lost', async () => {
    const purposes: ConsentReceipt['purposes'] = ['ai:ModelTraining', 'dpv:DataQualityAssessment', 'ai:Benchmarking']
    const { sealed } = await offered(20, { purposes })
    const bytes = order([sealed], { purposes: ['ai:Benchmarking', 'ai:ModelTraining'] })
    const ask = (purpose: 'ai:Benchmarking' | 'ai:ModelTraining') => askForKeys(asAssembler(sealed, bytes, { purpose }))
    expect((await ask('ai:Benchmarking')).keys).toHaveLength(1)
    expect(await withdraw(withdrawalOf(sealed, { scope: ['ai:Benchmarking'] }))).toMatchObject({ shredded: 0, noted: { length: 5 } })
    expect(await refusals(ask('ai:Benchmarking'))).toEqual(['PURPOSE_NOT_CONSENTED'])
    // an order is for all of its purposes: one that was withdrawn takes it away, and a new one without it counts
    expect(await refusals(ask('ai:ModelTraining'))).toEqual(['ORDER_BEYOND_CONSENT'])
    expect((await askForKeys(asAssembler(sealed, order([sealed])))).keys).toHaveLength(1)
    expect(await withdraw(withdrawalOf(sealed, { scope: ['ai:ModelTraining'] }))).toMatchObject({ shredded: 5 })
  })

  it('only by their subject', async () => {
    const { sealed } = await offered(10)
    expect(await withdraw(withdrawalOf(sealed, {}, stranger))).toMatchObject({ shredded: 0 })
    expect((await askForKeys(asScorer(sealed.manifest))).keys).toHaveLength(1)
    const forged = encode({ ...withdrawalOf(sealed, {}, stranger), subject: subject.did })
    const reply = await network.contributor.ask((network.holders[0] as HolderAtWork).mesh.peer, withdrawProtocol, { withdrawal: forged })
    expect(reply).toMatchObject({ status: 'refused', code: 'BAD_SIGNATURE' })
  })
})

describe('a keyholder', () => {
  it('that missed a renewal ends with the others', async () => {
    const { sealed, receipt } = await offered(10)
    const renewed = network.receipt(sealed, { id: 'f3b0c442-98fc-4c14-9afb-f4c8996fb924', prev: receiptId(receipt) })
    const missed = network.holders[3] as HolderAtWork
    const mesh: Pick<Mesh, 'ask'> = {
      ask: (peer, protocol, query, options) =>
        peer === missed.mesh.peer ? Promise.reject(new Error('away')) : network.contributor.ask(peer, protocol, query, options),
    }
    const committee = network.committee
    await offerContribution({ mesh: mesh as Mesh, clock: network.clock, sealed, receipt: renewed, committee })
    expect(missed.table.get(sealed.cid)?.receipts).toHaveLength(1)
    expect(await withdraw(withdrawalOf(sealed))).toMatchObject({ shredded: 5, noted: [], faults: { size: 0 } })
  })

  it('whose papers are lost still obeys a withdrawal, and tidies what is due of others', async () => {
    const [lost, other] = [await offered(10), await offered(10)]
    const holder = network.holders[2] as HolderAtWork
    const papers = `papers/${toHex(lost.sealed.cid.multihash.digest)}`
    await holder.kv.put(`tombstone/${other.sealed.cid}/${subject.did}/all`, encode(withdrawalOf(other.sealed)))
    await holder.kv.delete(papers)
    expect(await withdraw(withdrawalOf(lost.sealed))).toMatchObject({ shredded: 5 })
    expect(holder.table.get(lost.sealed.cid)).toBeUndefined()
    await network.restart(2)
    expect(holder.table.get(other.sealed.cid)).toBeUndefined()
  })

  it('that does not know the policy yet deletes nothing for a purpose that may be optional', async () => {
    const purposes: ConsentReceipt['purposes'] = ['ai:ModelTraining', 'dpv:DataQualityAssessment', 'ai:Benchmarking']
    const { sealed } = await offered(10, { purposes })
    network.state.charter = false
    expect(await withdraw(withdrawalOf(sealed, { scope: ['ai:Benchmarking'] }))).toMatchObject({ shredded: 0, noted: { length: 5 } })
    expect(await refusals(askForKeys(asScorer(sealed.manifest)))).toEqual(['NO_POLICY'])
    network.state.charter = true
    expect((await askForKeys(asScorer(sealed.manifest))).keys).toHaveLength(1)
  })

  it('holds after a restart what it acknowledged, and shreds then what was withdrawn before it could', async () => {
    const { sealed, receipt } = await offered(10)
    for (const i of network.holders.keys()) await network.restart(i)
    expect((await askForKeys(asScorer(sealed.manifest))).keys).toHaveLength(1)
    expect((await offer(sealed, receipt)).complete).toBe(true)
    // the tombstone is on disk, and the machine stops before anything else happens
    const holder = network.holders[0] as HolderAtWork
    await holder.kv.put(`tombstone/${sealed.cid}/${subject.did}/all`, encode(withdrawalOf(sealed)))
    await network.restart(0)
    expect(holder.table.get(sealed.cid)).toBeUndefined()
    expect(await withdraw(withdrawalOf(sealed))).toMatchObject({ shredded: 5 })
  })

  it('that was away hears of a withdrawal from the log, and of one before the deposit too', async () => {
    const { sealed, receipt } = await offered(10)
    const holder = network.holders[1] as HolderAtWork
    await holder.keyholder.hear([withdrawalOf(sealed, {}, stranger)])
    expect(holder.keyholder.holds(sealed.cid)).toBe(true)
    await holder.keyholder.hear([withdrawalOf(sealed)])
    expect(holder.keyholder.holds(sealed.cid)).toBe(false)
    expect((await offer(sealed, receipt)).faults.get(holder.signer.did)).toBe('WITHDRAWN')
    const next = network.seal(10)
    const consent = network.receipt(next)
    await holder.keyholder.hear([withdrawalOf(next)])
    expect([...(await offer(next, consent)).faults]).toEqual([[holder.signer.did, 'WITHDRAWN']])
    // asked directly afterwards, it says that it deleted, like the others
    expect(await withdraw(withdrawalOf(sealed))).toMatchObject({ shredded: 5 })
  })

  it('whose log is read in parts is held to what was read before', async () => {
    const { sealed } = await offered(10)
    const keyholder = network.committee.members[2] as string
    const read = (changes: object = {}) =>
      readAccessLog({ mesh: network.contributor, clock: network.clock, subject, keyholder, dao: LEDGER, manifest: sealed.cid, ...changes })
    for (const i of [0, 1, 2]) await askForKeys(asScorer(sealed.manifest, { indices: [i] }))
    // an opener is done with the first k answers: this keyholder may be writing its line yet
    await eventually(async () => (await read()).lines.length === 3)
    const first = await read()
    await askForKeys(asScorer(sealed.manifest, { indices: [3] }))
    await eventually(async () => (await read({ after: first.read })).lines.length === 1)
    const rest = await read({ after: first.read })
    expect(rest.lines.map(({ n, indices }) => [n, indices])).toEqual([[3, [3]]])
    expect(rest.read.lines).toBe(4)
    await expect(read({ after: { ...first.read, head: BEACON } })).rejects.toMatchObject({ code: 'ACCESS_LOG_BROKEN' })
    await expect(read({ after: { ...first.read, lines: 9 } })).rejects.toMatchObject({ code: 'ACCESS_LOG_BROKEN' })
  })

  it('whose disk refuses acknowledges neither share nor shredding; asked again when it takes them, it does', async () => {
    const holder = network.holders[4] as HolderAtWork
    const shares = path.join(holder.folder, 'shares')
    const away = `${shares}-away`
    const sealed = network.seal(10)
    const receipt = network.receipt(sealed)
    await rename(shares, away)
    const result = await offer(sealed, receipt)
    expect([...result.faults]).toEqual([[holder.signer.did, 'DISK_FAILED']])
    expect(result).toMatchObject({ complete: false, health: 'alarm' })
    await rename(away, shares)
    expect((await offer(sealed, receipt)).complete).toBe(true)

    const withdrawal = withdrawalOf(sealed)
    await rename(shares, away)
    const state = await withdraw(withdrawal)
    expect([state.shredded, state.unreadable, [...state.faults]]).toEqual([4, true, [[holder.signer.did, 'DISK_FAILED']]])
    await rename(away, shares)
    expect(await withdraw(withdrawal)).toMatchObject({ shredded: 5 })
  })

  it('leaves no share in the clear on its disk', async () => {
    const { sealed } = await offered(10)
    const { folder } = network.holders[2] as HolderAtWork
    const share = Buffer.from(sealed.shares[2] as Uint8Array)
    const files = await Promise.all(
      (await readdir(folder, { recursive: true, withFileTypes: true }))
        .filter((one) => one.isFile())
        .map((one) => readFile(path.join(one.parentPath, one.name))),
    )
    expect(files.length).toBeGreaterThan(1)
    expect(files.some((bytes) => bytes.includes(share))).toBe(false)
  })
})

describe('fresh shares', () => {
  const orderOf = ({ cid }: Sealed, changes: object = {}, by = operator): Uint8Array => {
    const draft = { v: 1, dao: LEDGER, manifest: cid, generation: 0, from: network.committee, to: network.committee, dealers: [1, 3, 5] }
    return encode(signObject('reshare-order', { ...draft, at: network.now(), by: by.did, ...changes }, by))
  }
  const faultsOf = (run: Promise<unknown>): Promise<unknown> =>
    run.then(
      () => 'done',
      (error: { detail: { faults: Record<string, string> } }) => [...new Set(Object.values(error.detail.faults))],
    )

  it('open the same chunks, the old ones are gone, and a withdrawal ends them too', async () => {
    const { sealed } = await offered(20)
    const before = network.holders.map(({ table }) => table.get(sealed.cid)?.held)
    const { done, faults } = await runReshare(network.assembling, orderOf(sealed))
    expect([done.length, faults.size]).toEqual([5, 0])
    for (const [i, { table }] of network.holders.entries()) {
      const held = table.get(sealed.cid)?.held
      expect(held?.generation).toBe(1)
      expect(equalBytes(held?.share as Uint8Array, before[i]?.share as Uint8Array)).toBe(false)
      expect(equalBytes(held?.commitments[0] as Uint8Array, sealed.commitments[0] as Uint8Array)).toBe(true)
    }
    expect(opened(sealed, await askForKeys(asScorer(sealed.manifest)), [0])[0]).toContain('"id":"e0f')
    expect(await withdraw(withdrawalOf(sealed))).toMatchObject({ shredded: 5 })
  })

  it('go to another committee, which the withdrawal reaches, and leave nothing with those who left', async () => {
    const { sealed } = await offered(20)
    const to = { k: 3, members: network.committee.members.slice(2).toReversed() }
    await runReshare(network.assembling, orderOf(sealed, { to, dealers: [1, 2, 4] }))
    expect(network.holders.map(({ table }) => table.get(sealed.cid)?.held.x)).toEqual([undefined, undefined, 3, 2, 1])
    const ask = (committee: { k: number; members: string[] }) => askForKeys(asScorer(sealed.manifest, { committee }))
    expect(opened(sealed, await ask(to), [0])[0]).toContain('"id":"e0f')
    expect(await refusals(ask(network.committee))).toContain('UNKNOWN')
    const state = await withdrawContribution({ mesh: network.contributor, withdrawals: [withdrawalOf(sealed)], dao: LEDGER, committee: to })
    expect(state).toMatchObject({ shredded: 3, needed: 1, unreadable: true })
  })

  it('are in force when the log says so, also with who was away for long, and gone with who is not among them', async () => {
    const { sealed } = await offered(10)
    const to = { k: 3, members: network.committee.members.slice(1) }
    const bytes = orderOf(sealed, { to, dealers: [1, 2, 3] })
    const ready = await prepareReshare(network.assembling, bytes)
    // nobody tells them but the log; the share that waits is older than any order may be
    network.aheadMs = 86_400_000 * 3
    const reshared = { manifest: sealed.cid, generation: 1, order: bytes, ready }
    const generations = () => network.holders.map(({ table }) => table.get(sealed.cid)?.held.generation)
    for (const { keyholder } of network.holders) await keyholder.follow({ ...reshared, ready: ready.slice(1) })
    expect(generations()).toEqual([0, 0, 0, 0, 0])
    for (const { keyholder } of network.holders) await keyholder.follow(reshared)
    await network.restart(1)
    expect(generations()).toEqual([undefined, 1, 1, 1, 1])
    expect((await askForKeys(asScorer(sealed.manifest, { committee: to }))).keys).toHaveLength(1)
    // who left still tells who asked it, and that it holds nothing
    const left = { mesh: network.contributor, clock: network.clock, subject, dao: LEDGER, manifest: sealed.cid }
    expect((await readAccessLog({ ...left, keyholder: network.holders[0]?.signer.did ?? '' })).head.held).toBe(false)
    network.aheadMs = 0
  })

  it('wait for several orders at once: everybody changes over to the one in the log, whichever came last', async () => {
    const { sealed } = await offered(10)
    const { members } = network.committee
    const few = { k: 3, members: members.slice(2) }
    const follow = async (told: { generation: number; order: Uint8Array; ready: Uint8Array[] }): Promise<void> => {
      for (const { keyholder } of network.holders) await keyholder.follow({ manifest: sealed.cid, ...told })
    }
    const prepared = async (generation: number, bytes: Uint8Array) => ({
      generation: generation + 1,
      order: bytes,
      ready: await prepareReshare(network.assembling, bytes),
    })
    const generations = () => network.holders.map(({ table }) => table.get(sealed.cid)?.held.generation)
    // who holds a share already
    const first = await prepared(0, orderOf(sealed, { to: few, dealers: [1, 2, 3] }))
    await prepared(0, orderOf(sealed, { to: few, dealers: [3, 4, 5] }))
    await follow(first)
    expect(generations()).toEqual([undefined, undefined, 1, 1, 1])
    // and who joins: two of the five have nothing of it before
    const again = { generation: 1, from: few, to: network.committee, dealers: [1, 2, 3] }
    const second = await prepared(1, orderOf(sealed, { ...again, at: network.now() - 1 }))
    await prepared(1, orderOf(sealed, again))
    for (const i of network.holders.keys()) await network.restart(i)
    await follow(second)
    expect(generations()).toEqual([2, 2, 2, 2, 2])
    expect(network.holders.map(({ table }) => table.get(sealed.cid)?.next)).toEqual([[], [], [], [], []])
    expect(opened(sealed, await askForKeys(asScorer(sealed.manifest)), [0])[0]).toContain('"id":"e0f')
    // each sharing by itself opens with the shares of those who joined
    const joined = { k: 3, members: members.map((one, i) => (i < 3 ? one : stranger.did)) }
    expect((await askForKeys(asScorer(sealed.manifest, { committee: joined }))).keys).toHaveLength(1)
  })

  it('that nobody changed over to go each when its day is over, and with the last of them whoever would have joined', async () => {
    const { sealed } = await offered(10)
    const few = { k: 3, members: network.committee.members.slice(1) }
    const joins = network.holders[0] as HolderAtWork
    const stays = network.holders[1] as HolderAtWork
    await runReshare(network.assembling, orderOf(sealed, { to: few, dealers: [1, 2, 3] }))
    const again = { generation: 1, from: few, dealers: [1, 2, 3] }
    for (const at of [network.now(), network.now() + 3600]) await prepareReshare(network.assembling, orderOf(sealed, { ...again, at }))
    const waiting = async (): Promise<(number | undefined)[]> => {
      for (const { keyholder } of [joins, stays]) await keyholder.tidy()
      return [joins, stays].map(({ table }) => table.get(sealed.cid)?.next.length)
    }
    expect(await waiting()).toEqual([2, 2])
    network.aheadMs = 86_400_000 + 60_000
    expect(await waiting()).toEqual([1, 1])
    network.aheadMs += 3_600_000
    expect(await waiting()).toEqual([undefined, 0])
    network.aheadMs = 0
    expect((await askForKeys(asScorer(sealed.manifest, { committee: few }))).keys).toHaveLength(1)
  })

  it('are not lost to one keyholder that deals in the name of others, nor to statements of another sharing', async () => {
    const { sealed, receipt, hash } = await offered(10)
    const bytes = orderOf(sealed)
    const victim = network.holders[1] as HolderAtWork
    const key = decode((await network.scoring.ask(victim.mesh.peer, depositKeyProtocol, {})).key) as DepositKey
    const forge = async (from: number, by = network.scorer): Promise<Uint8Array> => {
      // any share fits a polynomial whose second commitment is made for it, and whose first is what it should be
      const { salt, commitments: old } = sealed
      const [first, rest, share] = [Point.fromBytes(publicShare(old, from)), Point.BASE.multiply(7n), Point.BASE.multiply(5n)]
      const second = share.subtract(first).subtract(rest.multiply(4n)).multiply(Point.Fn.inv(2n))
      const commitments = [first, second, rest].map((point) => point.toBytes())
      const part = { v: 1, by: by.did, order: cborCid(bytes), from, x: 2, share: Point.Fn.toBytes(5n), commitments, old, salt }
      const paper = { manifest: encode(sealed.manifest), receipt, receipts: [hash], dealt: dealtHash(old) }
      return sealToRecipients(encode(signObject('sub-share', { ...part, ...paper }, by)), [key.recipient])
    }
    const say = (step: z.infer<typeof reshareProtocol.query>['step']) =>
      network.scoring.ask(victim.mesh.peer, reshareProtocol, { order: bytes, step })
    const parts = await Promise.all([1, 3, 5].map((from) => forge(from)))
    expect(await say({ what: 'take', parts })).toMatchObject({ code: 'OTHER_DEALER' })
    const mixed = await Promise.all([1, 3, 5].map((from) => forge(from, network.holders[from - 1]?.signer)))
    expect(await say({ what: 'take', parts: [...mixed.slice(0, 2), parts[2] as Uint8Array] })).toMatchObject({ code: 'OTHER_DEALER' })

    const ready = await prepareReshare(network.assembling, bytes)
    expect(await prepareReshare(network.assembling, bytes)).toEqual(ready)
    const lies = network.holders.map(({ signer }, i) =>
      encode(signObject('reshare-ready', { v: 1, order: cborCid(bytes), x: i + 1, commitments: BEACON, by: signer.did }, signer)),
    )
    expect(await say({ what: 'commit', ready: lies })).toMatchObject({ code: 'OTHER_SHARING' })

    // the run stops half-way, and goes on with what it kept
    const halting: Pick<Mesh, 'ask'> = {
      ask: (peer, protocol, query, options) =>
        network.holders.slice(3).some(({ mesh }) => mesh.peer === peer)
          ? Promise.reject(new Error('halted'))
          : network.assembling.ask(peer, protocol, query, options),
    }
    expect((await commitReshare(halting, bytes, ready)).done).toHaveLength(3)
    expect(await commitReshare(network.assembling, bytes, ready)).toMatchObject({ done: { length: 5 }, faults: { size: 0 } })

    expect(await say({ what: 'take', parts: mixed })).toMatchObject({ code: 'OTHER_GENERATION' })
    expect(await say({ what: 'commit', ready: lies })).toMatchObject({ code: 'NOT_PENDING' })
    expect(opened(sealed, await askForKeys(asScorer(sealed.manifest)), [0])[0]).toContain('"id":"e0f')
    expect(network.holders.map(({ table }) => table.get(sealed.cid)?.held.generation)).toEqual([1, 1, 1, 1, 1])
  })

  it('are not given to fewer than the policy says, nor to a validator it does not name, whatever the operator orders', async () => {
    const { sealed } = await offered(10)
    const run = (to: { k: number; members: string[] }) => faultsOf(runReshare(network.assembling, orderOf(sealed, { to })))
    const { members } = network.committee
    expect(await run({ k: 2, members: members.slice(2) })).toEqual(['QUORUM_LOWERED'])
    // seated, and a scorer only
    const dealer = network.holders[0] as HolderAtWork
    const key = (await network.assembling.ask(dealer.mesh.peer, depositKeyProtocol, {})).key
    const step = { what: 'deal' as const, keys: [key, key, key, key, key] }
    const unnamed = orderOf(sealed, { to: { k: 3, members: members.with(1, network.scorer.did) } })
    expect(await network.assembling.ask(dealer.mesh.peer, reshareProtocol, { order: unnamed, step })).toMatchObject({
      code: 'RECIPIENT_NOT_NAMED',
    })
    // nor does anybody let go of a share for such an order
    const away = { k: 2, members: [network.scorer, operator].map(({ did }) => did) }
    network.state.seated.add(operator.did)
    const leaving = orderOf(sealed, { to: away })
    const ready = [network.scorer, operator].map((by, i) =>
      encode(signObject('reshare-ready', { v: 1, order: cborCid(leaving), x: i + 1, commitments: BEACON, by: by.did }, by)),
    )
    const commit = { order: leaving, step: { what: 'commit' as const, ready } }
    expect(await network.assembling.ask(dealer.mesh.peer, reshareProtocol, commit)).toMatchObject({ status: 'refused' })
    network.state.seated.delete(operator.did)
    expect((await askForKeys(asScorer(sealed.manifest))).keys).toHaveLength(1)
  })

  it('are not given for an order of somebody else, to strangers, of another generation, or after a withdrawal; the old ones stay', async () => {
    const { sealed } = await offered(10)
    const run = (changes: object, by = operator) => faultsOf(runReshare(network.assembling, orderOf(sealed, changes, by)))
    expect(await run({}, network.scorer)).toEqual(['ORDER_NOT_OURS'])
    // one that is not seated has no key of the day to be asked for either; the dealers look for themselves
    const strangers = { k: 3, members: network.committee.members.with(0, stranger.did) }
    const dealer = network.holders[0] as HolderAtWork
    const key = (await network.assembling.ask(dealer.mesh.peer, depositKeyProtocol, {})).key
    const step = { what: 'deal' as const, keys: [key, key, key, key, key] }
    const ask = (told: Uint8Array) => network.assembling.ask(dealer.mesh.peer, reshareProtocol, { order: told, step })
    expect(await ask(orderOf(sealed, { to: strangers }))).toMatchObject({ code: 'NOT_SEATED' })
    expect(await ask(orderOf(sealed))).toMatchObject({ code: 'BAD_DEPOSIT_KEY' })
    expect(await run({ generation: 1 })).toEqual(['UNKNOWN'])
    expect(await run({ dealers: [1, 2] })).toEqual(['BAD_ORDER'])
    const early = { order: orderOf(sealed), step: { what: 'commit' as const, ready: [1, 2, 3, 4, 5].map((i) => utf8(`ready ${i}`)) } }
    expect(await network.assembling.ask(dealer.mesh.peer, reshareProtocol, early)).toMatchObject({ code: 'NOT_READY' })
    expect((await askForKeys(asScorer(sealed.manifest))).keys).toHaveLength(1)
    await withdraw(withdrawalOf(sealed))
    expect(await run({})).toEqual(['UNKNOWN'])
  })
})

it('asks the owner too where custody says so: it looks for itself, and may say no', async () => {
  const notes = await Promise.all(
    [network.seal(1000, rootSeed), network.seal(3, rootSeed)].map(async (one) => {
      const receipt = network.receipt(one)
      expect((await offer(one, receipt)).complete).toBe(true)
      return { ...one, receipts: [receipt], withdrawals: [] as Uint8Array[] }
    }),
  )
  const [sealed, other] = notes as [(typeof notes)[0], (typeof notes)[0]]
  const ownerVia = network.contributor.peer
  await network.scoring.connect(network.contributor.addresses())
  await network.assembling.connect(network.contributor.addresses())
  let says: 'yes' | 'no' | 'unanswered' = 'yes'
  const told: unknown[][] = []
  const logged: Withdrawal[] = []
  const served = serveOwnerDesk({
    mesh: network.contributor,
    clock: network.clock,
    view: network.view,
    carrier: network.assembling.peer,
    rootSeed,
    contributions: () => notes,
    logged: () => logged,
    mayOpen: () => says,
    onAnswer: ({ request, order: by }, outcome) => told.push([request.role, by?.value.trainer ?? null, outcome]),
  })
  const drawn = sampledChunks(BEACON, sealed.cid, sealed.manifest.chunks.length)
  const ask = (changes: Partial<AskForKeys> = {}) => askForKeys(asScorer(sealed.manifest, { indices: drawn, ownerVia, ...changes }))
  const no = (code: string) => ({ code: 'OWNER_SAID_NO', detail: { code } })
  expect(opened(sealed, await ask(), drawn.slice(0, 1))[0]).toContain('"type":"Listen"')
  expect(opened(other, await askForKeys(asScorer(other.manifest, { ownerVia })), [0])[0]).toContain('"type":"Listen"')
  // what keyholders would refuse the owner refuses by itself, whatever keyholders do
  const undrawn = sealed.manifest.chunks.findIndex((_, i) => !drawn.includes(i))
  await expect(ask({ indices: [undrawn] })).rejects.toMatchObject(no('UNSAMPLED'))
  const release = (bytes: Uint8Array | undefined) => askForKeys(asAssembler(sealed, bytes, { ownerVia }))
  await expect(release(undefined)).rejects.toMatchObject(no('NO_ORDER'))
  await expect(release(order([sealed], { trainer: stranger.did }))).rejects.toMatchObject(no('TRAINER_NOT_NAMED'))
  expect((await release(order([sealed]))).keys).toHaveLength(1)
  // carried by anybody else than its author and the DAO it is nobody's
  const carried: Pick<Mesh, 'ask'> = {
    ask: (peer, protocol, query) => (peer === ownerVia ? network.assembling : network.scoring).ask(peer, protocol, query),
  }
  expect((await ask({ mesh: carried })).keys).toHaveLength(drawn.length)
  await expect(askForKeys(asAssembler(sealed, order([sealed]), { ownerVia, mesh: network.scoring }))).rejects.toMatchObject(no('NOT_YOURS'))
  says = 'no'
  await expect(release(order([sealed]))).rejects.toMatchObject(no('VETO'))
  says = 'unanswered'
  await expect(release(order([sealed]))).rejects.toMatchObject(no('NOT_ANSWERED'))
  says = 'yes'
  expect(told.filter(([role]) => role === 'assembler')).toEqual([
    ['assembler', null, 'NO_ORDER'],
    ['assembler', stranger.did, 'TRAINER_NOT_NAMED'],
    ['assembler', trainer.did, 'ok'],
    ['assembler', trainer.did, 'VETO'],
    ['assembler', trainer.did, 'NOT_ANSWERED'],
  ])
  // what its seed withdrew from another home its log says
  logged.push(withdrawalOf(other))
  await expect(askForKeys(asScorer(other.manifest, { ownerVia }))).rejects.toMatchObject(no('WITHDRAWN'))
  // what it withdrew its node gives no part of, though no keyholder has heard of it
  sealed.withdrawals.push(encode(withdrawalOf(sealed)))
  await expect(ask()).rejects.toMatchObject(no('UNKNOWN'))
  await expect(askForKeys(asScorer(sealed.manifest))).rejects.toMatchObject(no('OWNER_UNKNOWN'))
  served[Symbol.dispose]()
  await expect(ask()).rejects.toMatchObject(no('UNSUPPORTED_PROTOCOL'))
})

it('ends by itself: after the expiry no key is given, and the next tidying shreds; the key of the table changes daily besides', async () => {
  const { sealed } = await offered(20)
  const generations = (): number[] => network.holders.map(({ table }) => table.generation)
  const tidy = () => Promise.all(network.holders.map(({ keyholder }) => keyholder.tidy()))
  const first = generations()
  await tidy()
  expect(generations()).toEqual(first)
  network.aheadMs = 25 * 3_600_000
  await tidy()
  expect(generations()).toEqual(first.map((one) => one + 1))
  expect((await askForKeys(asScorer(sealed.manifest))).keys).toHaveLength(1)
  network.aheadMs = 31 * 86_400_000
  expect(await refusals(askForKeys(asScorer(sealed.manifest)))).toEqual(['EXPIRED'])
  await tidy()
  expect(network.holders.map(({ table }) => table.get(sealed.cid))).toEqual([undefined, undefined, undefined, undefined, undefined])
  expect(await withdraw(withdrawalOf(sealed))).toMatchObject({ shredded: 5, unreadable: true })
  network.aheadMs = 0
})
