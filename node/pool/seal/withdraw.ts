/** Withdraws: signed tombstones of one contribution, said to every keyholder directly. As easy as consent, and there is nothing to ask anybody for. */
import { verifyObject } from '../../../core/envelope/index.ts'
import { codeOf } from '../../../core/errors/index.ts'
import { askAgain, type Mesh, withdrawProtocol } from '../../../core/mesh/index.ts'
import { shredState, type ShredState } from '../../../dao/custody/index.ts'
import { encode, peerFromDid, type ShredAck, shredAck, type Withdrawal } from '../../../schemas/wire/index.ts'

export interface WithdrawnState extends ShredState {
  acks: ShredAck[]
  /** Keyholders that noted it and hold nothing under it. */
  noted: string[]
  /** Code by keyholder that did not answer, or not so; say it again later, the tombstone stays the same. */
  faults: Map<string, string>
}

/** `withdrawals` from `signWithdrawal`, all of one contribution. May be repeated; a keyholder that shredded says so again. */
export async function withdrawContribution({
  mesh,
  withdrawals,
  dao,
  committee: { k, members },
  signal,
}: {
  mesh: Mesh
  withdrawals: readonly Withdrawal[]
  dao: string
  committee: { k: number; members: readonly string[] }
  signal?: AbortSignal
}): Promise<WithdrawnState> {
  const [acks, noted, faults]: [ShredAck[], string[], Map<string, string>] = [[], [], new Map()]
  const say = async (member: string, withdrawal: Withdrawal): Promise<ShredAck | undefined> => {
    const query = { withdrawal: encode(withdrawal) }
    const reply = await askAgain(mesh, peerFromDid(member), withdrawProtocol, query, { ...(signal && { signal }) })
    if (reply.status === 'noted') return undefined
    if (reply.status === 'refused') return void faults.set(member, reply.code)
    const read = verifyObject(shredAck, reply.ack, 'shred-ack', 'by', 1024)
    const fits = read.ok && read.value.by === member && read.value.dao === dao && read.value.manifest.equals(withdrawal.manifest)
    if (read.ok && fits) return read.value
    return void faults.set(member, 'OTHER_ACK')
  }
  const ask = async (member: string): Promise<void> => {
    const said: ShredAck[] = []
    for (const withdrawal of withdrawals) {
      const ack = await say(member, withdrawal)
      if (ack !== undefined) said.push(ack)
    }
    if (said[0] !== undefined) acks.push(said[0])
    else if (!faults.has(member)) noted.push(member)
  }
  await Promise.all(members.map((member) => ask(member).catch((thrown: unknown) => faults.set(member, codeOf(thrown)))))
  return { ...shredState({ k, n: members.length, shredded: acks.length }), acks, noted, faults }
}
