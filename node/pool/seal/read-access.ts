/** Who asked a keyholder for chunks of our contribution: the log, checked page by page to be one chain that ends where the keyholder signed. */
import type { Clock } from '../../../core/effects/index.ts'
import { signObject, verifyObject } from '../../../core/envelope/index.ts'
import { ProofError, RefusedError } from '../../../core/errors/index.ts'
import type { Signer } from '../../../core/identity/index.ts'
import { accessLogProtocol, type Mesh } from '../../../core/mesh/index.ts'
import { type AccessState, EMPTY_ACCESS, followAccess } from '../../../dao/custody/index.ts'
import {
  type AccessHead,
  accessHead,
  type AccessLine,
  accessLine,
  type CID,
  encode,
  equalBytes,
  parse,
  peerFromDid,
} from '../../../schemas/wire/index.ts'

export interface ReadAccess {
  mesh: Mesh
  clock: Clock
  subject: Signer
  keyholder: string
  dao: string
  manifest: CID
  /** Where an earlier reading ended: only what came since is read. */
  after?: AccessState
  /** Lines that are read at most; a keyholder may not fill our memory. */
  most?: number
}

/** `read` is where this reading ended, checked line by line: the next may go on from there. It is the head unless there were more than `most`. */
export interface AccessRead {
  lines: AccessLine[]
  head: AccessHead
  read: AccessState
}

const MOST_LINES = 16_384

/** Throws RefusedError ACCESS_LOG_REFUSED, ProofError ACCESS_LOG_BROKEN (the head is in its detail: the keyholder signed it). */
export async function readAccessLog(ask: ReadAccess): Promise<AccessRead> {
  const { after = EMPTY_ACCESS, most = MOST_LINES, keyholder, manifest } = ask
  const lines: AccessLine[] = []
  let read = after
  for (;;) {
    const { page, signed } = await pageOf(ask, read.lines)
    const broken = new ProofError('ACCESS_LOG_BROKEN', `the access log of ${keyholder} is no chain that ends where it says`, {
      detail: { head: signed },
    })
    const verdict = verifyObject(accessHead, signed, 'access-head', 'by', 1024)
    if (!verdict.ok || verdict.value.by !== keyholder || !verdict.value.manifest.equals(manifest)) throw broken
    const head = verdict.value
    const next = followAccess(read, page, manifest)
    if (next === undefined || next.lines > head.lines) throw broken
    read = next
    lines.push(...page.map((line) => parse(accessLine, line, 2048)))
    if (read.lines === head.lines) {
      if (!equalBytes(read.head, head.head)) throw broken
      return { lines, head, read }
    }
    if (page.length === 0) throw broken
    if (lines.length >= most) return { lines, head, read }
  }
}

async function pageOf({ mesh, clock, subject, keyholder, dao, manifest }: ReadAccess, from: number) {
  const at = Math.floor(clock.now() / 1000)
  const request = signObject('access-request', { v: 1, dao, manifest, from, by: subject.did, at }, subject)
  const reply = await mesh.ask(peerFromDid(keyholder), accessLogProtocol, { request: encode(request) })
  if (reply.status === 'refused')
    throw new RefusedError('ACCESS_LOG_REFUSED', `${keyholder}: ${reply.message}`, { detail: { code: reply.code } })
  return { page: reply.lines, signed: reply.head }
}
