/** A member that joins by several orders, and is stopped between two writes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { receiptHash, receiptId, signReceipt } from '../../dao/consent/index.ts'
import { deal, dealSubShares, dealtHash, keyCommit, sealToRecipients } from '../../dao/custody/index.ts'
import type { PoolView } from '../../dao/pool-access/index.ts'
import { cborCid, decode, type DepositKey, encode, type PoolManifest } from '../../schemas/wire/index.ts'
import { fill, keyholders, LEDGER, NOW, operator, poolPolicy, receiptFor, sampleManifest, subject } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { DepositKeys } from './deposit-keys.ts'
import { kekFile } from './kek-file.ts'
import { PaperBox } from './papers.ts'
import { ReshareDesk } from './reshare-desk.ts'
import { type PendingShare, pendingFor } from './share-row.ts'
import { ShareTable } from './share-table.ts'
import { Shredder } from './shredder.ts'
import { Turns } from './turns.ts'
import { Withdrawals } from './withdrawals.ts'

const signers = keyholders()
const members = signers.map(({ did }) => did)
const from = { k: 3, members: members.slice(0, 3) }
const [joins, seat] = [signers[4] as Signer, 5]
const policy = poolPolicy(members)
const salt = fill(7)
const { shares, commitments } = deal({ k: 3, n: 3 })
const dealt = dealtHash(commitments)
const manifest: PoolManifest = sampleManifest(policy, { keyCommit: keyCommit(commitments[0] as Uint8Array, dealt, salt) })
const named = encode(manifest)
const first = signReceipt(receiptFor(policy, manifest), subject)
const renewed = signReceipt(receiptFor(policy, manifest, { given: NOW - 30, prev: receiptId(first) }), subject)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-reshare-desk-'))
})
afterEach(() => rm(folder, { recursive: true }))

const orderAt = (at: number): Uint8Array => {
  const order = { v: 1, dao: LEDGER, manifest: cborCid(named), generation: 0, from, to: { k: 3, members }, dealers: [1, 2, 3], at }
  return encode(signObject('reshare-order', { ...order, by: operator.did }, operator))
}

/** What the dealers of an order give the new member, with the receipts that they know of. */
function partsOf(order: Uint8Array, receipts: string[], recipient: string): Promise<Uint8Array[]> {
  const common = { v: 1, order: cborCid(order), x: seat, old: commitments, salt, dealt, manifest: named }
  const papers = { receipt: receipts.at(-1), receipts: receipts.map((jws) => receiptHash(jws, salt)) }
  return Promise.all(
    shares.map((share, i) => {
      const dealing = dealSubShares(share, { k: 3, n: 5, order: cborCid(order).bytes })
      const part = { ...common, ...papers, from: i + 1, by: members[i], share: dealing.shares[seat - 1], commitments: dealing.commitments }
      return sealToRecipients(encode(signObject('sub-share', part, signers[i] as Signer)), [recipient])
    }),
  )
}

const readyOf = (order: Uint8Array, { held }: PendingShare): Uint8Array[] =>
  signers.map((signer, i) => {
    const said = { v: 1, order: cborCid(order), x: i + 1, commitments: dealtHash(held.commitments), by: signer.did }
    return encode(signObject('reshare-ready', said, signer))
  })

it('can use the share of an order when a later one, with a newer consent, got no further than its papers', async () => {
  const kv = new MemoryKv()
  const clock = { ...realClock, now: () => NOW * 1000 }
  const view = { ledger: LEDGER, operator: operator.did, policy: () => policy.policy, isSeated: () => true } as unknown as PoolView
  const table = await ShareTable.open(folder, kekFile(path.join(folder, 'kek')))
  const papers = new PaperBox(kv)
  const keys = new DepositKeys({ clock, signer: joins, ledger: LEDGER })
  const withdrawals = await Withdrawals.open(kv)
  const shredder = new Shredder({ kv, clock, signer: joins, ledger: LEDGER, table, papers, logger: silent })
  const desk = new ReshareDesk({ clock, signer: joins, view, table, papers, keys, withdrawals, shredder, turns: new Turns() })
  const { recipient } = decode(await keys.current()) as DepositKey
  const take = async (order: Uint8Array, receipts: string[]) =>
    desk.answer({ order, step: { what: 'take', parts: await partsOf(order, receipts, recipient) } })

  const [earlier, later] = [orderAt(NOW - 1), orderAt(NOW)]
  expect(await take(earlier, [first])).toMatchObject({ ok: true, reply: { status: 'ready' } })
  vi.spyOn(table, 'put').mockRejectedValueOnce(new Error('the disk is full'))
  await expect(take(later, [first, renewed])).rejects.toThrow('the disk is full')

  const taken = pendingFor(table.get(cborCid(named)), cborCid(earlier)) as PendingShare
  await desk.follow({ order: earlier, ready: readyOf(earlier, taken) })
  const row = table.get(cborCid(named))
  expect(row).toMatchObject({ current: true, held: taken.held, next: [] })
  expect(await papers.get(cborCid(named), row?.paperKey ?? fill(0))).toEqual({ manifest, receipt: renewed })
})
