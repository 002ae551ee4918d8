/**
 * The owner's veto (`committee+owner`): its node gives its part of each chunk key or does not, and without it nothing opens. A request is judged as
 * keyholders judge it, by the owner's own copies; then the owner may say no all the same.
 */
import type { Clock } from '../../../core/effects/index.ts'
import { refusal, type Refusal, verifyObject } from '../../../core/envelope/index.ts'
import { type Mesh, ownerPartProtocol } from '../../../core/mesh/index.ts'
import { readWithdrawal, Tombstones } from '../../../dao/consent/index.ts'
import { ownerPart, poolContext, sealToRecipients } from '../../../dao/custody/index.ts'
import { judgeKeyRequest, type KeyView, orderThatCounts, readOrderOf, requestFault } from '../../../dao/pool-access/index.ts'
import {
  encode,
  type KeyRequest,
  keyRequest,
  mailChunkOf,
  peerFromDid,
  type ReleaseOrder,
  type Withdrawal,
} from '../../../schemas/wire/index.ts'
import { ownerKey } from '../seal/index.ts'
import type { PoolNote } from './pool-book.ts'
import { hasEnded } from './withdrawn.ts'

/** A request that the consent covers; `order`: of a release, whole, with its bytes. */
export interface OwnerAsked {
  request: KeyRequest
  /** Whether the mail is among the chunks it asks for. */
  mail: boolean
  order: { value: ReleaseOrder; bytes: Uint8Array } | null
}

/** `unanswered`: nobody said anything in time. */
export type OwnersWord = 'yes' | 'no' | 'unanswered'

export interface OwnersVeto {
  rootSeed: Uint8Array
  /** The owner's word on a request that its consent covers. */
  mayOpen: (asked: OwnerAsked) => OwnersWord | Promise<OwnersWord>
  /** Every signed request for a contribution of ours, and `ok` or why not. */
  onAnswer?: (asked: OwnerAsked, outcome: string) => void
}

export interface OwnerDeskOptions extends OwnersVeto {
  mesh: Pick<Mesh, 'handle'>
  clock: Clock
  view: KeyView
  /** Peer id of the DAO, which carries requests besides those who make them. */
  carrier: string
  /** What the log has of this subject's withdrawals: its seed may have withdrawn from another home. */
  logged: (subject: string) => readonly Pick<Withdrawal, 'manifest' | 'subject' | 'scope'>[]
  contributions: () => readonly Pick<PoolNote, 'cid' | 'manifest' | 'salt' | 'commitments' | 'receipts' | 'withdrawals'>[]
}

type Answer = { ok: true; sealed: Uint8Array } | Refusal

/** Answers for contributions of ours that are under the veto; dispose to say no to everybody. */
export function serveOwnerDesk(options: OwnerDeskOptions): Disposable {
  return options.mesh.handle(ownerPartProtocol, async ({ request, order }, { peer }) => {
    const answer = await answerOwner(options, { bytes: request, order, peer })
    return answer.ok
      ? { status: 'ok' as const, sealed: answer.sealed }
      : { status: 'refused' as const, code: answer.code.slice(0, 64), message: answer.message.slice(0, 512) }
  })
}

async function answerOwner(
  { clock, view, carrier, logged, contributions, rootSeed, mayOpen, onAnswer }: OwnerDeskOptions,
  { bytes, order: orderBytes, peer }: { bytes: Uint8Array; order: Uint8Array | null; peer: string },
): Promise<Answer> {
  const read = verifyObject(keyRequest, bytes, 'key-request', 'by')
  if (!read.ok) return read
  const request = read.value
  if (peer !== carrier && peer !== peerFromDid(request.by)) return refusal('NOT_YOURS', 'a request is carried by its author, or by the DAO')
  const now = (): number => Math.floor(clock.now() / 1000)
  const fault = requestFault({ request, ledger: view.ledger, now: now() })
  if (fault !== undefined) return fault
  const ours = () => contributions().find((one) => one.cid.equals(request.manifest))
  const order = readOrderOf(orderBytes)
  const ordered = orderThatCounts(request, order, view.operator)
  const wanted = ours()
  const mail = wanted !== undefined && request.indices.includes(mailChunkOf(wanted.manifest) ?? -1)
  const asked: OwnerAsked = {
    request,
    mail,
    order: ordered !== undefined && orderBytes !== null ? { value: ordered, bytes: orderBytes } : null,
  }
  /** Undefined where the consent covers it: what was withdrawn meanwhile counts. */
  const faultNow = (): Refusal | undefined => {
    const one = ours()
    const receipt = one?.receipts.at(-1)
    if (one === undefined || one.manifest.custody !== 'committee+owner' || one.salt === null || receipt === undefined || hasEnded(one))
      return refusal('UNKNOWN', 'no contribution of this node is under the veto by that name')
    const { manifest, salt } = one
    const tombstones = tombstonesOf(one.withdrawals)
    for (const known of logged(manifest.subject)) tombstones.add(known)
    const verdict = judgeKeyRequest({ request, order, manifest, receipt, salt, view, tombstones, now: now() })
    return verdict.ok ? undefined : verdict
  }
  const done = <T extends Answer>(answer: T): T => {
    if (ours() !== undefined) onAnswer?.(asked, answer.ok ? 'ok' : answer.code)
    return answer
  }
  const first = faultNow()
  if (first !== undefined) return done(first)
  const word = await mayOpen(asked)
  if (word !== 'yes')
    return done(word === 'no' ? refusal('VETO', 'the owner says no') : refusal('NOT_ANSWERED', 'the owner did not answer in time'))
  // a person takes its time: judged once more
  const second = faultNow()
  const one = ours()
  if (second !== undefined || one === undefined || one.salt === null) return done(second ?? refusal('UNKNOWN', 'it ended meanwhile'))
  const context = poolContext(one.commitments[0] as Uint8Array, one.salt)
  const key = ownerKey(rootSeed, one.salt)
  const parts = request.indices.map((i) => ownerPart(key, context, i))
  const sealed = await sealToRecipients(encode({ v: 1, manifest: one.cid, parts }), [request.reply])
  return done({ ok: true as const, sealed })
}

function tombstonesOf(withdrawals: readonly Uint8Array[]): Tombstones {
  const set = new Tombstones()
  for (const bytes of withdrawals) {
    const read = readWithdrawal(bytes)
    if (read.ok) set.add(read.value)
  }
  return set
}
