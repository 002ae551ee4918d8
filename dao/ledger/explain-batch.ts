/** A batch's way through the ledger, and the value of each of its records factor by factor. */
import { PPM } from '../../schemas/wire/index.ts'
import { mulDiv, noveltyPpm, onLease } from '../rewards/index.ts'
import { holdersIn } from './engine.ts'
import { type Reason, reason } from './explain-reason.ts'
import { readBatch } from './read-batch.ts'
import { charterOf } from './rules-admission.ts'
import { severityOf } from './severity.ts'
import type { BatchState, LedgerFiles, LedgerState } from './types.ts'

export function batchReasons(state: LedgerState, batch: BatchState, files?: LedgerFiles): Reason[] {
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
    const { value, novelty } = batch.values?.at(i) ?? { value: 0, novelty: 0 }
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
