/**
 * Ends a contribution, or some of its purposes: its withdrawals are signed and kept first, then said to every keyholder, to the DAO, which logs
 * them, and to whoever hears gossip. May be repeated until enough have deleted, or heard.
 */
import type { Clock } from '../../../core/effects/index.ts'
import { codeOf } from '../../../core/errors/index.ts'
import type { Signer } from '../../../core/identity/index.ts'
import { askAgain, type Mesh, withdrawalTopic, withdrawProtocol } from '../../../core/mesh/index.ts'
import type { Storage } from '../../../core/storage/index.ts'
import { readWithdrawal, signWithdrawal } from '../../../dao/consent/index.ts'
import { shredState, type ShredState } from '../../../dao/custody/index.ts'
import { encode, type Purpose, type Withdrawal } from '../../../schemas/wire/index.ts'
import { withdrawContribution, type WithdrawnState } from '../seal/index.ts'
import type { PoolBook, PoolNote } from './pool-book.ts'
import { hasEnded, purposesWithdrawn, toBeTold } from './withdrawn.ts'

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

interface Told {
  of: number
  /** The DAO took every one of them, and will log them. */
  logged: boolean
  /** It has nothing that they could end: a part that somebody still holds goes when its keyholder is told, or its consent has ended by itself. */
  nothingLogged: boolean
  /** Code by keyholder, or `dao`, of what did not answer or not so. */
  faults: Record<string, string>
}

/** `shredded` counts those too that never held a part. */
export interface Withdrawn extends ShredState, Told {}

/** Of purposes: nothing is deleted, and whoever heard it gives no key for them. */
export interface Narrowed extends Told {
  /** All that were withdrawn so far. */
  purposes: Purpose[]
  heard: number
  /** Keyholders that have to have heard it before nobody can get keys for these purposes from the others: n − k + 1. */
  needed: number
}

/** Tells everybody that the contribution ended. What `endOffer` does is done first where it was not. */
export async function withdrawOffer(options: WithdrawOffer): Promise<Withdrawn> {
  const { book, note, storage } = options
  await endOffer(options)
  const { k, members } = note.committee
  const { state, ...told } = await tell(options)
  const acks = new Map(note.shredded.map((one) => [one.by, one]))
  for (const ack of state.acks) acks.set(ack.by, { by: ack.by, ack: encode(ack) })
  // who acknowledged a part once and says nothing of it now has not deleted it, as far as we know
  const noted = note.depositedAt === null ? [...new Set([...note.noted, ...state.noted])].filter((one) => !acks.has(one)) : []
  await book.update(note, { shredded: [...acks.values()], noted, logged: told.logged })
  for (const space of [storage.private, storage.public]) {
    await space.unpin(note.cid)
    await space.gc()
  }
  return { ...shredState({ k, n: members.length, shredded: acks.size + noted.length }), of: members.length, ...told }
}

/** Tells everybody which purposes a contribution is no longer for; they were signed by `endPurposes`. */
export async function tellNarrowed(options: Omit<WithdrawOffer, 'storage' | 'subject' | 'clock'>): Promise<Narrowed> {
  const { book, note } = options
  const { k, members } = note.committee
  const { state, ...told } = await tell(options)
  const heard = members.filter((one) => [...note.heard, ...state.noted, ...state.acks.map(({ by }) => by)].includes(one))
  await book.update(note, { heard, logged: told.logged })
  return { purposes: purposesWithdrawn(note), heard: heard.length, needed: members.length - k + 1, of: members.length, ...told }
}

type Signing = Pick<WithdrawOffer, 'clock' | 'subject' | 'book' | 'note'>

/**
 * Signs the withdrawals of a contribution and keeps them; nothing where it was done. What was signed stays signed: from here on nothing
 * of this contribution is offered any more, whoever answers. Nobody else is needed for it.
 */
export async function endOffer(signing: Signing): Promise<void> {
  if (!hasEnded(signing.note)) await sign(signing, 'all', ['stop', 'erase', 'exclude-from-future-releases'])
}

/** The same for some purposes: those that were not withdrawn yet. The contribution goes on for what is left. */
export async function endPurposes(signing: Signing, purposes: readonly Purpose[]): Promise<void> {
  const gone = purposesWithdrawn(signing.note)
  const scope = purposes.filter((one) => !gone.includes(one))
  if (scope.length === 0 || hasEnded(signing.note)) return
  await sign(signing, scope, ['stop', 'exclude-from-future-releases'])
}

async function sign({ clock, subject, book, note }: Signing, scope: Withdrawal['scope'], ask: Withdrawal['ask']): Promise<void> {
  const at = Math.floor(clock.now() / 1000)
  const withdrawals = [...note.withdrawals, encode(signWithdrawal({ manifest: note.cid, at, scope, ask }, subject))]
  await book.update(note, { withdrawals, heard: [], logged: false, ...(scope === 'all' && { shares: [], counts: [] }) })
}

async function tell(
  options: Omit<WithdrawOffer, 'storage' | 'subject' | 'clock'>,
): Promise<{ state: WithdrawnState } & Pick<Told, 'faults' | 'logged' | 'nothingLogged'>> {
  const { mesh, note, signal } = options
  const bytes = toBeTold(note)
  const withdrawals = bytes.flatMap((one) => {
    const read = readWithdrawal(one)
    return read.ok ? [read.value] : []
  })
  const { committee, manifest } = note
  const state = await withdrawContribution({ mesh, withdrawals, dao: manifest.dao, committee, ...(signal && { signal }) })
  const faults: Record<string, string> = Object.fromEntries(state.faults)
  const said = note.logged ? 'logged' : await tellDao(options, bytes, faults)
  for (const withdrawal of bytes) await mesh.publish(withdrawalTopic(manifest.dao), { withdrawal }).catch(() => undefined)
  return { state, faults, logged: said === 'logged', nothingLogged: said === 'nothing' }
}

/** Every one of them is said, whatever was answered to another. */
async function tellDao(
  { mesh, note, dao, signal }: Pick<WithdrawOffer, 'mesh' | 'note' | 'dao' | 'signal'>,
  withdrawals: readonly Uint8Array[],
  faults: Record<string, string>,
): Promise<'logged' | 'nothing' | 'open'> {
  if (dao === undefined) {
    faults['dao'] = 'NOT_CONNECTED'
    return 'open'
  }
  let hasNothing = false
  for (const withdrawal of withdrawals) {
    const reply = await askAgain(mesh, dao, withdrawProtocol, { withdrawal }, { ...(signal && { signal }) }).catch((error: unknown) => ({
      status: 'refused' as const,
      code: codeOf(error),
    }))
    if (reply.status !== 'refused') continue
    // nothing is committed to before all keyholders have their parts
    if (reply.code === 'NOTHING_BROUGHT' || (reply.code === 'NOT_JOINED' && note.depositedAt === null)) hasNothing = true
    else faults['dao'] = reply.code
  }
  if (faults['dao'] !== undefined) return 'open'
  return hasNothing ? 'nothing' : 'logged'
}
