/** Who asked a keyholder for chunks of our contribution: the whole log, checked to be one chain that ends where the keyholder signed. */
import type { Clock } from '../../../core/effects/index.ts'
import { signObject, verifyObject } from '../../../core/envelope/index.ts'
import { ProofError, RefusedError } from '../../../core/errors/index.ts'
import type { Signer } from '../../../core/identity/index.ts'
import { accessLogProtocol, type Mesh } from '../../../core/mesh/index.ts'
import { isAccessChain } from '../../../dao/custody/index.ts'
import {
  type AccessHead,
  accessHead,
  type AccessLine,
  accessLine,
  type CID,
  encode,
  parse,
  peerFromDid,
} from '../../../schemas/wire/index.ts'

/** Throws RefusedError ACCESS_LOG_REFUSED, ProofError ACCESS_LOG_BROKEN (the head is in its detail: the keyholder signed it). */
export async function readAccessLog({
  mesh,
  clock,
  subject,
  keyholder,
  dao,
  manifest,
}: {
  mesh: Mesh
  clock: Clock
  subject: Signer
  keyholder: string
  dao: string
  manifest: CID
}): Promise<{ lines: AccessLine[]; head: AccessHead }> {
  const lines: Uint8Array[] = []
  for (;;) {
    const at = Math.floor(clock.now() / 1000)
    const request = signObject('access-request', { v: 1, dao, manifest, from: lines.length, by: subject.did, at }, subject)
    const reply = await mesh.ask(peerFromDid(keyholder), accessLogProtocol, { request: encode(request) })
    if (reply.status === 'refused')
      throw new RefusedError('ACCESS_LOG_REFUSED', `${keyholder}: ${reply.message}`, { detail: { code: reply.code } })
    lines.push(...reply.lines)
    const read = verifyObject(accessHead, reply.head, 'access-head', 'by', 1024)
    const head = read.ok && read.value.by === keyholder && read.value.manifest.equals(manifest) ? read.value : undefined
    if (head !== undefined && lines.length < head.lines && reply.lines.length > 0) continue
    if (head === undefined || !isAccessChain(lines, manifest, head))
      throw new ProofError('ACCESS_LOG_BROKEN', `the access log of ${keyholder} is no chain that ends where it says`, {
        detail: { head: reply.head },
      })
    return { lines: lines.map((line) => parse(accessLine, line, 2048)), head }
  }
}
