/** "Am I in this release?": asked of the operator by a subject, answered to it alone. */
import type { Clock } from '../../core/effects/index.ts'
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { ProofError, RefusedError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { inclusionProtocol, type Mesh } from '../../core/mesh/index.ts'
import {
  type CID,
  encode,
  inclusionRequest,
  parse,
  type PoolInclusion,
  poolInclusion,
  type PoolReleaseSecret,
} from '../../schemas/wire/index.ts'
import type { NamedRelease } from './manifest.ts'
import { isMember, proveMembership } from './membership.ts'

/** How far a request's time may be from ours, in seconds. */
const LATEST_SECONDS = 300

export interface InclusionDesk {
  mesh: Pick<Mesh, 'handle'>
  clock: Clock
  dao: string
  /** What is kept of a release; undefined where there is none of that name. */
  secretOf: (release: CID) => Promise<PoolReleaseSecret | undefined>
}

/** A request says who asks and nothing of whom: there is no way to ask for somebody else. */
export function serveInclusion({ mesh, clock, dao, secretOf }: InclusionDesk): Disposable {
  return mesh.handle(inclusionProtocol, async ({ request }) => {
    const read = verifyObject(inclusionRequest, request, 'inclusion-request', 'by', 1024)
    if (!read.ok) return { status: 'refused' as const, code: read.code, message: read.message }
    const { value } = read
    const refused = (code: string, message: string) => ({ status: 'refused' as const, code, message })
    if (value.dao !== dao) return refused('OTHER_DAO', 'a request to another DAO')
    if (Math.abs(clock.now() / 1000 - value.at) > LATEST_SECONDS) return refused('STALE', 'the request is too old; check the clock')
    const kept = await secretOf(value.release)
    if (kept === undefined) return refused('NO_RELEASE', 'no such release is known here')
    const member = kept.members.find(({ subject }) => subject === value.by)
    if (member === undefined) return { status: 'absent' as const }
    const proof = await proveMembership(
      { secret: kept.secret, release: kept.release, manifests: kept.members.map(({ manifest }) => manifest) },
      member.manifest,
    )
    return proof === undefined ? { status: 'absent' as const } : { status: 'in' as const, proof: encode(proof) }
  })
}

/**
 * The proof that the subject's contribution is in a release; undefined where the operator says that it is not (which proves nothing). Throws
 * RefusedError with the operator's code, ProofError NOT_INCLUDED for a proof that does not hold.
 */
export async function askInclusion(
  { mesh, clock, operator }: { mesh: Pick<Mesh, 'ask'>; clock: Clock; operator: string },
  release: NamedRelease,
  { subject, isOwn }: { subject: Signer; isOwn: (manifest: CID) => boolean },
): Promise<PoolInclusion | undefined> {
  const at = Math.floor(clock.now() / 1000)
  const request = encode(
    signObject('inclusion-request', { v: 1, dao: release.value.dao, release: release.cid, by: subject.did, at }, subject),
  )
  const reply = await mesh.ask(operator, inclusionProtocol, { request })
  if (reply.status === 'refused') throw new RefusedError(reply.code, reply.message)
  if (reply.status === 'absent') return undefined
  const proof = parse(poolInclusion, reply.proof, 4096)
  if (!isOwn(proof.manifest)) throw new ProofError('NOT_YOURS', 'the proof is about a contribution of somebody else')
  if (!isMember(proof, release))
    throw new ProofError('NOT_INCLUDED', 'the proof does not lead to the root in the manifest', { detail: { proof } })
  return proof
}
