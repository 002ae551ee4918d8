/** Why the ledger says what it says: every number of a row, a batch or an epoch with the entries and the formula behind it. */
import { type Check, PPM } from '../../schemas/wire/index.ts'
import type { LeftOut } from '../rewards/index.ts'
import { batchReasons } from './explain-batch.ts'
import { contributionReasons, POOL_FAILS } from './explain-contribution.ts'
import { type Reason, reason } from './explain-reason.ts'
import { byAccount } from './seats.ts'
import type { EpochResult, LedgerFiles, LedgerState, OutcomeReasons } from './types.ts'
import { isUnvested, leftOf, vested } from './vesting.ts'

export interface Explanation {
  about: 'account' | 'epoch' | 'batch' | 'contribution'
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
  const contribution = state.contributions.get(subject)
  if (contribution) return { about: 'contribution', subject, reasons: contributionReasons(state, contribution, files) }
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
      shareReason(state, account),
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
  for (const one of state.contributions.values())
    if (one.contributor === account) reasons.push(...contributionReasons(state, one).filter(({ code }) => code !== 'counted'))
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
    if (why) out.push(...outcomeReasons(state, epoch, why, row.credibility))
    out.push(...pointsReasons(state, epoch, account))
  }
  return out
}

/** What all of it came to beside everybody else's: the share that a release of everything would pay, as things stand. */
function shareReason(state: LedgerState, account: string): Reason {
  let [earned, left, all] = [0n, 0n, 0n]
  const counted = [...state.contributors.values()].filter(({ points }) => points.size > 0)
  for (const one of counted)
    for (const points of one.points.values()) {
      all += leftOf(points)
      if (one.account !== account) continue
      earned += points.points
      left += leftOf(points)
    }
  const ppm = all === 0n ? 0n : (left * BigInt(PPM)) / all
  return reason('share', `in all: ${earned} points stated, ${left} left of them: ${ppm} ppm of what ${counted.length} contributors have`, {
    facts: { stated: earned.toString(), left: left.toString(), ppm: Number(ppm), contributors: counted.length },
  })
}

/** The credibility formula with its numbers, then every record that failed, with the validators that say so. */
function outcomeReasons(state: LedgerState, epoch: number, why: OutcomeReasons, m: number): Reason[] {
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
    ...leftOutReasons(epoch, why.leftOut),
    ...why.apart.map((validator) =>
      reason('apart', `epoch ${epoch}: ${validator} stands apart from the committee`, { epoch, facts: { validator } }),
    ),
    ...failedRows(why.fails).map(({ validators, manifest, row, check }) =>
      reason(
        'fail',
        `epoch ${epoch}: row ${row} of ${manifest} fails ${check}, ${(state.contributions.has(manifest) ? POOL_FAILS : FAILS)[check] ?? 'as its proof shows'}: say ${validators.length} of ${why.rates.length} validators (${validators.map(short).join(' ')})`,
        { epoch, facts: { manifest, row, check, validators: validators.length, by: validators.join(' ') } },
      ),
    ),
  ]
}

function leftOutReasons(epoch: number, { closed, others }: LeftOut): Reason[] {
  const kept: [string | null, number][] = [...[...closed].map((host): [string, number] => [host, 0]), [null, others]]
  return kept
    .filter(([, keeps]) => keeps < PPM)
    .map(([host, keeps]) => {
      const text = `epoch ${epoch}: pages of ${host ?? 'other hosts'} that nobody could ask for earn nothing: records there keep ${keeps} ppm`
      return reason('left-out', text, { epoch, facts: { host, keeps } })
    })
}

/** Enough of an account for people to tell validators apart; `facts` hold all of it. */
const short = (account: string): string => `…${account.slice(-8)}`

/** What a failed check means that nobody can prove, in a person's words. */
const FAILS: Partial<Record<Check, string>> = {
  D2: 'its bytes are not to be had',
  T1: 'the page says something else when it is fetched again',
  T2: 'the page is gone or closed to the validator',
}

/** One for each record and check, in the order of rows; validators by account. */
function failedRows(fails: OutcomeReasons['fails']): { manifest: string; row: number; check: Check; validators: string[] }[] {
  const rows = new Map<string, { manifest: string; row: number; check: Check; validators: string[] }>()
  for (const { validator, manifest: cid, row, check } of fails) {
    const manifest = cid.toString()
    const key = `${manifest} ${row} ${check}`
    const known = rows.get(key)
    if (known) known.validators.push(validator)
    else rows.set(key, { manifest, row, check, validators: [validator] })
  }
  for (const { validators } of rows.values()) validators.sort(byAccount)
  return [...rows.values()].toSorted((a, b) => byAccount(a.manifest, b.manifest) || a.row - b.row || byAccount(a.check, b.check))
}

function pointsReasons(state: LedgerState, epoch: number, account: string): Reason[] {
  const earned = state.contributors.get(account)?.points.get(epoch)
  if (!earned) return []
  const out: Reason[] = []
  if (earned.void !== null)
    out.push(reason('void', `epoch ${epoch}: the points are void: ${earned.void}`, { epoch, facts: { void: earned.void } }))
  if (earned.cap < PPM)
    out.push(
      reason('cap', `epoch ${epoch}: not vested yet when credibility fell later: capped, ${earned.cap} ppm of the points are left`, {
        epoch,
        facts: { cap: earned.cap, left: leftOf(earned).toString() },
      }),
    )
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
