/** Takes deposits: the same one twice is one, a renewal takes over, and nothing is acknowledged before it is on disk. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { refusal, type Refusal, signObject } from '../../core/envelope/index.ts'
import { receiptHash } from '../../dao/consent/index.ts'
import { dealtHash } from '../../dao/custody/index.ts'
import {
  type CID,
  type Deposit,
  deposit as depositShape,
  encode,
  equalBytes,
  MAX_DEPOSIT_BYTES,
  parse,
  type PoolManifest,
  type Renewal,
  renewal as renewalShape,
} from '../../schemas/wire/index.ts'
import type { Clock } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { DepositKeys } from './deposit-keys.ts'
import { type DepositVerdict, judgeDeposit } from './judge-deposit.ts'
import { judgeRenewal } from './judge-renewal.ts'
import type { PaperBox } from './papers.ts'
import type { ShareRow } from './share-row.ts'
import type { ShareTable } from './share-table.ts'
import type { Shredder } from './shredder.ts'
import type { Turns } from './turns.ts'
import { type PoolView } from '../../dao/pool-access/index.ts'
import type { Withdrawals } from './withdrawals.ts'

export interface DepositDeskOptions {
  clock: Clock
  signer: Signer
  view: PoolView
  table: ShareTable
  papers: PaperBox
  keys: DepositKeys
  withdrawals: Withdrawals
  shredder: Shredder
  turns: Turns
  maxShares: number
}

interface Taken {
  ok: true
  ack: Uint8Array
  manifest: CID
}
type Good = DepositVerdict & { ok: true }
/** What comes sealed to a key of the day: a share, or a newer consent to what is held. */
const brought = z.union([depositShape, renewalShape])
const newKey = (): Uint8Array => new Uint8Array(randomBytes(32))

export class DepositDesk {
  readonly #options: DepositDeskOptions

  constructor(options: DepositDeskOptions) {
    this.#options = options
  }

  /** DAG-CBOR of the depositAck. Throws what `DepositKeys.open` and the wire throw. */
  async take(sealed: Uint8Array): Promise<Taken | Refusal> {
    const { keys, view, withdrawals, signer, clock, turns } = this.#options
    const now = Math.floor(clock.now() / 1000)
    const deposit = parse(brought, await keys.open(sealed), MAX_DEPOSIT_BYTES)
    if (!('share' in deposit)) return turns.run([deposit.manifest], () => this.#renew(deposit.manifest, deposit.receipts, now))
    const verdict = judgeDeposit({ deposit, view, tombstones: withdrawals.tombstones, self: signer.did, now })
    if (!verdict.ok) return verdict
    return turns.run([verdict.cid], () => this.#decide(deposit, verdict, now))
  }

  async #decide(deposit: Deposit, verdict: Good, now: number): Promise<Taken | Refusal> {
    const { table, maxShares, shredder } = this.#options
    if ((await shredder.goneOf(verdict.cid)) !== undefined) return refusal('WITHDRAWN', 'this contribution has ended; offer a new one')
    const known = table.get(verdict.cid)
    if (known === undefined && table.size >= maxShares) return refusal('FULL', 'no room for more shares; tell the DAO')
    // the same part again under a newer receipt is a renewal
    if (known !== undefined) return this.#renew(verdict.cid, [deposit.receipt], now)
    return this.#acknowledged(await this.#first(verdict, newRow(deposit, verdict, now), deposit))
  }

  async #renew(manifest: CID, receipts: Renewal['receipts'], now: number): Promise<Taken | Refusal> {
    const { table, papers, view, withdrawals } = this.#options
    const row = table.get(manifest)
    if (row === undefined || !row.current) return refusal('UNKNOWN', 'no share of this contribution is held here; offer it anew')
    if (equalBytes(receiptHash(receipts.at(-1) as string, row.salt), row.receipts.at(-1) as Uint8Array)) return this.#acknowledged(row)
    const held = await papers.get(row.manifest, row.paperKey)
    const verdict = judgeRenewal({ row, papers: held, receipts, view, tombstones: withdrawals.tombstones, now })
    if (!verdict.ok) return verdict
    const renewed = { ...row, receipts: [...row.receipts, ...verdict.hashes], expires: verdict.expires }
    return this.#acknowledged(await this.#store(held.manifest, renewed, receipts.at(-1) as string))
  }

  #acknowledged(row: ShareRow | Refusal): Taken | Refusal {
    return 'ok' in row ? row : { ok: true, ack: this.#ack(row), manifest: row.manifest }
  }

  /** What somebody counts is dealt once, with the first deposit. */
  async #first(verdict: Good, row: ShareRow, { receipt, counts }: Deposit): Promise<ShareRow | Refusal> {
    const { papers, view } = this.#options
    // dealt in the knowledge of the beacon, a proof could be made for the one point where it is asked; our log may be behind, and so `at` counts too
    if (counts !== undefined && !view.isRevealed(row.manifest)) await papers.putCounts(row.manifest, row.paperKey, counts)
    return this.#store(verdict.manifest, row, receipt)
  }

  /** Papers first: a row whose papers are missing could answer nothing. */
  async #store(manifest: PoolManifest, row: ShareRow, receipt: string): Promise<ShareRow | Refusal> {
    const { papers, table, withdrawals, shredder, view } = this.#options
    await papers.put(row.manifest, row.paperKey, { manifest, receipt })
    await table.put([row])
    // a withdrawal may have come while the disk was busy; it wins
    if (!withdrawals.ends(row.manifest, manifest.subject, view.policy(manifest.policy))) return row
    await shredder.shred([row])
    return refusal('WITHDRAWN', 'the consent was withdrawn')
  }

  #ack({ manifest, receipts, at }: ShareRow): Uint8Array {
    const { signer, view } = this.#options
    const receipt = receipts.at(-1) as Uint8Array
    return encode(signObject('deposit-ack', { v: 1, dao: view.ledger, manifest, receipt, by: signer.did, at }, signer))
  }
}

function newRow(deposit: Deposit, { cid, receipt, expires }: Good, now: number): ShareRow {
  const { x, share, commitments, salt } = deposit
  return {
    v: 1,
    manifest: cid,
    receipts: [receipt],
    salt,
    dealt: dealtHash(commitments),
    held: { x, generation: 0, share, commitments },
    next: [],
    current: true,
    paperKey: newKey(),
    at: now,
    expires,
  }
}
