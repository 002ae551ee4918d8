import path from 'node:path'
import { RefusedError } from '../../core/errors/index.ts'
import { makeFolder, writeFileDurably } from '../../core/home/index.ts'
import { dpvView, readPolicy, readReceipt } from '../../dao/consent/index.ts'
import type { LedgerState } from '../../dao/ledger/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { PoolHealth, PoolNote } from '../../node/pool/offering/index.ts'
import { print, printable, printJson, type Run, say, table } from '../program/index.ts'
import {
  hasSeed,
  isBackedUp,
  isPrivateDao,
  isPublicMultiaddr,
  type SubjectHome,
  systemClock,
  systemEffects,
  untilStopped,
} from '../wiring/index.ts'
import { factsOf, openPool, poolSession } from './pool-session.ts'
import { reachHolders } from './reach-holders.ts'
import { remindOfBackup } from './seed-backup.ts'

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const session = await poolSession(flags)
  const facts = await factsOf(session, stop.signal)
  if (!hasSeed(session.home) && flags['restore'] === undefined)
    throw new RefusedError('NOTHING_OFFERED', `nothing was offered from ${session.home}; "quern pool offer" does that`)
  await using home = await openPool(session, facts.ledger, flags)
  const { PoolNode, askHealth, purposesLeft, purposesWithdrawn, restoreFromLog } = await openPoolOffering()
  await using node = await PoolNode.start({
    ...systemEffects,
    mesh: home.mesh,
    storage: home.storage,
    files: home.files,
    kv: home.kv,
    signer: home.subject,
    logger: session.log.child('pool'),
    dao: session.dao,
    mayDial: isPrivateDao(session.dao) ? undefined : isPublicMultiaddr,
    signal: stop.signal,
  })
  await restoreFromLog(node.book, home.subject.did, { state: node.state, files: home.files }, Math.floor(systemClock.now() / 1000))
  // those that left a committee too: who read before is in their logs
  const reaching = { book: node.book, ledger: facts.ledger, notes: node.book.all, signal: stop.signal }
  if (node.book.all.length > 0) await reachHolders(home.mesh, session, reaching)
  const asking = { mesh: home.mesh, clock: systemClock, subject: home.subject }
  const contributions: Shown[] = []
  for (const note of node.book.all) {
    const place = node.placeOf(note)
    const newest = note.receipts.at(-1)
    const read = newest === undefined ? undefined : readReceipt(newest)
    // also of what ended: keyholders delete shares, and keep who asked for them
    const { health, live, told, asked, accesses, faults } = await askHealth({ ...asking, book: node.book, note })
    const isOver = place.stage === 'withdrawn'
    contributions.push({
      contribution: note.cid.toString(),
      stage: place.stage,
      source: note.source === '' ? null : note.source,
      events: note.manifest.records,
      chunks: note.manifest.chunks.length,
      veto: note.manifest.custody === 'committee+owner',
      mail: mailOf(note, node.state),
      keyLost: note.salt === null,
      months: [note.manifest.from, note.manifest.to],
      purposes: read?.ok === true ? purposesLeft(note) : null,
      withdrawn: purposesWithdrawn(note),
      expires: read?.ok === true ? read.receipt.expires : null,
      keyholders: note.committee.members.length,
      needed: note.committee.k,
      health: isOver ? null : health,
      holding: isOver ? note.committee.members.length - note.shredded.length : live,
      shredded: note.shredded.length,
      available: place.available.length,
      lacking: note.lacking.length,
      told,
      asked,
      accesses,
      faults,
    })
  }
  if (typeof flags['dpv'] === 'string') await writeViews(flags['dpv'], node.book.all, home.files)
  const seedBackedUp = await isBackedUp(session.home, home.seed)
  if (flags['json'] === true) printJson({ account: home.subject.did, ledger: facts.ledger, seedBackedUp, contributions })
  else if (contributions.length === 0) print('nothing was offered to this DAO')
  else for (const one of contributions) print(inWords(one))
  remindOfBackup(session.home, seedBackedUp)
}

/** The consent to each contribution as a record of ISO/IEC TS 27560 in the terms of DPV, as it is now; none where its receipt or policy is lost. */
async function writeViews(folder: string, notes: readonly PoolNote[], files: Pick<SubjectHome['files'], 'read'>): Promise<void> {
  const { hasEnded, purposesWithdrawn } = await openPoolOffering()
  await makeFolder(folder)
  for (const note of notes) {
    const newest = note.receipts.at(-1)
    const read = newest === undefined ? undefined : readReceipt(newest)
    const bytes = files.read(note.manifest.policy)
    const policy = bytes && readPolicy(bytes)
    if (read?.ok !== true || policy?.ok !== true) continue
    const gone = purposesWithdrawn(note)
    const withdrawn = hasEnded(note) ? ('all' as const) : gone.length > 0 ? new Set(gone) : undefined
    const now = Math.floor(systemClock.now() / 1000)
    const view = dpvView(policy.policy, read.receipt, { now, ...(withdrawn !== undefined && { withdrawn }) })
    const file = path.join(folder, `${note.cid.toString()}.jsonld`)
    await writeFileDurably(file, `${JSON.stringify(view, undefined, 2)}\n`)
    say(`record  ${file}`)
  }
}

/** `waits`: no table has counted it yet. What a table says of an account that it settled two contributions of, it says of both. */
type MailState = 'none' | 'waits' | 'attests' | 'does-not-attest'
const MAIL_WORDS: Record<Exclude<MailState, 'none'>, string> = {
  waits: 'beside the data, for testers alone; no table has counted it yet',
  attests: 'most testers found that it attests the data, and it counts as such',
  'does-not-attest':
    'it does not attest the data: too few testers found it good, its account attests another contribution, or the data earned nothing',
}

function mailOf({ cid, manifest }: PoolNote, { contributions }: LedgerState): MailState {
  if (manifest.mail === undefined) return 'none'
  const attested = contributions.get(cid.toString())?.attested ?? null
  return attested === null ? 'waits' : attested ? 'attests' : 'does-not-attest'
}

/** Null: not known here. */
type Shown = Omit<PoolHealth, 'health' | 'live' | 'of'> & {
  contribution: string
  stage: string
  source: string | null
  events: number
  chunks: number
  veto: boolean
  mail: MailState
  /** Our part of its keys was lost with its home. */
  keyLost: boolean
  months: string[]
  purposes: string[] | null
  withdrawn: string[]
  expires: number | null
  keyholders: number
  needed: number
  health: PoolHealth['health'] | null
  holding: number
  shredded: number
  available: number
  lacking: number
}

const date = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')

const VETO_LOST = 'its key was lost with the home it was offered from: nobody opens it any more'
const LOST = 'not known here: the receipt was lost with its home'

/** What no keyholder tells is not known, and is not said to have never been. */
function askedInWords(lines: string[][] | undefined, told: number, asked: number): string {
  if (lines === undefined) return '  who asked for it is not known: no keyholder tells'
  const by = `by the logs of ${told} of ${asked} keyholders`
  return lines.length === 0 ? `  nobody asked for any of it, ${by}` : `  asked for, ${by}:\n${table(lines, 9)}`
}

function inWords(one: Shown): string {
  const { health, keyholders, needed, told, asked, accesses, purposes, expires } = one
  const state =
    one.stage === 'withdrawn'
      ? `withdrawn; ${one.shredded} of ${keyholders} deleted${one.shredded >= keyholders - needed + 1 ? ', unreadable if these are honest' : ''}`
      : `${one.stage}; ${health}: ${one.holding} of ${keyholders} keyholders answer, ${needed} are needed to read`
  const lines = accesses?.map(({ at, by, role, purpose, chunks, mail, outcome, seenBy, trainer }) => [
    `  ${date(at)}`,
    role,
    purpose,
    `${chunks} chunks${mail ? ' and your mail' : ''}`,
    outcome === 'ok' ? 'given' : `refused (${outcome})`,
    `by ${seenBy} keyholders`,
    `to ${by}`,
    trainer === null ? '' : `for ${trainer}`,
  ])
  return printable(
    [
      one.contribution,
      table(
        [
          ['  state', state],
          [
            '  holds',
            `${one.events} events${one.source === null ? '' : ` of ${one.source}`} in ${one.chunks} chunks, ${one.months.join(' to ')}`,
          ],
          ...(one.veto ? [['  your veto', one.keyLost ? VETO_LOST : 'it opens only while "quern pool serve" runs, and agrees']] : []),
          ...(one.mail === 'none' ? [] : [['  mail', MAIL_WORDS[one.mail]]]),
          ['  for', purposes === null ? LOST : purposes.length === 0 ? 'nothing any more' : purposes.join(', ')],
          ...(one.withdrawn.length > 0 ? [['  no longer', one.withdrawn.join(', ')]] : []),
          [
            '  until',
            `${expires === null ? LOST : date(expires)}${one.lacking > 0 ? `; ${one.lacking} keyholders have not heard of the renewal: "quern pool renew" tells them` : ''}`,
          ],
        ],
        2,
      ),
      askedInWords(lines, told, asked),
      ...Object.entries(one.faults).map(([account, code]) => `  ${account}: ${code}`),
    ].join('\n'),
  )
}
