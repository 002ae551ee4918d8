/**
 * Ends a contribution: its withdrawals are signed and kept first, then said to every keyholder, to the DAO, which logs them, and to whoever hears
 * gossip. May be repeated until enough have deleted.
 */
import type { Clock } from '../../../core/effects/index.ts'
import { codeOf } from '../../../core/errors/index.ts'
import type { Signer } from '../../../core/identity/index.ts'
import { askAgain, type Mesh, withdrawalTopic, withdrawProtocol } from '../../../core/mesh/index.ts'
import type { Storage } from '../../../core/storage/index.ts'
import { readWithdrawal, receiptHash, signWithdrawal } from '../../../dao/consent/index.ts'
import { shredState, type ShredState } from '../../../dao/custody/index.ts'
import { encode, type Withdrawal } from '../../../schemas/wire/index.ts'
import { withdrawContribution } from '../seal/index.ts'
import type { PoolBook, PoolNote } from './pool-book.ts'

export interface WithdrawOffer {
  mesh: Mesh
  clock: Clock
  storage: Storage
  subject: Signer
  book: PoolBook
  note: PoolNote
  /** Peer id of the DAO, where it is reached. */
  dao: string | undefined
  signal?: AbortSignal
}

/** `shredded` counts those too that never held a part. */
export interface Withdrawn extends ShredState {
  of: number
  /** The DAO took every one of them, and will log them; or has nothing that they could end. */
  logged: boolean
  /** Code by keyholder, or `dao`, of what did not answer or not so. */
  faults: Record<string, string>
}

/** Tells everybody. What `endOffer` does is done first where it was not. */
export async function withdrawOffer(options: WithdrawOffer): Promise<Withdrawn> {
  const { mesh, book, note, storage, signal } = options
  const withdrawals = await endOffer(options)
  const { k, members } = note.committee
  const state = await withdrawContribution({
    mesh,
    withdrawals,
    dao: note.manifest.dao,
    committee: note.committee,
    ...(signal && { signal }),
  })
  const faults: Record<string, string> = Object.fromEntries(state.faults)
  const acks = new Map(note.shredded.map((one) => [one.by, one]))
  for (const ack of state.acks) acks.set(ack.by, { by: ack.by, ack: encode(ack) })
  // who acknowledged a part once and says nothing of it now has not deleted it, as far as we know
  const noted = note.depositedAt === null ? [...new Set([...note.noted, ...state.noted])].filter((one) => !acks.has(one)) : []
  const logged = note.logged || (await tellDao(options, faults))
  await book.update(note, { shredded: [...acks.values()], noted, logged })
  for (const withdrawal of note.withdrawals) await mesh.publish(withdrawalTopic(note.manifest.dao), { withdrawal }).catch(() => undefined)
  for (const space of [storage.private, storage.public]) {
    await space.unpin(note.cid)
    await space.gc()
  }
  return { ...shredState({ k, n: members.length, shredded: acks.size + noted.length }), of: members.length, logged, faults }
}

/**
 * Signs the withdrawals of a contribution and keeps them; gives those of before where it was done. What was signed stays signed: from here on nothing
 * of this contribution is offered any more, whoever answers. Nobody else is needed for it.
 */
export async function endOffer({
  clock,
  subject,
  book,
  note,
}: Pick<WithdrawOffer, 'clock' | 'subject' | 'book' | 'note'>): Promise<Withdrawal[]> {
  if (note.withdrawals.length === 0) {
    const at = Math.floor(clock.now() / 1000)
    const made = note.receipts.map((jws) =>
      signWithdrawal(
        { receipt: receiptHash(jws, note.salt), at, scope: 'all', ask: ['stop', 'erase', 'exclude-from-future-releases'] },
        subject,
      ),
    )
    await book.update(note, { withdrawals: made.map((one) => encode(one)), shares: [] })
    return made
  }
  return note.withdrawals.flatMap((bytes) => {
    const read = readWithdrawal(bytes)
    return read.ok ? [read.value] : []
  })
}

async function tellDao({ mesh, note, dao, signal }: WithdrawOffer, faults: Record<string, string>): Promise<boolean> {
  if (dao === undefined) {
    faults['dao'] = 'NOT_CONNECTED'
    return false
  }
  for (const withdrawal of note.withdrawals) {
    const reply = await askAgain(mesh, dao, withdrawProtocol, { withdrawal }, { ...(signal && { signal }) }).catch((error: unknown) => ({
      status: 'refused' as const,
      code: codeOf(error),
    }))
    if (reply.status !== 'refused') continue
    faults['dao'] = reply.code
    // nothing is committed to before all keyholders have their parts
    return reply.code === 'NOT_JOINED' && note.depositedAt === null
  }
  return true
}
