/** Takes deposits: the same one twice is one, a renewal takes over, and nothing is acknowledged before it is on disk. */
import { randomBytes } from 'node:crypto'
import { signObject } from '../../core/envelope/index.ts'
import { receiptId } from '../../dao/consent/index.ts'
import { dealtHash } from '../../dao/custody/index.ts'
import { type CID, type Deposit, deposit as depositShape, encode, equalBytes, MAX_DEPOSIT_BYTES, parse } from '../../schemas/wire/index.ts'
import type { Clock } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { DepositKeys } from './deposit-keys.ts'
import { type DepositVerdict, judgeDeposit, type Refused, refused } from './judge-deposit.ts'
import type { PaperBox } from './papers.ts'
import type { ShareRow } from './share-row.ts'
import type { ShareTable } from './share-table.ts'
import type { Shredder } from './shredder.ts'
import type { Turns } from './turns.ts'
import type { PoolView } from './view.ts'
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
  /** Whether parts of counts come too late for this contribution; undefined: nobody is counted here. */
  isRevealed: ((manifest: CID) => boolean) | undefined
}

interface Taken {
  ok: true
  ack: Uint8Array
  manifest: CID
}
type Good = DepositVerdict & { ok: true }
const newKey = (): Uint8Array => new Uint8Array(randomBytes(32))

export class DepositDesk {
  readonly #options: DepositDeskOptions

  constructor(options: DepositDeskOptions) {
    this.#options = options
  }

  /** DAG-CBOR of the depositAck. Throws what `DepositKeys.open` and the wire throw. */
  async take(sealed: Uint8Array): Promise<Taken | Refused> {
    const { keys, view, withdrawals, signer, clock, turns } = this.#options
    const now = Math.floor(clock.now() / 1000)
    const deposit = parse(depositShape, await keys.open(sealed), MAX_DEPOSIT_BYTES)
    const verdict = judgeDeposit({ deposit, view, tombstones: withdrawals.tombstones, self: signer.did, now })
    if (!verdict.ok) return verdict
    return turns.run([verdict.cid], () => this.#decide(deposit, verdict, now))
  }

  async #decide(deposit: Deposit, verdict: Good, now: number): Promise<Taken | Refused> {
    const { table, maxShares, shredder } = this.#options
    // a receipt that renewed a withdrawn one has no tombstone of its own
    if ((await shredder.ackOf(verdict.receipt)) !== undefined)
      return refused('WITHDRAWN', 'this consent has ended; give a new one for a new contribution')
    const known = table.get(verdict.cid)
    if (known === undefined && table.size >= maxShares) return refused('FULL', 'no room for more shares; tell the DAO')
    const row =
      known === undefined ? await this.#first(verdict, newRow(deposit, verdict, now), deposit) : await this.#again(verdict, known, deposit)
    return 'ok' in row ? row : { ok: true, ack: this.#ack(row), manifest: row.manifest }
  }

  /** What somebody counts is dealt once, with the first deposit. */
  async #first(verdict: Good, row: ShareRow, { receipt, counts }: Deposit): Promise<ShareRow | Refused> {
    const { papers, isRevealed } = this.#options
    // dealt in the knowledge of the beacon, a proof could be made for the one point where it is asked
    if (counts !== undefined && isRevealed?.(row.manifest) === false) await papers.putCounts(row.manifest, row.paperKey, counts)
    return this.#store(verdict, row, receipt)
  }

  /** Papers first: a row whose papers are missing could answer nothing. */
  async #store(verdict: Good, row: ShareRow, receipt: string): Promise<ShareRow | Refused> {
    const { papers, table, withdrawals, shredder, view } = this.#options
    await papers.put(row.manifest, row.paperKey, { manifest: verdict.manifest, receipt })
    await table.put([row])
    // a withdrawal may have come while the disk was busy; it wins
    if (!withdrawals.ends(row, verdict.manifest.subject, view.policy(verdict.manifest.policy))) return row
    await shredder.shred([row])
    return refused('WITHDRAWN', 'the consent was withdrawn')
  }

  async #again(verdict: Good, known: ShareRow, deposit: Deposit): Promise<ShareRow | Refused> {
    const { papers, withdrawals, view } = this.#options
    if (equalBytes(known.receipts.at(-1) as Uint8Array, verdict.receipt)) return known
    if (known.receipts.some((hash) => equalBytes(hash, verdict.receipt))) return refused('SUPERSEDED', 'a later receipt renews this one')
    const { receipt } = await papers.get(known.manifest, known.paperKey)
    if (verdict.prev !== receiptId(receipt))
      return refused('NOT_A_RENEWAL', 'this contribution is held under another receipt; name that one as prev')
    // the receipts of one contribution stand or fall together
    if (withdrawals.ends(known, verdict.manifest.subject, view.policy(verdict.manifest.policy)))
      return refused('WITHDRAWN', 'the consent was withdrawn')
    if (known.receipts.length >= 64) return refused('TOO_OFTEN', 'renewed 64 times; offer the contribution anew')
    return this.#store(verdict, { ...known, receipts: [...known.receipts, verdict.receipt], expires: verdict.expires }, deposit.receipt)
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
    next: null,
    current: true,
    paperKey: newKey(),
    at: now,
    expires,
  }
}
