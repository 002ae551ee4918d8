/** Answers key requests: judged, written down, and sealed to whoever asked. */
import type { Clock } from '../../core/effects/index.ts'
import { refusal, type Refusal, verifyObject } from '../../core/envelope/index.ts'
import { partialKeys, sealToRecipients } from '../../dao/custody/index.ts'
import { judgeKeyRequest, type PoolView, orderThatCounts, readOrderOf, requestFault } from '../../dao/pool-access/index.ts'
import { encode, keyRequest, peerFromDid } from '../../schemas/wire/index.ts'
import type { AccessLog } from './access-log.ts'
import type { PaperBox } from './papers.ts'
import type { ShareTable } from './share-table.ts'
import type { Withdrawals } from './withdrawals.ts'

export interface KeyDeskOptions {
  clock: Clock
  view: PoolView
  table: ShareTable
  papers: PaperBox
  access: AccessLog
  withdrawals: Withdrawals
}

/** `bytes` a signed keyRequest, `order` a releaseOrder or null, `peer` who carries it. Gives the age file of a keyAnswer. */
export async function answerKeyRequest(
  { clock, view, table, papers, access, withdrawals }: KeyDeskOptions,
  { bytes, order: orderBytes, peer }: { bytes: Uint8Array; order: Uint8Array | null; peer: string },
): Promise<{ ok: true; sealed: Uint8Array } | Refusal> {
  const read = verifyObject(keyRequest, bytes, 'key-request', 'by')
  if (!read.ok) return read
  const request = read.value
  const now = Math.floor(clock.now() / 1000)
  if (peerFromDid(request.by) !== peer) return refusal('NOT_YOURS', 'a request is carried by its author')
  const fault = requestFault({ request, ledger: view.ledger, now })
  if (fault !== undefined) return fault
  const row = table.get(request.manifest)
  // shares are looked up by digest: a line under another CID of the same digest would break the log for its reader
  if (row === undefined || !row.current || !row.manifest.equals(request.manifest))
    return refusal('UNKNOWN', 'no share of this contribution is held here')
  const held = await papers.get(row.manifest, row.paperKey)
  const order = readOrderOf(orderBytes)
  const judge = (at: number): ReturnType<typeof judgeKeyRequest> =>
    judgeKeyRequest({ request, order, ...held, salt: row.salt, view, tombstones: withdrawals.tombstones, now: at })
  const verdict = judge(now)
  // strangers could fill a disk with refusals; whoever has a name in the ledger is written down
  if (verdict.ok || view.isSeated(request.by) || request.by === view.operator) {
    const { by, role, purpose, epoch, indices } = request
    const trainer = orderThatCounts(request, order, view.operator)?.trainer ?? null
    await access.append({
      manifest: row.manifest,
      at: now,
      by,
      role,
      purpose,
      epoch,
      indices,
      trainer,
      outcome: verdict.ok ? 'ok' : verdict.code,
    })
  }
  if (!verdict.ok) return verdict
  // judged once more: reading and writing took their time, and a withdrawal wins, of a purpose too
  const still = table.get(request.manifest)
  if (still === undefined || !still.current) return refusal('WITHDRAWN', 'the consent was withdrawn')
  const again = judge(Math.floor(clock.now() / 1000))
  if (!again.ok) return again
  const { x, generation, commitments, share } = still.held
  const { salt, dealt } = still
  const partials = partialKeys({ x, generation, share, salt, dealt, commitments }, request.indices)
  const answer = { v: 1, manifest: still.manifest, x, generation, salt, dealt, commitments, ...partials, expires: still.expires }
  return { ok: true, sealed: await sealToRecipients(encode(answer), [request.reply]) }
}
