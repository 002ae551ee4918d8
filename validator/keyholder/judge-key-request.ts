/** Whether partials are given: who asks, for which chunks, what for, and whether the consent still says yes. Pure. */
import { checkConsent, isRecipient, type Tombstones } from '../../dao/consent/index.ts'
import { sampledChunks } from '../../dao/custody/index.ts'
import { verifyObject } from '../../core/envelope/index.ts'
import {
  type ConsentPolicy,
  type KeyRequest,
  MAX_ORDER_BYTES,
  peerFromDid,
  type Purpose,
  type ReleaseOrder,
  releaseOrder,
} from '../../schemas/wire/index.ts'
import { type Refused, refused } from './judge-deposit.ts'
import type { Papers } from './papers.ts'
import type { PoolView } from './view.ts'

/** How old a request may be, in seconds: its answer is sealed to whoever wrote it, so an old one is only a nuisance. */
const FRESH_SECONDS = 300

export interface RequestFacts {
  request: KeyRequest
  order: Uint8Array | null
  /** Peer id of the caller, authenticated by the transport. */
  peer: string
  papers: Papers
  salt: Uint8Array
  /** Hashes of the receipt in the papers and of those it renewed. */
  receipts: readonly Uint8Array[]
  view: PoolView
  tombstones: Tombstones
  now: number
}

/** Before anything is looked up: the request is fresh, for this ledger, and its author's own. */
export function requestFault({ request, peer, view, now }: Pick<RequestFacts, 'request' | 'peer' | 'view' | 'now'>): Refused | undefined {
  if (request.dao !== view.ledger) return refused('OTHER_DAO', `we hold shares for ${view.ledger}`)
  if (peerFromDid(request.by) !== peer) return refused('NOT_YOURS', 'a request is carried by its author')
  if (Math.abs(request.at - now) > FRESH_SECONDS) return refused('STALE', 'the request is not of now; check the clock')
  return undefined
}

export function judgeKeyRequest(facts: RequestFacts): { ok: true } | Refused {
  const { request, papers, view, now } = facts
  const { manifest } = papers
  const policy = view.policy(manifest.policy)
  const consent = checkConsent({
    jws: papers.receipt,
    salt: facts.salt,
    dao: view.ledger,
    operator: view.operator,
    policy: policy === undefined ? null : { cid: manifest.policy, value: policy },
    manifest,
    before: facts.receipts,
    tombstones: facts.tombstones,
    now,
    use: { role: request.role, purpose: request.purpose, by: request.by, seated: view.isSeated(request.by) },
  })
  const fault = consent.ok ? undefined : consent.problems[0]
  if (!consent.ok || policy === undefined) return refused(fault?.code ?? 'NO_POLICY', fault?.message ?? 'no policy')
  const { indices } = request
  if (indices.some((i, at) => i >= manifest.chunks.length || (at > 0 && i <= (indices[at - 1] as number))))
    return refused('BAD_INDICES', 'indices ascend, each once, and name chunks that exist')
  if (request.role === 'scorer') return judgeScorer(facts)
  if (request.role === 'assembler') return judgeAssembler(facts, policy, consent.purposes)
  return refused('ROLE', `a ${request.role} gets no keys`)
}

function judgeScorer({ request, papers, view }: RequestFacts): { ok: true } | Refused {
  if (request.purpose !== 'dpv:DataQualityAssessment') return refused('ROLE_PURPOSE', 'a scorer asks for dpv:DataQualityAssessment')
  const beacon = view.beacon(request.epoch)
  if (beacon === undefined) return refused('NO_BEACON', `epoch ${request.epoch} has no beacon that counts now`)
  if (!view.mayScore(request.by, request.epoch, request.manifest)) return refused('NOT_DRAWN', 'not drawn to score this contribution')
  const drawn = new Set(sampledChunks(beacon, request.manifest, papers.manifest.chunks.length))
  const outside = request.indices.filter((i) => !drawn.has(i))
  return outside.length === 0 ? { ok: true } : refused('UNSAMPLED', `chunks ${outside.join(', ')} were not drawn`)
}

function judgeAssembler(
  { request, order, view, now }: RequestFacts,
  policy: ConsentPolicy,
  consented: readonly Purpose[],
): { ok: true } | Refused {
  if (order === null) return refused('NO_ORDER', 'an assembler brings its release order')
  const read = verifyObject(releaseOrder, order, 'release-order', 'by', MAX_ORDER_BYTES)
  if (!read.ok) return refused(read.code, read.message)
  const fault = orderFault(read.value, request, view, now) ?? releaseFault(read.value, policy, consented, view)
  return fault === undefined ? { ok: true } : refused(fault, 'the release order does not cover this request')
}

function orderFault(order: ReleaseOrder, request: KeyRequest, view: PoolView, now: number): string | undefined {
  if (order.by !== view.operator || order.dao !== view.ledger) return 'ORDER_NOT_OURS'
  if (order.assembler !== request.by) return 'ORDER_OF_ANOTHER'
  if (now >= order.expires) return 'ORDER_EXPIRED'
  if (!order.manifests.some((one) => one.equals(request.manifest))) return 'ORDER_NOT_OF_THIS'
  return order.purposes.includes(request.purpose) ? undefined : 'ORDER_PURPOSE'
}

/** What is released goes to the order's trainer for all of the order's purposes, whatever this request says. */
function releaseFault(order: ReleaseOrder, policy: ConsentPolicy, consented: readonly Purpose[], view: PoolView): string | undefined {
  if (!isRecipient(policy, 'trainer', order.trainer, view.isSeated(order.trainer))) return 'TRAINER_NOT_NAMED'
  return order.purposes.every((one) => consented.includes(one)) ? undefined : 'ORDER_BEYOND_CONSENT'
}
