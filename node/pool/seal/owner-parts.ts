/** The owner's veto (`committee+owner`): its node gives its part of each key or does not, and is the last to be asked. No part, no key. */
import { verifyObject } from '../../../core/envelope/index.ts'
import { keyreqProtocol, type Mesh } from '../../../core/mesh/index.ts'
import { ownerPart, poolContext, sealToRecipients } from '../../../dao/custody/index.ts'
import { encode, type KeyRequest, keyRequest, peerFromDid } from '../../../schemas/wire/index.ts'
import { ownerKey, type Sealed } from './seal-contribution.ts'

export interface OwnerParts {
  mesh: Mesh
  rootSeed: Uint8Array
  contribution: Pick<Sealed, 'cid' | 'salt' | 'commitments'>
  /** The owner's word on one request, whose author the transport has shown. */
  mayOpen: (request: KeyRequest) => boolean | Promise<boolean>
}

/** Answers `keyreq` for one contribution of ours; dispose to say no to everybody. */
export function serveOwnerParts({ mesh, rootSeed, contribution: { cid, salt, commitments }, mayOpen }: OwnerParts): Disposable {
  const key = ownerKey(rootSeed, salt)
  const context = poolContext(commitments[0] as Uint8Array, salt)
  const no = (code: string, message: string) => ({ status: 'refused' as const, code, message })
  return mesh.handle(keyreqProtocol, async ({ request: bytes }, { peer }) => {
    const read = verifyObject(keyRequest, bytes, 'key-request', 'by')
    if (!read.ok) return no(read.code, read.message)
    const request = read.value
    if (peerFromDid(request.by) !== peer) return no('NOT_YOURS', 'a request is carried by its author')
    if (!request.manifest.equals(cid)) return no('UNKNOWN', 'not a contribution of this node')
    if (!(await mayOpen(request))) return no('VETO', 'the owner says no')
    const parts = request.indices.map((i) => ownerPart(key, context, i))
    return { status: 'ok' as const, sealed: await sealToRecipients(encode({ v: 1, manifest: cid, parts }), [request.reply]) }
  })
}
