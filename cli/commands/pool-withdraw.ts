import { RefusedError, UsageError } from '../../core/errors/index.ts'
import { askAgain, helloProtocol, type Mesh } from '../../core/mesh/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { PoolBook, PoolNote } from '../../node/pool/offering/index.ts'
import { peerFromDid } from '../../schemas/wire/index.ts'
import { type Flags, print, printable, printJson, type Run, say, terminalPrompter } from '../program/index.ts'
import { hasSeed, isPrivateDao, isPublicMultiaddr, knownLedger, systemClock, untilStopped } from '../wiring/index.ts'
import { openPool, poolSession, type PoolSession } from './pool-session.ts'

/** A DAO that is silent must not hold up a withdrawal: keyholders are dialled where they were last. */
const DAO_MS = 8000
const DIAL_MS = 8000

export const run: Run = async ([which], flags) => {
  const stop = untilStopped()
  const session = await poolSession(flags, { silent: true })
  if (!hasSeed(session.home))
    throw new RefusedError('NOTHING_OFFERED', `nothing was offered from ${session.home}; give the --home you offered from`)
  const ledger = await knownLedger(session.home, session.address)
  if (ledger === undefined)
    throw new RefusedError(
      'NOTHING_OFFERED',
      `nothing was offered to ${session.address} from ${session.home}; give the --dao you offered to`,
    )
  await using home = await openPool(session, ledger, flags)
  const { PoolBook, endOffer, withdrawOffer } = await openPoolOffering()
  const book = await PoolBook.open(home.kv)
  const notes = chosen(book, which, flags)
  await agree(notes, book.live, flags, stop.signal)
  // signed and on disk before anybody is asked anything: a DAO that answers badly must not be able to keep it from happening
  for (const note of notes) await endOffer({ clock: systemClock, subject: home.subject, book, note })
  const dao = await reach(home.mesh, session, { book, ledger, notes, signal: stop.signal })
  const results = []
  for (const note of notes) {
    const state = await withdrawOffer({
      mesh: home.mesh,
      clock: systemClock,
      storage: home.storage,
      subject: home.subject,
      book,
      note,
      dao,
      signal: stop.signal,
    })
    results.push({ contribution: note.cid.toString(), ...state })
  }
  if (flags['json'] === true) printJson({ account: home.subject.did, withdrawn: results })
  else
    for (const { contribution, shredded, of, needed, unreadable, logged, faults } of results) {
      print(contribution)
      print(
        `  ${shredded} of ${of} deleted or never had it; ${unreadable ? 'unreadable if these are honest' : `${needed} are needed: run this again`}; ${logged ? 'the DAO logs it' : 'the DAO did not take it: run this again'}`,
      )
      for (const [account, code] of Object.entries(faults)) print(printable(`  ${account}: ${code}`))
    }
  return results.every(({ unreadable }) => unreadable) ? 0 : 3
}

/** One by its CID, all of them, or the only one there is. */
function chosen(book: PoolBook, which: string | undefined, flags: Flags): PoolNote[] {
  const open = book.all.filter(
    ({ shredded, noted, committee, logged }) => shredded.length + noted.length < committee.members.length || !logged,
  )
  if (flags['all'] === true) {
    if (open.length === 0) throw new RefusedError('NOTHING_OFFERED', 'nothing that was offered is left to be withdrawn')
    return open
  }
  if (which !== undefined) {
    const found = book.all.filter(({ cid }) => cid.toString() === which)
    if (found.length === 0)
      throw new UsageError('UNKNOWN_CONTRIBUTION', `${which} was not offered from this home; "quern pool status" lists what was`)
    return found
  }
  if (open.length === 1) return open
  if (open.length === 0) throw new RefusedError('NOTHING_OFFERED', 'nothing that was offered is left to be withdrawn')
  throw new UsageError('WHICH', `${open.length} contributions are here: name one, or give --all`)
}

/**
 * One question, however many it ends: fewer than consent took. One for an earlier contribution ends in the log whatever was offered since, where the
 * log does not have it yet: that is said, and asked, too.
 */
async function agree(notes: readonly PoolNote[], live: PoolNote | undefined, flags: Flags, signal: AbortSignal): Promise<void> {
  const withThem = live !== undefined && !notes.includes(live) && notes.some(({ logged }) => !logged) ? live.cid.toString() : undefined
  if (withThem !== undefined) say(`what you offered since, ${withThem}, ends with it where the log did not know of it`)
  if (flags['yes'] === true || (withThem === undefined && notes.every(({ withdrawals }) => withdrawals.length > 0))) return
  const prompter = terminalPrompter(signal)
  if (prompter === undefined) throw new UsageError('UNATTENDED', 'nobody is at a terminal to be asked; give --yes')
  if (!(await prompter.yes(`Withdraw ${notes.length === 1 ? 'this contribution' : `${notes.length} contributions`} for good?`)))
    throw new RefusedError('NOT_AGREED', 'nothing was withdrawn')
}

interface Reaching {
  book: PoolBook
  ledger: string
  notes: readonly PoolNote[]
  signal: AbortSignal
}

/** Connects to the DAO, as far as it answers, and to every keyholder; gives the DAO's peer id. */
async function reach(mesh: Mesh, session: PoolSession, { book, ledger, notes, signal }: Reaching): Promise<string | undefined> {
  const known = new Map((await book.addresses()).map(({ did, addresses }) => [did, addresses]))
  const dao = await greet(mesh, session, { ledger, known, signal })
  const mayDial = isPrivateDao(session.dao) ? () => true : isPublicMultiaddr
  await Promise.all(
    [...new Set(notes.flatMap(({ committee }) => committee.members))].map(async (account) => {
      const suffix = `/p2p/${peerFromDid(account)}`
      const addresses = (known.get(account) ?? []).filter((address) => address.endsWith(suffix) && mayDial(address))
      if (addresses.length > 0)
        await mesh.connect(addresses, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS)]) }).catch(() => undefined)
    }),
  )
  return dao
}

async function greet(
  mesh: Mesh,
  session: PoolSession,
  { ledger, known, signal }: { ledger: string; known: Map<string, string[]>; signal: AbortSignal },
): Promise<string | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(DAO_MS)])
  if (session.dao.length === 0) return silentDao()
  try {
    const dao = await mesh.connect(session.dao, { signal: patience })
    const hello = { role: 'contributor' as const, ledger, addresses: [], seat: null }
    const reply = await askAgain(mesh, dao, helloProtocol, hello, { signal: patience })
    if (reply.ledger !== ledger) return silentDao('serves another ledger now')
    // beside those we know: a DAO that names wrong ones must not hide a keyholder from us
    for (const { did, addresses } of reply.peers) known.set(did, [...new Set([...(known.get(did) ?? []), ...addresses])])
    return dao
  } catch {
    signal.throwIfAborted()
    return silentDao()
  }
}

function silentDao(how = 'does not answer'): undefined {
  say(`the DAO ${how}; the keyholders are told directly`)
}
