/** Why the ledger says what it says: every number of a row, a batch or an epoch with the entries and the formula behind it. */
import { PPM } from '../../schemas/wire/index.ts'
import { mulDiv, noveltyPpm, onLease } from '../rewards/index.ts'
import { holdersIn } from './engine.ts'
import { readBatch } from './read-batch.ts'
import { charterOf } from './rules-admission.ts'
import { severityOf } from './severity.ts'
import type { BatchState, EpochResult, LedgerFiles, LedgerState, OutcomeReasons } from './types.ts'
import { isUnvested, vested } from './vesting.ts'

/** One step of an explanation. `text` is for people; `code` and `facts` for programs. */
export interface Reason {
  /** `row`, `formula`, `fail`, `fraud`, `void`, `points`, `vesting`, `lease`, `value`, `moved`, `duty`, `phase`, `attest`, `invalid`… */
  code: string
  text: string
  /** Log index of the entry that shows it; null for what follows from several. */
  index: number | null
  epoch: number | null
  facts: Record<string, string | number | null>
}

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

const reason = (code: string, text: string, more: Partial<Omit<Reason, 'code' | 'text'>> = {}): Reason => ({
  code,
  text,
  index: null,
  epoch: null,
  facts: {},
  ...more,
})

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

function batchReasons(state: LedgerState, batch: BatchState, files?: LedgerFiles): Reason[] {
  const { epoch } = batch
  const key = batch.manifestCid.toString()
  const out = [
    reason(
      'batch',
      `batch ${key}: ${batch.manifest.count} records, committed with entry ${batch.commitIndex}, revealed with ${batch.revealIndex}`,
      {
        index: batch.revealIndex,
        epoch: batch.gathered,
        facts: { records: batch.manifest.count, sequence: batch.manifest.sequence },
      },
    ),
    reason('available', `batch ${key}: ${batch.available.size} validators said that they serve it`, {
      epoch,
      facts: { available: batch.available.size },
    }),
  ]
  if (batch.retracted !== null) out.push(reason('retracted', `batch ${key}: taken back by its author`, { index: batch.retracted, epoch }))
  if (batch.moved)
    out.push(reason('moved', `batch ${key}: too few served it before the cut of epoch ${batch.gathered}; it moved on`, { epoch }))
  if (batch.dropped) out.push(reason('dropped', `batch ${key}: it missed a second cut and counts nowhere`, { epoch }))
  if (batch.deferrals > 0)
    out.push(
      reason('deferred', `batch ${key}: put off ${batch.deferrals} times for want of reports`, {
        epoch,
        facts: { deferrals: batch.deferrals },
      }),
    )
  for (const fraud of state.frauds)
    if (fraud.manifest.equals(batch.manifestCid))
      out.push(
        reason('fraud', `batch ${key}: ${fraud.valid ? 'proven' : 'refused'} fraud ${fraud.check} of row ${fraud.row}: ${fraud.reason}`, {
          index: fraud.index,
          epoch,
          facts: { check: fraud.check, row: fraud.row, by: fraud.by, severity: severityOf(fraud.check) ?? null },
        }),
      )
  if (batch.voided?.by === '')
    out.push(
      reason('void', `batch ${key}: its files fail ${batch.voided.check} for everybody`, {
        index: batch.voided.index,
        epoch,
        facts: { check: batch.voided.check },
      }),
    )
  if (batch.settled !== null) out.push(reason('counted', `batch ${key}: counted in epoch ${batch.settled}`, { epoch: batch.settled }))
  if (files && batch.values) out.push(...recordReasons(state, batch, files))
  return out
}

/** v = T·Q·U·O… of every record, as far as the state still knows the factors; what is left is the host's and the demand's. */
function recordReasons(state: LedgerState, batch: BatchState, files: LedgerFiles): Reason[] {
  const read = readBatch(files, batch)
  if (!read.ok) return []
  const charter = charterOf(state, batch.gathered)
  const hasLeases = charter.epoch.leases !== 'none'
  const holders = holdersIn(state, batch.gathered)
  // leases of long ago are forgotten: their factor is then part of the rest
  const leaseOf = (host: string): number =>
    hasLeases && state.leases.has(batch.gathered) && !onLease(holders(host), batch.contributor) ? charter.value.offLeasePpm : PPM
  return read.rows.map((row, i) => {
    const { value, novelty } = batch.values?.[i] ?? { value: 0, novelty: 0 }
    const lease = leaseOf(row.host)
    const factors = { quality: row.quality, novelty: noveltyPpm(novelty, charter), lease }
    const mass = row.tokens < charter.value.minTokens ? 0 : 1000 * Math.min(row.tokens, charter.value.maxTokens)
    const before = Object.values(factors).reduce((v, ppm) => mulDiv(v, ppm, PPM), mass)
    const rest = before === 0 ? PPM : mulDiv(value, PPM, before)
    return reason(
      'value',
      `row ${i} of ${row.host}: ${row.tokens} tokens × quality ${row.quality} × novelty ${factors.novelty} (${novelty} of 128 lanes known) × lease ${lease} × demand, freshness and host ${rest} = ${value}`,
      { epoch: batch.settled, facts: { row: i, value, tokens: row.tokens, lanes: novelty, rest, ...factors } },
    )
  })
}
