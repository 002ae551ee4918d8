import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { InvalidInputError, RefusedError } from '../../core/errors/index.ts'
import { makeFolder, writeFileDurably } from '../../core/home/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { checkConsent, readReceipt, requiredPurposes, signReceipt, Tombstones } from '../../dao/consent/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { PoolBook, PoolNote } from '../../node/pool/offering/index.ts'
import type { ConsentPolicy, ConsentReceipt, Purpose } from '../../schemas/wire/index.ts'
import {
  type Flags,
  numberFlag,
  print,
  printable,
  printJson,
  type Prompter,
  type Run,
  say,
  table,
  terminalPrompter,
} from '../program/index.ts'
import { hasSeed, type OfferedPolicy, systemClock, untilStopped } from '../wiring/index.ts'
import { askConsent, isGpc } from './pool-consent.ts'
import { factsOf, openPool, poolOf, poolSession } from './pool-session.ts'
import { reachHolders } from './reach-holders.ts'

/** Exit 3 until so many keyholders hold the newer consent that keys are given under it. */
export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const session = await poolSession(flags)
  const facts = await factsOf(session, stop.signal)
  const policy = poolOf(facts)
  if (!hasSeed(session.home)) throw new RefusedError('NOTHING_OFFERED', `nothing was offered from ${session.home}`)
  await using home = await openPool(session, facts.ledger, flags)
  const { learnFromLog, PoolBook, purposesWithdrawn, renewOffer, saltOf, tellNarrowed } = await openPoolOffering()
  const book = await PoolBook.open(home.kv)
  const note = book.live
  if (note === undefined || note.depositedAt === null)
    throw new RefusedError('NOTHING_OFFERED', 'nothing of yours is with the keyholders of this pool; "quern pool offer" offers something')
  // its receipts are lost with it
  saltOf(note)
  await learnFromLog(book, note, facts.state)
  const asking = { policy, subject: home.subject, operator: facts.state.operator, flags, prompter: terminalPrompter(stop.signal) }
  await giveAnew(home.folder, { book, note, ...asking })
  const dao = await reachHolders(home.mesh, session, { book, ledger: facts.ledger, notes: [note], signal: stop.signal })
  const told = await renewOffer({ mesh: home.mesh, clock: systemClock, book, note, signal: stop.signal })
  const { receipt } = receiptIn(note)
  const narrowed =
    purposesWithdrawn(note).length === 0 ? undefined : await tellNarrowed({ mesh: home.mesh, book, note, dao, signal: stop.signal })
  const contribution = note.cid.toString()
  if (flags['json'] === true)
    printJson({
      account: home.subject.did,
      contribution,
      purposes: receipt.purposes,
      expires: receipt.expires,
      ...told,
      withdrawn: narrowed ?? null,
    })
  else {
    const later = told.held < told.needed ? '; run this again for the others' : '; whoever was away hears of it with the next renewal'
    const again = told.held < told.of ? later : ''
    print(`${contribution}\n  until ${day(receipt.expires)}; ${told.held} of ${told.of} keyholders hold the newer consent${again}`)
    for (const [account, code] of Object.entries(told.faults)) print(printable(`  ${account}: ${code}`))
  }
  if (narrowed !== undefined && narrowed.heard < narrowed.needed)
    say(`${narrowed.heard} of ${narrowed.of} keyholders heard what it is no longer for: "quern pool withdraw --purpose" says it again`)
  return told.held >= told.needed && (narrowed === undefined || narrowed.heard >= narrowed.needed) ? 0 : 3
}

interface Asking {
  policy: OfferedPolicy
  subject: Signer
  operator: string
  flags: Flags
  /** Undefined where nobody is there to be asked. */
  prompter: Prompter | undefined
}

/**
 * Asks for a newer consent, signs and keeps it, with what is withdrawn by it, in the book and in `folder`; where the last one is still to be brought
 * to keyholders it is left at that. Whatever is thrown, the consent before stays as it was: RefusedError TOO_OFTEN and what `askRenewal` says.
 */
export async function giveAnew(folder: string, { book, note, ...asking }: Asking & { book: PoolBook; note: PoolNote }): Promise<void> {
  const { checkRenewable, endPurposes, isUnderWay, keepRenewal } = await openPoolOffering()
  const { flags, subject } = asking
  const last = receiptIn(note).receipt
  const wanted = flags['yes'] === true ? (flags['purpose'] as string[]) : last.purposes
  const givesTerms = flags['days'] !== undefined || wanted.toSorted().join() !== last.purposes.toSorted().join()
  if (!givesTerms && isUnderWay(note, last.expires, Math.floor(systemClock.now() / 1000)))
    return say(`going on with the consent that ${note.lacking.length} keyholders lack`)
  checkRenewable(note)
  const { receipt, leftOut } = await askRenewal(note, asking)
  // a purpose that is not ticked any more is withdrawn: the receipts before would go on to say it
  await endPurposes({ clock: systemClock, subject, book, note }, leftOut)
  await keepRenewal(book, note, receipt)
  const receipts = path.join(folder, 'receipts')
  await makeFolder(receipts)
  await writeFileDurably(path.join(receipts, `${note.cid.toString()}.${note.receipts.length}.jws`), receipt)
}

/**
 * Shows the notice again and asks for every purpose that was not withdrawn; gives the signed receipt, and what was given before and is not in it.
 * Throws RefusedError OTHER_POLICY, EXPIRED, GPC, and what `askConsent`, `checkChoices` and `checkConsent` say.
 */
export async function askRenewal(
  note: PoolNote,
  { policy, subject, operator, flags, prompter }: Asking,
): Promise<{ receipt: string; leftOut: Purpose[] }> {
  const { checkChoices, purposesGiven, purposesWithdrawn, renewedReceipt, saltOf } = await openPoolOffering()
  if (!policy.cid.equals(note.manifest.policy))
    throw new RefusedError(
      'OTHER_POLICY',
      'the DAO has another policy by now than the one you agreed to: "quern pool withdraw" ends what is there, then offer it under the new one',
    )
  const salt = saltOf(note)
  const before = receiptIn(note)
  const now = Math.floor(systemClock.now() / 1000)
  if (before.receipt.expires <= now)
    throw new RefusedError('EXPIRED', 'the consent has ended, and keyholders have deleted what they held; withdraw it, then offer it again')
  const gone = purposesWithdrawn(note)
  // what was withdrawn of a contribution is not given again for it
  const asked: ConsentPolicy = { ...policy.value, purposes: policy.value.purposes.filter(({ id }) => !gone.includes(id)) }
  const days = flags['days'] === undefined ? undefined : numberFlag(flags, 'days', 0)
  const gpc = isGpc(flags)
  if (gpc && before.receipt.mail === true)
    throw new RefusedError(
      'GPC',
      'Global Privacy Control is set, and a mail lies beside this contribution, which no purpose needs: "quern pool withdraw" ends it, then offer without',
    )
  // what the pool does not take is said before anybody is asked
  checkChoices(asked, { purposes: requiredPurposes(asked), adult: true, gpc: false, days }, before.receipt.categories)
  say(renewalText(note, { policy, receipt: before.receipt, days: days ?? policy.value.retention.maxDays }))
  const said = await askConsent(asked, flags, prompter, gpc)
  const ticked = checkChoices(asked, { ...said, gpc, days }, before.receipt.categories)
  const receipt = signReceipt(renewedReceipt(before, { ticked, gpc, id: randomUUID(), now }), subject)
  const verdict = checkConsent({
    jws: receipt,
    salt,
    dao: note.manifest.dao,
    operator,
    policy: { cid: policy.cid, value: policy.value },
    manifest: note.manifest,
    notice: policy.notice,
    tombstones: new Tombstones(),
    now,
  })
  if (verdict.ok) return { receipt, leftOut: purposesGiven(note).filter((one) => !ticked.purposes.includes(one)) }
  throw new InvalidInputError(verdict.code, verdict.message)
}

function receiptIn(note: PoolNote): { jws: string; receipt: ConsentReceipt } {
  const jws = note.receipts.at(-1) as string
  const read = readReceipt(jws)
  if (!read.ok) throw new InvalidInputError(read.code, read.message)
  return { jws, receipt: read.receipt }
}

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)

function renewalText(
  { manifest, source, committee: { k, members } }: PoolNote,
  { policy, receipt, days }: { policy: OfferedPolicy; receipt: ConsentReceipt; days: number },
): string {
  return printable(
    [
      new TextDecoder().decode(policy.notice),
      '## What you would renew',
      '',
      table(
        [
          ['events', `${manifest.records} of ${source}, ${manifest.from} to ${manifest.to}`],
          ['kinds of data', receipt.categories.join(', ')],
          ['for', receipt.purposes.join(', ')],
          ['until', `${day(receipt.expires)} as it is; then ${days} days from now, or until "quern pool withdraw"`],
          ['read by', `whoever the DAO draws to test a sample; any ${k} of ${members.length} keyholders together`],
        ],
        2,
      ),
      '',
    ].join('\n'),
  )
}
