/** Brings a newer consent to every keyholder: the receipts alone, sealed to its key of the day. The shares stay where they are. */
import type { Clock } from '../../../core/effects/index.ts'
import { verifyObject } from '../../../core/envelope/index.ts'
import { codeOf } from '../../../core/errors/index.ts'
import { askAgain, depositProtocol, type Mesh } from '../../../core/mesh/index.ts'
import { receiptHash } from '../../../dao/consent/index.ts'
import { askForRecipient, sealToRecipients } from '../../../dao/custody/index.ts'
import { type CID, depositAck, encode, equalBytes, MAX_POOL_MANIFEST_BYTES, peerFromDid } from '../../../schemas/wire/index.ts'

export interface Renewing {
  mesh: Pick<Mesh, 'ask'>
  clock: Clock
  dao: string
  manifest: CID
  salt: Uint8Array
  /** JWS of every receipt of the contribution, the newest last. */
  receipts: readonly string[]
  /** Keyholders that are to hear it. */
  members: readonly string[]
  signal?: AbortSignal
}

export interface Renewed {
  /** Accounts that signed that they hold the newest. */
  held: string[]
  /** Code by keyholder of what went wrong; asking again asks the same. */
  faults: Map<string, string>
}

/** Asks all at once; may be repeated. */
export async function renewContribution(renewing: Renewing): Promise<Renewed> {
  const held: string[] = []
  const faults = new Map<string, string>()
  await Promise.all(
    renewing.members.map(async (member) => {
      const fault = await tell(renewing, member).catch((thrown: unknown) => codeOf(thrown))
      if (fault === undefined) held.push(member)
      else faults.set(member, fault)
    }),
  )
  return { held, faults }
}

/** Told first: nearly nobody lacks more. */
const FEW = 8
/** Fits a deposit, whatever is around it. */
const PART_BYTES = MAX_POOL_MANIFEST_BYTES

/** In order, as few as there can be. */
export function partsOf(receipts: readonly string[]): string[][] {
  const parts: string[][] = [[]]
  let room = PART_BYTES
  for (const jws of receipts) {
    if (jws.length > room) {
      parts.push([])
      room = PART_BYTES
    }
    parts.at(-1)?.push(jws)
    room -= jws.length
  }
  return parts
}

async function tell(renewing: Renewing, member: string): Promise<string | undefined> {
  const { mesh, clock, dao, manifest, salt, receipts, signal } = renewing
  const recipient = await askForRecipient(member, { mesh, clock, dao, signal })
  if (recipient === undefined) return 'BAD_DEPOSIT_KEY'
  const say = async (part: readonly string[]) => {
    const query = { sealed: await sealToRecipients(encode({ v: 1, manifest, receipts: part }), [recipient]) }
    return askAgain(mesh, peerFromDid(member), depositProtocol, query, { ...(signal && { signal }) })
  }
  let reply = await say(receipts.slice(-FEW))
  // it was away for longer: from the first, in one part where all fit, because of each part the last has to hold now; parts that it knows it takes for superseded
  if (reply.status === 'refused' && reply.code === 'NOT_A_RENEWAL')
    for (const part of partsOf(receipts)) {
      reply = await say(part)
      if (reply.status === 'refused' && reply.code !== 'SUPERSEDED') return reply.code
    }
  if (reply.status === 'refused') return reply.code
  const read = verifyObject(depositAck, reply.ack, 'deposit-ack', 'by', 1024)
  if (!read.ok) return read.code
  const { by, manifest: named, receipt, dao: ledger } = read.value
  const newest = receiptHash(receipts.at(-1) as string, salt)
  return by === member && ledger === dao && named.equals(manifest) && equalBytes(receipt, newest) ? undefined : 'OTHER_ACK'
}
