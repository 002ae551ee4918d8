/** What a validator opens or states in one entry: its beacon link, its report, and that the close has the root it computed. */
import { auditBytes } from '../../dao/ledger/index.ts'
import { cborCid, equalBytes } from '../../schemas/wire/index.ts'
import type { HashChain } from '../chains/index.ts'
import type { Desk, OnDuty } from './desk.ts'
import { readReportNote } from './report-note.ts'

export async function openBeacon({ outbox, say, me }: Desk, { epoch, seat }: OnDuty, chain: HashChain): Promise<void> {
  const key = `beacon/${epoch.number}`
  if (epoch.phase !== 'beacon' || epoch.beaconReveals.has(me) || outbox.has(key)) return
  await outbox.write('beacon.reveal', { epoch: epoch.number, preimage: chain.after(seat.beaconTip) }, { key })
  say('beacon', epoch.number, 1)
}

/** The report that was committed to, with the sampling link that shows what had to be drawn. */
export async function revealReport({ options, outbox, say, me }: Desk, { epoch, seat }: OnDuty, chain: HashChain): Promise<void> {
  const key = `report-reveal/${epoch.number}`
  const commit = epoch.reportCommits.get(me)
  const isOpened = epoch.reports.has(me) || epoch.voidReports.has(me)
  if (epoch.phase !== 'report' || commit === undefined || isOpened || outbox.has(key)) return
  const note = await readReportNote(options.kv, epoch.number)
  if (note === undefined) return
  const report = cborCid(note.report)
  await options.files.write(report, note.report)
  await outbox.write(
    'report.reveal',
    { epoch: epoch.number, commit: commit.index, report, salt: note.salt, preimage: chain.after(seat.sampleTip) },
    { key, files: [note.report] },
  )
  say('reported', epoch.number, 1)
}

/** We replayed the log: is the root that was closed the one we computed? */
export async function attest({ options, outbox, say, me, state }: Desk, { epoch }: OnDuty): Promise<void> {
  const key = `attest/${epoch.number}`
  if (epoch.phase !== 'close' || epoch.close === null || epoch.table === null || epoch.attests.has(me) || outbox.has(key)) return
  const { root } = epoch.table
  if (!equalBytes(epoch.close.root, root)) return
  const audit = options.keys.audit.sign(auditBytes(state().id, epoch.number, root))
  await outbox.write('epoch.attest', { epoch: epoch.number, root, audit }, { key })
  say('attested', epoch.number, 1)
}
