/** Why the ledger says what it says: every number of a row, a batch or an epoch with the entries and the formula behind it. */
import { PPM } from '../../schemas/wire/index.ts'
import { batchReasons } from './explain-batch.ts'
import { type Reason, reason } from './explain-reason.ts'
import type { EpochResult, LedgerFiles, LedgerState, OutcomeReasons } from './types.ts'
import { isUnvested, vested } from './vesting.ts'

export interface Explanation {
  about: 'account' | 'epoch' | 'batch'
  subject: string
  reasons: Reason[]
}

/**
 * Explains an account (did:key), an epoch (number) or a batch (manifest CID). Undefined when the ledger knows nothing of it.
 * With `files`, a batch is explained record by record.
 */
export function explain(state: LedgerState, subject: string | number, files?: LedgerFiles): Explanation | undefined {
  if (typeof subject === 'number') return explainEpoch(state, subject)
  if (subject.startsWith('did:')) return explainAccount(state, subject)
  const batch = state.batches.get(subject)
  return batch && { about: 'batch', subject, reasons: batchReasons(state, batch, files) }
}

function explainEpoch(state: LedgerState, number: number): Explanation | undefined {
  const result = state.results.find((one) => one.epoch === number)
  const reasons: Reason[] = []
  const { epoch } = state
  if (epoch?.number === number)
    reasons.push(
      reason('phase', `the epoch is in its ${epoch.phase} phase since entry ${epoch.phaseIndex}`, {
        index: epoch.phaseIndex,
        epoch: number,
      }),
    )
  else if (!result) return undefined
  if (result) {
    reasons.push(
      reason('close', `reveals ended with entry ${result.cut}, the table was stated at entry ${result.closeIndex}`, {
        index: result.closeIndex,
        epoch: number,
      }),
      reason(
        'attest',
        `${result.attestedBy.length} of ${result.quorum} needed validators attested its root: ${result.final ? 'final' : 'not final'}`,
        {
          epoch: number,
          facts: { attested: result.attestedBy.length, quorum: result.quorum, roster: result.roster.length },
        },
      ),
      ...result.rows.map((row) =>
        reason('row', `${row.account} ${row.role}: ${row.points} points${row.note === null ? '' : ` (${row.note})`}`, {
          epoch: number,
          facts: { ...row },
        }),
      ),
    )
  }
  return { about: 'epoch', subject: String(number), reasons }
}

function explainAccount(state: LedgerState, account: string): Explanation | undefined {
  const contributor = state.contributors.get(account)
  const seat = state.validators.get(account)
  if (!contributor && !seat) return undefined
  const reasons: Reason[] = []
  if (contributor)
    reasons.push(
      reason('joined', `joined with entry ${contributor.joinedAt}, in epoch ${contributor.joinedEpoch}`, {
        index: contributor.joinedAt,
        facts: { credibility: contributor.credibility, quota: contributor.quota },
      }),
    )
  if (seat)
    reasons.push(
      reason('seated', `${seat.active ? 'holds' : 'held'} a validator’s seat since entry ${seat.seatedAt}, ${seat.strikes} strikes`, {
        index: seat.seatedAt,
        facts: { strikes: seat.strikes },
      }),
    )
  for (const result of state.results) reasons.push(...epochOfAccount(state, result, account))
  if (contributor?.revoked)
    reasons.push(
      reason('fraud', `revoked by the proof of a failed ${contributor.revoked.check} at entry ${contributor.revoked.index}`, {
        index: contributor.revoked.index,
      }),
    )
  for (const batch of state.batches.values())
    if (batch.contributor === account) reasons.push(...batchReasons(state, batch).filter((one) => one.code !== 'counted'))
  return { about: 'account', subject: account, reasons }
}

function epochOfAccount(state: LedgerState, result: EpochResult, account: string): Reason[] {
  const { epoch } = result
  const out: Reason[] = []
  for (const row of result.rows) {
    if (row.account !== account) continue
    if (row.role === 'validator') {
      out.push(
        reason('duty', `epoch ${epoch}: ${row.draws} draws tested, ${row.fails} failed; ${row.note ?? 'all duties done'}`, {
          epoch,
          facts: { ...row },
        }),
      )
      continue
    }
    const note = row.note === null ? '' : `: ${row.note}`
    out.push(
      reason(
        'row',
        `epoch ${epoch}: ${row.records} records of value ${row.value} × credibility ${row.credibility} ppm = ${row.points} points${note}`,
        {
          epoch,
          index: result.closeIndex,
          facts: { ...row },
        },
      ),
    )
    const why = result.reasons.get(account)
    if (why) out.push(...outcomeReasons(epoch, why, row.credibility))
    out.push(...pointsReasons(state, epoch, account))
  }
  return out
}

/** The credibility formula with its numbers, then every failed draw. */
function outcomeReasons(epoch: number, why: OutcomeReasons, m: number): Reason[] {
  const { med, b, n, e, before, freshMed } = why
  const formula =
    why.rates.length === 0
      ? `nobody reported of a committee of ${why.committee.length}`
      : `fails ${med} ppm (this epoch ${freshMed}), expected ${b}, over ${n} draws; ${e} beyond the dead zone; credibility ${before} -> ${m}`
  return [
    reason('formula', `epoch ${epoch}: ${formula}`, {
      epoch,
      facts: { med, b, n, e, before, freshMed, m, committee: why.committee.length, reports: why.rates.length },
    }),
    ...why.hostCuts.map(([host, keeps]) =>
      reason('host-cut', `epoch ${epoch}: records of ${host} keep ${keeps} ppm of their value`, { epoch, facts: { host, keeps } }),
    ),
    ...why.apart.map((validator) =>
      reason('apart', `epoch ${epoch}: ${validator} stands apart from the committee`, { epoch, facts: { validator } }),
    ),
    ...why.fails.map(({ validator, manifest, row, check }) =>
      reason('fail', `epoch ${epoch}: ${validator} found that row ${row} of ${manifest.toString()} fails ${check}`, {
        epoch,
        facts: { validator, manifest: manifest.toString(), row, check },
      }),
    ),
  ]
}

function pointsReasons(state: LedgerState, epoch: number, account: string): Reason[] {
  const earned = state.contributors.get(account)?.points.get(epoch)
  if (!earned) return []
  const out: Reason[] = []
  if (earned.void !== null)
    out.push(reason('void', `epoch ${epoch}: the points are void: ${earned.void}`, { epoch, facts: { void: earned.void } }))
  if (earned.cap < PPM)
    out.push(reason('cap', `epoch ${epoch}: later conduct left ${earned.cap} ppm of the points`, { epoch, facts: { cap: earned.cap } }))
  const paid = vested(state, epoch).find((one) => one.account === account && one.epoch === epoch)?.points ?? 0n
  out.push(
    reason(
      'vesting',
      isUnvested(state, earned) ? `epoch ${epoch}: vests when epoch ${earned.vestsWith} is final` : `epoch ${epoch}: ${paid} points vested`,
      {
        epoch,
        facts: { vestsWith: earned.vestsWith, vested: paid.toString() },
      },
    ),
  )
  return out
}
