import { codeOf, FatalError, RefusedError, toError } from '../../core/errors/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { Narrowed, Withdrawn } from '../../node/pool/offering/index.ts'
import { print, printable, printJson, type Run, terminalPrompter } from '../program/index.ts'
import { hasSeed, knownLedger, systemClock, untilStopped } from '../wiring/index.ts'
import { askEnding, chosenOf } from './pool-ending.ts'
import { factsOf, openPool, poolSession } from './pool-session.ts'
import { reachHolders } from './reach-holders.ts'

export const run: Run = async ([which], flags) => {
  const stop = untilStopped()
  // who restores a seed knows of nothing that was offered with it, but by the log
  const restores = flags['restore'] !== undefined
  const session = await poolSession(flags, { silent: !restores })
  if (!restores && !hasSeed(session.home))
    throw new RefusedError(
      'NOTHING_OFFERED',
      `nothing was offered from ${session.home}; give the --home you offered from, or a backup of its seed with --restore`,
    )
  let facts = restores ? await factsOf(session, stop.signal) : undefined
  const ledger = facts?.ledger ?? (await knownLedger(session.home, session.address))
  if (ledger === undefined)
    throw new RefusedError(
      'NOTHING_OFFERED',
      `nothing was offered to ${session.address} from ${session.home}; give the --dao you offered to`,
    )
  await using home = await openPool(session, ledger, flags)
  const { PoolBook, endOffer, endPurposes, hasEnded, restoreFromLog, tellNarrowed, withdrawOffer } = await openPoolOffering()
  const book = await PoolBook.open(home.kv)
  // its seed may have come from a backup before: a DAO that does not answer now keeps nothing else from being withdrawn
  const asksLog = book.all.every(hasEnded)
  let fault: unknown
  if (asksLog && session.dao.length > 0)
    facts ??= await factsOf(session, stop.signal).catch((thrown: unknown) => {
      stop.signal.throwIfAborted()
      fault = thrown
      return undefined
    })
  if (facts) await restoreFromLog(book, home.subject.did, facts, Math.floor(systemClock.now() / 1000))
  const asking = { files: home.files, flags, prompter: terminalPrompter(stop.signal) }
  const { notes, purposes } = await askEnding(
    chosenWith(() => chosenOf(book, which, flags, hasEnded), { isLogUnknown: asksLog && facts === undefined, fault }),
    asking,
  )
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

/** What is not in the book may be in the log: that nothing is there is said by who asked it. Throws FatalError DAO_UNREACHABLE besides, or the DAO's refusal. */
export function chosenWith<T>(choose: () => T, { isLogUnknown, fault }: { isLogUnknown: boolean; fault?: unknown }): T {
  try {
    return choose()
  } catch (cause) {
    if (!isLogUnknown || !['NOTHING_OFFERED', 'UNKNOWN_CONTRIBUTION'].includes(codeOf(cause))) throw cause
    if (fault instanceof RefusedError) throw fault
    const why = fault === undefined ? 'no DAO was asked' : toError(fault).message
    throw new FatalError(
      'DAO_UNREACHABLE',
      `what the DAO's log has of this seed is not known (${why}); nothing was withdrawn: run it again`,
      { cause },
    )
  }
}

/** Nobody can read it any more, or gets keys for what was withdrawn, as far as those are honest who said so: what is logged is not heard yet. */
const isDone = (one: Withdrawn | Narrowed): boolean => ('heard' in one ? one.heard >= one.needed : one.unreadable)

/** What became of one, for a person to read. */
export function inWords(one: { contribution: string } & (Withdrawn | Narrowed)): string {
  const { contribution, of, needed, logged, nothingLogged, faults } = one
  const log = logged ? 'the DAO logs it' : nothingLogged ? 'the log has nothing of it' : 'the DAO did not take it: run this again'
  const what =
    'heard' in one
      ? `no longer for ${one.purposes.join(', ')}; ${one.heard} of ${of} keyholders heard it${one.heard >= needed ? '' : `, ${needed} are needed: run this again`}`
      : `${one.shredded} of ${of} deleted or never had it; ${one.unreadable ? 'unreadable if these are honest' : `${needed} are needed: run this again`}`
  return [contribution, `  ${what}; ${log}`, ...Object.entries(faults).map(([account, code]) => `  ${account}: ${code}`)].join('\n')
}
