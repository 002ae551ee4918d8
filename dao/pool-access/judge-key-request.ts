/**
 * Whether keys of a contribution are given: who asks, for which chunks, what for, and whether the consent still says yes. Keyholders judge by it, and
 * the owner of a contribution under the veto. Pure.
 */
import { refusal, type Refusal, verifyObject } from '../../core/envelope/index.ts'
import {
  type ConsentPolicy,
  type KeyRequest,
  mailChunkOf,
  MAX_ORDER_BYTES,
  type PoolManifest,
  type Purpose,
  type ReleaseOrder,
  releaseOrder,
} from '../../schemas/wire/index.ts'
import { checkConsent, isRecipient, type Tombstones } from '../consent/index.ts'
import { sampledChunks } from '../rewards/index.ts'
import type { PoolView } from './view.ts'

/** How old a request may be, in seconds: its answer is sealed to whoever wrote it, so an old one is only a nuisance. */
const FRESH_SECONDS = 300

export type KeyView = Pick<PoolView, 'ledger' | 'operator' | 'policy' | 'isSeated' | 'beacon' | 'mayScore'>
export type OrderRead = { ok: true; value: ReleaseOrder } | Refusal

export interface KeyRequestFacts {
  request: KeyRequest
  /** What came with the request; null where nothing did. */
  order: OrderRead | null
  manifest: PoolManifest
  /** JWS of the newest receipt, and the salt of its contribution. */
  receipt: string
  salt: Uint8Array
  view: KeyView
  tombstones: Tombstones
  /** Unix seconds. */
  now: number
}

export type KeyVerdict = { ok: true } | Refusal

/** A release order as its author signed it, whoever that is; the codes of `verifyObject`. */
export function readOrderOf(bytes: Uint8Array | null): OrderRead | null {
  return bytes === null ? null : verifyObject(releaseOrder, bytes, 'release-order', 'by', MAX_ORDER_BYTES)
}

/** The order that a request reads for: the operator's own, beside an assembler's request. Whatever else is attached says nothing of where the data goes. */
export function orderThatCounts({ role }: Pick<KeyRequest, 'role'>, order: OrderRead | null, operator: string): ReleaseOrder | undefined {
  return role === 'assembler' && order?.ok === true && order.value.by === operator ? order.value : undefined
}

/** Before anything is looked up: a request is for this ledger, and of now (Unix seconds). */
export function requestFault({
  request,
  ledger,
  now,
}: {
  request: Pick<KeyRequest, 'dao' | 'at'>
  ledger: string
  now: number
}): Refusal | undefined {
  if (request.dao !== ledger) return refusal('OTHER_DAO', `shares here are for ${ledger}`)
  if (Math.abs(request.at - now) > FRESH_SECONDS) return refusal('STALE', 'the request is not of now; check the clock')
  return undefined
}

export function judgeKeyRequest(facts: KeyRequestFacts): KeyVerdict {
  const { request, manifest, view, now } = facts
  const policy = view.policy(manifest.policy)
  const consent = checkConsent({
    jws: facts.receipt,
    salt: facts.salt,
    dao: view.ledger,
    operator: view.operator,
    policy: policy === undefined ? null : { cid: manifest.policy, value: policy },
    manifest,
    tombstones: facts.tombstones,
    now,
    use: { role: request.role, purpose: request.purpose, by: request.by, seated: view.isSeated(request.by) },
  })
  if (!consent.ok) return refusal(consent.code, consent.message)
  const { indices } = request
  const last = request.role === 'scorer' ? mailChunkOf(manifest) : undefined
  const chunks = manifest.chunks.length + (last === undefined ? 0 : 1)
  if (indices.some((i, at) => i >= chunks || (at > 0 && i <= (indices[at - 1] as number))))
    return refusal('BAD_INDICES', 'indices ascend, each once, and name chunks that exist')
  if (request.role === 'scorer') return judgeScorer(facts)
  if (request.role === 'assembler') return judgeAssembler(facts, consent)
  return refusal('ROLE', `a ${request.role} gets no keys`)
}

function judgeScorer({ request, manifest, view }: KeyRequestFacts): KeyVerdict {
  if (request.purpose !== 'dpv:DataQualityAssessment') return refusal('ROLE_PURPOSE', 'a scorer asks for dpv:DataQualityAssessment')
  const beacon = view.beacon(request.epoch)
  if (beacon === undefined) return refusal('NO_BEACON', `epoch ${request.epoch} has no beacon that counts now`)
  if (!view.mayScore(request.by, request.epoch, request.manifest)) return refusal('NOT_DRAWN', 'not drawn to score this contribution')
  // the mail is nobody's draw: whoever tests the contribution looks at it
  const drawn = new Set<number | undefined>([...sampledChunks(beacon, request.manifest, manifest.chunks.length), mailChunkOf(manifest)])
  const outside = request.indices.filter((i) => !drawn.has(i))
  return outside.length === 0 ? { ok: true } : refusal('UNSAMPLED', `chunks ${outside.join(', ')} were not drawn`)
}

function judgeAssembler(
  { request, order, view, now }: KeyRequestFacts,
  { policy, purposes }: { policy: ConsentPolicy; purposes: readonly Purpose[] },
): KeyVerdict {
  if (order === null) return refusal('NO_ORDER', 'an assembler brings its release order')
  if (!order.ok) return order
  const fault = orderFault(order.value, request, view, now) ?? releaseFault(order.value, policy, purposes, view)
  return fault === undefined ? { ok: true } : refusal(fault, 'the release order does not cover this request')
}

function orderFault(order: ReleaseOrder, request: KeyRequest, view: KeyView, now: number): string | undefined {
  if (order.by !== view.operator || order.dao !== view.ledger) return 'ORDER_NOT_OURS'
  if (order.assembler !== request.by) return 'ORDER_OF_ANOTHER'
  if (now >= order.expires) return 'ORDER_EXPIRED'
  if (!order.manifests.some((one) => one.equals(request.manifest))) return 'ORDER_NOT_OF_THIS'
  return order.purposes.includes(request.purpose) ? undefined : 'ORDER_PURPOSE'
}

/** What is released goes to the order's trainer for all of the order's purposes, whatever this request says. */
function releaseFault(order: ReleaseOrder, policy: ConsentPolicy, consented: readonly Purpose[], view: KeyView): string | undefined {
  if (!isRecipient(policy, 'trainer', order.trainer, view.isSeated(order.trainer))) return 'TRAINER_NOT_NAMED'
  return order.purposes.every((one) => consented.includes(one)) ? undefined : 'ORDER_BEYOND_CONSENT'
}
