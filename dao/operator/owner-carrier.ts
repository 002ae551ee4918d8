/**
 * Carries key requests to owners under the veto: their nodes listen nowhere, and are connected here while they run. A request is signed, and its answer
 * sealed to whoever asked, so what is learnt in between is who asked whom for how many chunks, which the log says of scorers anyway.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { verifyObject } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type Mesh, ownerPartProtocol } from '../../core/mesh/index.ts'
import { keyRequest, peerFromDid } from '../../schemas/wire/index.ts'
import { isLive, type LedgerState } from '../ledger/index.ts'
import { requestFault } from '../pool-access/index.ts'

export interface OwnerCarrierOptions {
  mesh: Pick<Mesh, 'ask' | 'handle' | 'peers'>
  clock: Clock
  logger: Logger
  state: () => LedgerState
  /** Whether a peer may read sealed chunks: nobody else has a use for keys. */
  mayRead: (peer: string) => boolean
}

/** Carries until disposed. The owner judges the request; here it is only kept from strangers, and from going about for long. */
export function carryToOwners({ mesh, clock, logger, state, mayRead }: OwnerCarrierOptions): Disposable {
  const no = (code: string, message: string) => ({ status: 'refused' as const, code, message: message.slice(0, 512) })
  return mesh.handle(ownerPartProtocol, async ({ request: bytes, order }, { peer, signal }) => {
    const read = verifyObject(keyRequest, bytes, 'key-request', 'by')
    if (!read.ok) return no(read.code, read.message)
    const { by, manifest } = read.value
    if (peerFromDid(by) !== peer) return no('NOT_YOURS', 'a request is carried by its author')
    if (!mayRead(peer)) return no('NOT_NAMED', 'only validators and assemblers ask for keys')
    const fault = requestFault({ request: read.value, ledger: state().id, now: Math.floor(clock.now() / 1000) })
    if (fault !== undefined) return no(fault.code, fault.message)
    const one = state().contributions.get(manifest.toString())
    if (one === undefined || !isLive(one) || one.manifest.custody !== 'committee+owner')
      return no('UNKNOWN', 'no contribution under its owner’s veto')
    const owner = peerFromDid(one.contributor)
    if (!mesh.peers().includes(owner)) return no('OWNER_AWAY', 'the owner’s node is not connected')
    try {
      return await mesh.ask(owner, ownerPartProtocol, { request: bytes, order }, { signal })
    } catch (error) {
      logger.debug('owner-not-reached', { manifest: manifest.toString(), code: codeOf(error) })
      return no('OWNER_AWAY', 'the owner’s node does not answer')
    }
  })
}
