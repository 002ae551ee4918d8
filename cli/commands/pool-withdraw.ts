import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { readPolicy, requiredPurposes } from '../../dao/consent/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { Narrowed, PoolBook, PoolNote, Withdrawn } from '../../node/pool/offering/index.ts'
import type { Purpose } from '../../schemas/wire/index.ts'
import { type Flags, print, printable, printJson, type Run, say, terminalPrompter } from '../program/index.ts'
import { hasSeed, knownLedger, type SubjectHome, systemClock, untilStopped } from '../wiring/index.ts'
import { openPool, poolSession } from './pool-session.ts'
import { reachHolders } from './reach-holders.ts'

/** What is to end: whole contributions, or purposes of one. */
type Ending = { notes: PoolNote[]; purposes: 'all' | Purpose[] }

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
  const { PoolBook, endOffer, endPurposes, hasEnded, tellNarrowed, withdrawOffer } = await openPoolOffering()
  const book = await PoolBook.open(home.kv)
  const { notes, purposes } = await agreed(chosen(book, which, flags, hasEnded), { book, home, flags, hasEnded, signal: stop.signal })
  // signed and on disk before anybody is asked anything: a DAO that answers badly must not be able to keep it from happening
  const signing = { clock: systemClock, subject: home.subject, book }
  for (const note of notes) await (purposes === 'all' ? endOffer({ ...signing, note }) : endPurposes({ ...signing, note }, purposes))
  const dao = await reachHolders(home.mesh, session, { book, ledger, notes, signal: stop.signal })
  const telling = { ...signing, mesh: home.mesh, storage: home.storage, dao, signal: stop.signal }
  const results: ({ contribution: string } & (Withdrawn | Narrowed))[] = []
  for (const note of notes) {
    const told = await (purposes === 'all' ? withdrawOffer({ ...telling, note }) : tellNarrowed({ ...telling, note }))
    results.push({ contribution: note.cid.toString(), ...told })
  }
  if (flags['json'] === true) printJson({ account: home.subject.did, withdrawn: results })
  else for (const one of results) print(printable(inWords(one)))
  return results.every(isDone) ? 0 : 3
}

/** Nobody can read it any more, or gets keys for what was withdrawn, as far as those are honest who said so: what is logged is not heard yet. */
const isDone = (one: Withdrawn | Narrowed): boolean => ('heard' in one ? one.heard >= one.needed : one.unreadable)

function inWords(one: { contribution: string } & (Withdrawn | Narrowed)): string {
  const { contribution, of, needed, logged, nothingLogged, faults } = one
  const log = logged ? 'the DAO logs it' : nothingLogged ? 'the log has nothing of it' : 'the DAO did not take it: run this again'
  const what =
    'heard' in one
      ? `no longer for ${one.purposes.join(', ')}; ${one.heard} of ${of} keyholders heard it${one.heard >= needed ? '' : `, ${needed} are needed: run this again`}`
      : `${one.shredded} of ${of} deleted or never had it; ${one.unreadable ? 'unreadable if these are honest' : `${needed} are needed: run this again`}`
  return [contribution, `  ${what}; ${log}`, ...Object.entries(faults).map(([account, code]) => `  ${account}: ${code}`)].join('\n')
}

const namedIn = ({ purpose }: Flags): string[] => (Array.isArray(purpose) ? (purpose as string[]) : [])

type HasEnded = (note: PoolNote) => boolean

/** One by its CID, all of them, or the only one there is; what lost purposes that the DAO does not know of yet is one too. */
function chosen(book: PoolBook, which: string | undefined, flags: Flags, hasEnded: HasEnded): PoolNote[] {
  const narrows = namedIn(flags).length > 0
  const open = book.all.filter((one) => {
    if (!hasEnded(one)) return true
    return !narrows && (one.shredded.length + one.noted.length < one.committee.members.length || !one.logged)
  })
  if (flags['all'] === true) {
    if (narrows) throw new UsageError('BAD_FLAG', '--all ends everything, whatever it is for: leave out --purpose')
    if (open.length === 0) throw new RefusedError('NOTHING_OFFERED', 'nothing that was offered is left to be withdrawn')
    return open
  }
  if (which !== undefined) {
    const found = book.all.filter(({ cid }) => cid.toString() === which)
    if (found.length === 0)
      throw new UsageError('UNKNOWN_CONTRIBUTION', `${which} was not offered from this home; "quern pool status" lists what was`)
    if (narrows && found.some(hasEnded)) throw new RefusedError('NOTHING_OFFERED', `${which} was withdrawn as a whole`)
    return found
  }
  if (open.length === 1) return open
  if (open.length === 0) throw new RefusedError('NOTHING_OFFERED', 'nothing that was offered is left to be withdrawn')
  throw new UsageError('WHICH', `${open.length} contributions are here: name one, or give --all`)
}

interface Asking {
  book: PoolBook
  home: SubjectHome
  flags: Flags
  hasEnded: HasEnded
  signal: AbortSignal
}

/**
 * One question, however many it ends: fewer than consent took. Who says no to it is asked of each optional purpose of a single one, as consent
 * was. One for an earlier contribution ends in the log whatever was offered since, where the log does not have it yet: that is said, and asked, too.
 */
async function agreed(notes: PoolNote[], { book, home, flags, hasEnded, signal }: Asking): Promise<Ending> {
  const named = namedIn(flags)
  const [only] = notes
  if (named.length > 0 && only !== undefined) return await narrowed(only, named, { home, flags, signal })
  const { live } = book
  const withThem = live !== undefined && !notes.includes(live) && notes.some(({ logged }) => !logged) ? live.cid.toString() : undefined
  if (withThem !== undefined) say(`what you offered since, ${withThem}, ends with it where the log did not know of it`)
  if (flags['yes'] === true || (withThem === undefined && notes.every(hasEnded))) return { notes, purposes: 'all' }
  const prompter = terminalPrompter(signal)
  if (prompter === undefined) throw new UsageError('UNATTENDED', 'nobody is at a terminal to be asked; give --yes')
  if (await prompter.yes(`Withdraw ${notes.length === 1 ? 'this contribution' : `${notes.length} contributions`} for good?`))
    return { notes, purposes: 'all' }
  const ticked: Purpose[] = []
  if (notes.length === 1 && only !== undefined)
    for (const purpose of await optionalLeft(only, home))
      if (await prompter.yes(`Or only for ${purpose}, and leave it in the pool for the rest?`)) ticked.push(purpose)
  if (ticked.length === 0) throw new RefusedError('NOT_AGREED', 'nothing was withdrawn')
  return { notes, purposes: ticked }
}

/** What `--purpose` comes to: one that the pool cannot do without takes away the whole, which is said, and asked. */
async function narrowed(
  note: PoolNote,
  named: readonly string[],
  { home, flags, signal }: Omit<Asking, 'book' | 'hasEnded'>,
): Promise<Ending> {
  const { purposesGiven } = await openPoolOffering()
  const known = purposesGiven(note)
  const unknown = named.filter((one) => !known.some((purpose) => purpose === one))
  if (unknown.length > 0)
    throw new InvalidInputError('PURPOSE_NOT_GIVEN', `${unknown.join(', ')}: you did not agree to it; you agreed to ${known.join(', ')}`)
  const purposes = known.filter((one) => named.includes(one))
  const needed = purposes.filter((one) => needs(note, home).includes(one))
  const ends = needed.length > 0
  if (ends) say(`the pool cannot do without ${needed.join(', ')}: the whole contribution ends`)
  if (flags['yes'] !== true) {
    const prompter = terminalPrompter(signal)
    if (prompter === undefined) throw new UsageError('UNATTENDED', 'nobody is at a terminal to be asked; give --yes')
    if (!(await prompter.yes(ends ? 'Withdraw this contribution for good?' : `Withdraw it for ${purposes.join(', ')}?`)))
      throw new RefusedError('NOT_AGREED', 'nothing was withdrawn')
  }
  return { notes: [note], purposes: ends ? 'all' : purposes }
}

async function optionalLeft(note: PoolNote, home: SubjectHome): Promise<Purpose[]> {
  const { purposesLeft } = await openPoolOffering()
  const needed = needs(note, home)
  return purposesLeft(note).filter((one) => !needed.includes(one))
}

/** By the policy that was agreed to, which this home keeps: the DAO is not asked. */
function needs({ manifest }: PoolNote, { files }: SubjectHome): Purpose[] {
  const bytes = files.read(manifest.policy)
  const read = bytes && readPolicy(bytes)
  if (read?.ok === true) return requiredPurposes(read.policy)
  throw new InvalidInputError(
    'POLICY_MISSING',
    'the policy that was agreed to is gone from this home; withdraw the whole without --purpose',
  )
}
