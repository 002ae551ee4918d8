/** Hands a keyholder its share of the pool's key, sealed to its key of the day: what the operator does with each share it dealt. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { askAgain, poolKeyProtocol } from '../../core/mesh/index.ts'
import { cborCid, encode, peerFromDid, type PoolKey, poolKeyAck } from '../../schemas/wire/index.ts'
import { sealToRecipients } from './age.ts'
import { type AskForRecipient, askForRecipient } from './deposit-recipient.ts'

export interface HandPoolShare extends Omit<AskForRecipient, 'dao'> {
  /** The operator. */
  signer: Signer
  key: PoolKey
  /** Seat, from 1. */
  x: number
  share: Uint8Array
}

/** Undefined once its keyholder signed that it holds it, else why not; may be repeated. Throws what `Mesh.ask` throws. */
export async function handPoolShare({ signer, key, x, share, ...asking }: HandPoolShare): Promise<string | undefined> {
  const member = key.members[x - 1] as string
  const recipient = await askForRecipient(member, { ...asking, dao: key.dao })
  if (recipient === undefined) return 'BAD_DEPOSIT_KEY'
  const named = cborCid(encode(key))
  const at = Math.floor(asking.clock.now() / 1000)
  const part = signObject('pool-key-part', { v: 1, dao: key.dao, key: named, x, share, by: signer.did, at }, signer)
  const sealed = await sealToRecipients(encode(part), [recipient])
  const { mesh, signal } = asking
  const reply = await askAgain(mesh, peerFromDid(member), poolKeyProtocol, { sealed }, { ...(signal && { signal }) })
  if (reply.status === 'refused') return reply.code
  const read = verifyObject(poolKeyAck, reply.ack, 'pool-key-ack', 'by', 1024)
  if (!read.ok) return read.code
  const { by, dao, key: acked, x: seat } = read.value
  return by === member && dao === key.dao && acked.equals(named) && seat === x ? undefined : 'OTHER_ACK'
}
