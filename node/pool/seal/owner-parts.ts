/** The owner's veto (`committee+owner`): its node gives its part of each key or does not, and is the last to be asked. No part, no key. */
import { verifyObject } from '../../../core/envelope/index.ts'
import { keyreqProtocol, type Mesh } from '../../../core/mesh/index.ts'
import { ownerPart, poolContext, sealToRecipients } from '../../../dao/custody/index.ts'
import { encode, type KeyRequest, keyRequest, peerFromDid } from '../../../schemas/wire/index.ts'
import { ownerKey, type Sealed } from './seal-contribution.ts'

export interface OwnerParts {
  mesh: Mesh
  rootSeed: Uint8Array
  /** Those of ours that are under the veto. */
  contributions: () => readonly Pick<Sealed, 'cid' | 'salt' | 'commitments'>[]
  /** The owner's word on one request, whose author the transport has shown. */
  mayOpen: (request: KeyRequest) => boolean | Promise<boolean>
}

/** Answers `keyreq` for contributions of ours; dispose to say no to everybody. */
export function serveOwnerParts({ mesh, rootSeed, contributions, mayOpen }: OwnerParts): Disposable {
  const no = (code: string, message: string) => ({ status: 'refused' as const, code, message })
  return mesh.handle(keyreqProtocol, async ({ request: bytes }, { peer }) => {
    const read = verifyObject(keyRequest, bytes, 'key-request', 'by')
    if (!read.ok) return no(read.code, read.message)
    const request = read.value
    if (peerFromDid(request.by) !== peer) return no('NOT_YOURS', 'a request is carried by its author')
    const ours = contributions().find(({ cid }) => cid.equals(request.manifest))
    if (ours === undefined) return no('UNKNOWN', 'not a contribution of this node')
    if (!(await mayOpen(request))) return no('VETO', 'the owner says no')
    const { cid, salt, commitments } = ours
    const key = ownerKey(rootSeed, salt)
    const context = poolContext(commitments[0] as Uint8Array, salt)
    const parts = request.indices.map((i) => ownerPart(key, context, i))
    return { status: 'ok' as const, sealed: await sealToRecipients(encode({ v: 1, manifest: cid, parts }), [request.reply]) }
  })
}
