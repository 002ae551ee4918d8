/**
 * Fresh shares for the same members or others, in three steps of an order: old members deal, new ones take, and everybody changes over when all
 * new ones have signed that they hold theirs. Until then the old shares are what counts; an order that comes to nothing changes nothing.
 */
import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { Clock } from '../../core/effects/index.ts'
import { refusal, type Refusal, signObject, verifyObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { reshareProtocol } from '../../core/mesh/index.ts'
import { checkConsent, isRecipient, receiptHash } from '../../dao/consent/index.ts'
import { agreedSharing, type NamedOrder, readReshareOrder } from '../../dao/ledger/index.ts'
import { dealSubShares, dealtHash, joinSubShares, keyCommit, sealToRecipients } from '../../dao/custody/index.ts'
import {
  type CID,
  type ConsentPolicy,
  depositKey,
  encode,
  equalBytes,
  MAX_DEPOSIT_BYTES,
  MAX_POOL_MANIFEST_BYTES,
  parse,
  type PoolManifest,
  poolManifest,
  type ReshareOrder,
  type SubShare,
  subShare,
} from '../../schemas/wire/index.ts'
import type { DepositKeys } from './deposit-keys.ts'
import type { PaperBox } from './papers.ts'
import { newestPaper, partsFault } from './reshare-parts.ts'
import { changedOver, pendingFor, type ShareRow, withoutDue, withPending } from './share-row.ts'
import type { ShareTable } from './share-table.ts'
import type { Shredder } from './shredder.ts'
import type { Turns } from './turns.ts'
import { type PoolView } from '../../dao/pool-access/index.ts'
import type { Withdrawals } from './withdrawals.ts'

export interface ReshareDeskOptions {
  clock: Clock
  signer: Signer
  view: PoolView
  table: ShareTable
  papers: PaperBox
  keys: DepositKeys
  withdrawals: Withdrawals
  shredder: Shredder
  turns: Turns
}

type Query = z.infer<typeof reshareProtocol.query>
type Reply = Exclude<z.infer<typeof reshareProtocol.reply>, { status: 'refused' }>
/** How long an order may be followed. */
const ORDER_SECONDS = 86_400

type Ordered = NamedOrder

export class ReshareDesk {
  readonly #options: ReshareDeskOptions

  constructor(options: ReshareDeskOptions) {
    this.#options = options
  }

  async answer({ order: bytes, step }: Query): Promise<{ ok: true; reply: Reply; manifest: CID } | Refusal> {
    const { view } = this.#options
    const read = readReshareOrder(bytes, view)
    if (!read.ok) return read
    const { order, cid } = read
    if (Math.abs(order.at - this.#now()) > ORDER_SECONDS) return refusal('STALE', 'the order is older than a day')
    // whoever may name anybody could name itself k times
    if (!order.to.members.every((member) => view.isSeated(member))) return refusal('NOT_SEATED', 'shares go to seated validators only')
    const answer = await this.#do({ order, cid }, step)
    return answer.ok ? { ...answer, manifest: order.manifest } : answer
  }

  #do(ordered: Ordered, step: Query['step']): Promise<{ ok: true; reply: Reply } | Refusal> {
    if (step.what === 'deal') return this.#deal(ordered, step.keys)
    return this.#options.turns.run([ordered.order.manifest], () =>
      step.what === 'take' ? this.#take(ordered, step.parts) : this.#commit(ordered, step.ready),
    )
  }

  /**
   * A change of committee that the log holds: done here too, however long ago it was ordered. Whose share was not part of it has one that nobody can
   * use any more, and deletes it.
   */
  async follow({ order: bytes, ready }: { order: Uint8Array; ready: readonly Uint8Array[] }): Promise<void> {
    const { view, table, shredder, turns } = this.#options
    const read = readReshareOrder(bytes, view)
    if (!read.ok || agreedSharing(ready, read) === undefined) return
    const { order } = read
    await turns.run([order.manifest], async () => {
      if (await this.#changeOver(read, ready)) return
      const row = table.get(order.manifest)
      if (row === undefined || !row.current || row.held.generation > order.generation) return
      await shredder.leave(row)
    })
  }

  /** Whether the share that was taken for this order is in force now. */
  async #changeOver(named: NamedOrder, ready: readonly Uint8Array[]): Promise<boolean> {
    const { table } = this.#options
    const row = table.get(named.order.manifest)
    const agreed = agreedSharing(ready, named)
    const taken = pendingFor(row, named.cid)
    if (row === undefined || taken === undefined || agreed === undefined) return false
    if (!equalBytes(dealtHash(taken.held.commitments), agreed)) return false
    await table.put([changedOver(row, taken)])
    await table.rotate()
    return true
  }

  /** Drops what nobody changed over to within its day: such shares must not lie about. */
  dropDue(manifest: CID): Promise<void> {
    const { table, papers, shredder, turns } = this.#options
    return turns.run([manifest], async () => {
      const row = table.get(manifest)
      const left = row && withoutDue(row, this.#now())
      if (row === undefined || left?.next.length === row.next.length) return
      if (left === undefined) {
        await table.shred([manifest])
        await papers.delete(manifest)
      } else {
        await table.put([left])
        await shredder.rotate()
      }
    })
  }

  async #deal({ order, cid }: Ordered, keys: readonly Uint8Array[]): Promise<{ ok: true; reply: Reply } | Refusal> {
    const { table, papers, signer } = this.#options
    const row = table.get(order.manifest)
    if (row === undefined || !row.current || row.held.generation !== order.generation)
      return refusal('UNKNOWN', 'no share of this generation is held here')
    const { x, share, commitments } = row.held
    if (order.from.members[x - 1] !== signer.did || !order.dealers.includes(x) || commitments.length !== order.from.k)
      return refusal('OTHER_SEAT', 'not a dealer of this order')
    const { manifest, receipt } = await papers.get(row.manifest, row.paperKey)
    const consent = this.#consent(manifest, { receipt, salt: row.salt }, order)
    if (!consent.ok) return consent
    const recipients = order.to.members.map((member, i) => this.#recipient(keys[i], member))
    if (recipients.includes(undefined)) return refusal('BAD_DEPOSIT_KEY', 'one key of the day for each new member, in order of seats')
    const dealing = dealSubShares(share, { k: order.to.k, n: order.to.members.length, order: cid.bytes })
    const common = {
      v: 1,
      by: signer.did,
      order: cid,
      from: x,
      commitments: dealing.commitments,
      old: commitments,
      salt: row.salt,
      dealt: row.dealt,
    }
    const paper = { manifest: encode(manifest), receipt, receipts: row.receipts }
    const parts = await Promise.all(
      recipients.map((recipient, i) => {
        const part = { ...common, ...paper, x: i + 1, share: dealing.shares[i] as Uint8Array }
        return sealToRecipients(encode(signObject('sub-share', part, signer)), [recipient as string])
      }),
    )
    return { ok: true, reply: { status: 'dealt', parts } }
  }

  async #take({ order, cid }: Ordered, sealed: readonly Uint8Array[]): Promise<{ ok: true; reply: Reply } | Refusal> {
    const { keys, signer, table, papers } = this.#options
    const x = order.to.members.indexOf(signer.did) + 1
    if (x === 0) return refusal('OTHER_SEAT', 'not a new member of this order')
    const known = table.get(order.manifest)
    if (known?.current === true && known.held.generation !== order.generation)
      return refusal('OTHER_GENERATION', `the share held here is of generation ${known.held.generation}`)
    // once taken it stays: what is signed as ready is what everybody changes over to
    const taken = pendingFor(known, cid)
    if (taken !== undefined) return this.#ready(cid, taken.held)
    const parts: SubShare[] = []
    for (const one of sealed) {
      const read = verifyObject(subShare, await keys.open(one), 'sub-share', 'by', MAX_DEPOSIT_BYTES)
      if (!read.ok) return read
      if (read.value.by !== order.from.members[read.value.from - 1])
        return refusal('OTHER_DEALER', 'a part is signed by somebody else than its dealer')
      parts.push(read.value)
    }
    const fault = partsFault(parts, order, cid, x)
    if (fault !== undefined) return refusal(fault, 'the parts are not those of this order')
    const first = newestPaper(parts as [SubShare, ...SubShare[]])
    const manifest = parse(poolManifest, first.manifest, MAX_POOL_MANIFEST_BYTES)
    if (!equalBytes(keyCommit(first.old[0] as Uint8Array, first.dealt, first.salt), manifest.keyCommit))
      return refusal('KEY_COMMIT', 'the old commitments are not those of the manifest')
    if (!equalBytes(first.receipts.at(-1) as Uint8Array, receiptHash(first.receipt, first.salt)))
      return refusal('OTHER_RECEIPT', 'the receipt is not the one its hash names')
    if (known?.current === true && !equalBytes(encode(known.held.commitments), encode(first.old)))
      return refusal('OTHER_SHARING', 'the old commitments are not those held here')
    const consent = this.#consent(manifest, first, order)
    if (!consent.ok) return consent
    const { expires } = consent
    const held = { x, generation: order.generation + 1, ...joinSubShares(parts, first.old) }
    const next = { order: cid, until: order.at + ORDER_SECONDS, held }
    // by another order, whose dealers may have missed a renewal, a consent as new may have come already
    const fits = known !== undefined && (known.current || known.receipts.length >= first.receipts.length)
    const row = withPending(fits ? known : this.#newRow({ manifest: order.manifest, expires, held }, first, known), next)
    if (!fits) await papers.put(row.manifest, row.paperKey, { manifest, receipt: first.receipt })
    await table.put([row])
    // a withdrawal may have come while the disk was busy; it wins
    const { view, withdrawals, shredder } = this.#options
    if (withdrawals.ends(row.manifest, manifest.subject, view.policy(manifest.policy))) {
      await shredder.shred([row])
      return refusal('WITHDRAWN', 'the consent was withdrawn')
    }
    return this.#ready(cid, held)
  }

  #ready(order: CID, { x, commitments }: ShareRow['held']): { ok: true; reply: Reply } {
    const { signer } = this.#options
    const ready = { v: 1, order, x, commitments: dealtHash(commitments), by: signer.did }
    return { ok: true, reply: { status: 'ready', ready: encode(signObject('reshare-ready', ready, signer)) } }
  }

  async #commit(named: Ordered, ready: readonly Uint8Array[]): Promise<{ ok: true; reply: Reply } | Refusal> {
    const { table, papers, signer, shredder } = this.#options
    const { order, cid } = named
    const agreed = agreedSharing(ready, named)
    if (agreed === undefined) return refusal('NOT_READY', 'every new member signs that it holds its share, all of one sharing')
    const row = table.get(order.manifest)
    const joins = order.to.members.includes(signer.did)
    const done = { ok: true as const, reply: { status: 'done' as const } }
    // who left has nothing any more, and who joined has what was agreed: said again, it is done
    if (row === undefined) return joins ? refusal('UNKNOWN', 'no share of this order is held here') : done
    const isAgreed = ({ commitments }: ShareRow['held']): boolean => equalBytes(dealtHash(commitments), agreed)
    if (pendingFor(row, cid) !== undefined)
      return (await this.#changeOver(named, ready))
        ? done
        : refusal('OTHER_SHARING', 'the share taken here is not of the sharing that was agreed on')
    if (joins && row.current && row.held.generation === order.generation + 1 && isAgreed(row.held)) return done
    if (joins || row.held.generation !== order.generation) return refusal('NOT_PENDING', 'no share of this order is waiting here')
    const { manifest, receipt } = await papers.get(row.manifest, row.paperKey)
    const consent = this.#consent(manifest, { receipt, salt: row.salt }, order)
    if (!consent.ok) return consent
    await shredder.leave(row)
    return done
  }

  /**
   * Of whoever joins. What waits in the row before goes on waiting, and its key stays: where we stop between papers and row, the row before reads
   * the newer papers.
   */
  #newRow(
    { manifest, expires, held }: Pick<ShareRow, 'manifest' | 'expires' | 'held'>,
    { receipts, salt, dealt }: SubShare,
    before: ShareRow | undefined,
  ): ShareRow {
    const { next, paperKey } = before ?? { next: [], paperKey: new Uint8Array(randomBytes(32)) }
    return { v: 1, manifest, receipts, salt, dealt, held, next, current: false, paperKey, at: this.#now(), expires }
  }

  #recipient(bytes: Uint8Array | undefined, member: string): string | undefined {
    const read = bytes && verifyObject(depositKey, bytes, 'deposit-key', 'by', 4096)
    if (read?.ok !== true || read.value.by !== member || read.value.dao !== this.#options.view.ledger) return undefined
    return read.value.until > this.#now() ? read.value.recipient : undefined
  }

  /** The consent holds, and the new committee is one that it speaks of. */
  #consent(
    manifest: PoolManifest,
    { receipt: jws, salt }: Pick<SubShare, 'receipt' | 'salt'>,
    order: ReshareOrder,
  ): { ok: true; expires: number } | Refusal {
    const { view, withdrawals } = this.#options
    const value = view.policy(manifest.policy)
    const consent = checkConsent({
      jws,
      salt,
      dao: view.ledger,
      operator: view.operator,
      policy: value === undefined ? null : { cid: manifest.policy, value },
      manifest,
      tombstones: withdrawals.tombstones,
      now: this.#now(),
    })
    if (!consent.ok) return refusal(consent.code, consent.message)
    return this.#committeeFault(order, consent.policy) ?? { ok: true, expires: consent.receipt.expires }
  }

  /** People agreed to so many keyholders, and to these: an operator changes neither by an order. */
  #committeeFault({ to: { k, members } }: ReshareOrder, policy: ConsentPolicy): Refusal | undefined {
    if (k < policy.committee.k) return refusal('QUORUM_LOWERED', `the policy asks for ${policy.committee.k} keyholders together, not ${k}`)
    const named = (member: string) => isRecipient(policy, 'keyholder', member, this.#options.view.isSeated(member))
    if (!members.every(named)) return refusal('RECIPIENT_NOT_NAMED', 'the policy does not name every new member as a keyholder')
    return undefined
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }
}
