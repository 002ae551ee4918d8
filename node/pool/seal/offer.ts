/** Offers a sealed contribution: every keyholder gets its part, sealed to its key of the day, and signs that it holds it. */
import type { Clock } from '../../../core/effects/index.ts'
import { verifyObject } from '../../../core/envelope/index.ts'
import { codeOf } from '../../../core/errors/index.ts'
import { askAgain, depositProtocol, type Mesh } from '../../../core/mesh/index.ts'
import { receiptHash } from '../../../dao/consent/index.ts'
import { askForRecipient, sealToRecipients } from '../../../dao/custody/index.ts'
import { custodyHealth, type CustodyHealth } from '../../../dao/ledger/index.ts'
import { type DepositAck, depositAck, encode, equalBytes, peerFromDid } from '../../../schemas/wire/index.ts'
import type { Sealed } from './seal-contribution.ts'

export interface Offer {
  mesh: Mesh
  clock: Clock
  sealed: Omit<Sealed, 'blocks' | 'index' | 'counts'> & Partial<Pick<Sealed, 'counts'>>
  /** The JWS of the consent receipt for this manifest. */
  receipt: string
  committee: { k: number; members: readonly string[] }
  signal?: AbortSignal
}

export interface Offered {
  /** True when all keyholders hold their part: only then is the contribution offered. */
  complete: boolean
  acks: DepositAck[]
  /** Code of what went wrong, by keyholder; offering again asks those that lack theirs, and the others say the same as before. */
  faults: Map<string, string>
  health: CustodyHealth
}

/** Asks all keyholders at once; may be repeated with the same `sealed` until it is complete. */
export async function offerContribution(offer: Offer): Promise<Offered> {
  const faults = new Map<string, string>()
  const acks: DepositAck[] = []
  const { k, members } = offer.committee
  await Promise.all(
    members.map(async (member, i) => {
      const ack = await deposit(offer, member, i + 1).catch((thrown: unknown) => codeOf(thrown))
      if (typeof ack === 'string') faults.set(member, ack)
      else acks.push(ack)
    }),
  )
  return { complete: acks.length === members.length, acks, faults, health: custodyHealth({ k, live: acks.length }) }
}

async function deposit(offer: Offer, member: string, x: number): Promise<DepositAck | string> {
  const { mesh, clock, sealed, receipt, signal } = offer
  const peer = peerFromDid(member)
  const recipient = await askForRecipient(member, { mesh, clock, dao: sealed.manifest.dao, signal })
  if (recipient === undefined) return 'BAD_DEPOSIT_KEY'
  const { salt, shares, commitments, manifest } = sealed
  const counts = sealed.counts?.[x - 1]
  const share = shares[x - 1] as Uint8Array
  const part = { v: 1, manifest: encode(manifest), receipt, salt, x, share, commitments, ...(counts && { counts }) }
  const reply = await askAgain(
    mesh,
    peer,
    depositProtocol,
    { sealed: await sealToRecipients(encode(part), [recipient]) },
    { ...(signal && { signal }) },
  )
  if (reply.status === 'refused') return reply.code
  const read = verifyObject(depositAck, reply.ack, 'deposit-ack', 'by', 1024)
  if (!read.ok) return read.code
  const ack = read.value
  const fits =
    ack.by === member && ack.manifest.equals(sealed.cid) && ack.dao === manifest.dao && equalBytes(ack.receipt, receiptHash(receipt, salt))
  return fits ? ack : 'OTHER_ACK'
}
