/** A pool contribution's way through the ledger, and the value of each of its chunks factor by factor. */
import { type Check, exportMailTermsOf, POOL_BANDS, PPM, poolTermsOf } from '../../schemas/wire/index.ts'
import { bandNoveltyPpm, mostTokens, mulDiv } from '../rewards/index.ts'
import { type Reason, reason } from './explain-reason.ts'
import { readPoolIndex } from './parsed-files.ts'
import { charterOf } from './rules-admission.ts'
import type { LedgerFiles, LedgerState, PoolContribution } from './types.ts'

/** What a failed check of a chunk means, in a person's words. */
export const POOL_FAILS: Partial<Record<Check, string>> = {
  D1: 'it is not what its index says, or no events at all',
  D2: 'nobody could open it: its bytes or its keys are not to be had',
  D4: 'events lie outside the months that were offered',
  D6: 'events are said twice',
  D7: 'it holds what redaction must have removed, or says more than the pool takes',
  T1: 'it does not look like the doings of one person',
}

export function contributionReasons(state: LedgerState, one: PoolContribution, files?: LedgerFiles): Reason[] {
  const { epoch, manifest } = one
  const key = one.manifestCid.toString()
  const { k, members } = one.committee
  const out = [
    reason(
      'contribution',
      `contribution ${key}: ${manifest.records} events in ${one.chunks} chunks, committed with entry ${one.commitIndex}, revealed with ${one.revealIndex}`,
      {
        index: one.revealIndex,
        epoch: one.gathered,
        facts: { records: manifest.records, chunks: one.chunks, sequence: manifest.sequence, custody: manifest.custody },
      },
    ),
    reason(
      'available',
      `contribution ${key}: ${one.available.size} of ${members.length} keyholders said that they hold it; any ${k} open it`,
      { epoch, facts: { available: one.available.size, keyholders: members.length, k } },
    ),
  ]
  if (one.retracted !== null)
    out.push(reason('retracted', `contribution ${key}: taken back by its subject`, { index: one.retracted, epoch }))
  if (one.withdrawn !== null)
    out.push(
      reason('withdrawn', `contribution ${key}: its subject withdrew; it earns nothing more, and no later release holds it`, {
        index: one.withdrawn,
        epoch,
      }),
    )
  const gone = state.withdrawals.purposesGone(one)
  if (gone.size > 0) out.push(reason('purposes', `contribution ${key}: no longer for ${[...gone].join(', ')}`, { epoch }))
  if (one.moved)
    out.push(reason('moved', `contribution ${key}: too few held it before the cut of epoch ${one.gathered}; it moved on`, { epoch }))
  if (one.dropped) out.push(reason('dropped', `contribution ${key}: it missed a second cut and counts nowhere`, { epoch }))
  if (one.deferrals > 0)
    out.push(
      reason('deferred', `contribution ${key}: put off ${one.deferrals} times for want of reports`, {
        epoch,
        facts: { deferrals: one.deferrals },
      }),
    )
  out.push(...mailReasons(state, one))
  if (one.settled !== null) out.push(reason('counted', `contribution ${key}: counted in epoch ${one.settled}`, { epoch: one.settled }))
  if (files && one.values) out.push(...chunkReasons(state, one, files))
  return out
}

/** What came of the mail that is to show whose export it is: evidence, which testers read and the table counts. */
function mailReasons(state: LedgerState, one: PoolContribution): Reason[] {
  if (one.account === null) return []
  const key = one.manifestCid.toString()
  const found = state.results
    .find(({ epoch }) => epoch === one.settled)
    ?.reasons.get(one.contributor)
    ?.mails.find(({ manifest }) => manifest.equals(one.manifestCid))
  if (found === undefined)
    return [reason('mail', `contribution ${key}: brings a mail of its service, not looked at yet`, { epoch: one.epoch })]
  const { said, heard, counts } = found
  const why = counts
    ? 'attested, which is evidence and no proof'
    : said * 2 > heard
      ? 'not attested: that account attests another contribution, too few reported, or it earned nothing'
      : 'not attested: it takes more than half of them'
  return [
    reason(
      'mail',
      `contribution ${key}: ${said} of ${heard} testers found its mail signed by the service and of the account that it names; ${why}`,
      {
        epoch: one.settled,
        facts: { said, heard, attested: counts ? 'yes' : 'no' },
      },
    ),
  ]
}

/** v = T·Q·U·A… of every chunk; what is left is demand, source and quota. */
function chunkReasons(state: LedgerState, one: PoolContribution, files: LedgerFiles): Reason[] {
  const read = readPoolIndex(files, one.manifest.index)
  if (!read.ok) return []
  const charter = charterOf(state, one.gathered)
  const terms = poolTermsOf(charter)
  const { minTokens, unattestedPpm } = terms
  const mails = exportMailTermsOf(terms)
  const isAttested = one.attested === true && mails !== undefined
  const [word, origin] = isAttested ? ['attested', mails.attestedPpm] : ['unattested', unattestedPpm]
  const most = mostTokens(read.value.rows, charter)
  const hasTokens = read.value.tokens.length > 0
  const left = state.results.find(({ epoch }) => epoch === one.settled)?.values.get(one.manifestCid.toString())
  return read.value.rows.map((row, i) => {
    const { value: without, novelty: shared, attested = without } = one.values?.at(i) ?? { value: 0, novelty: 0 }
    const value = isAttested ? attested : without
    const failed = value > 0 && left?.at(i)?.value === 0 ? '; most of its testers failed it, so it counts nothing' : ''
    const novelty = bandNoveltyPpm(hasTokens ? shared : null, charter)
    const mass = row.tokens < minTokens ? 0 : 1000 * Math.min(row.tokens, most)
    const before = [row.quality, novelty, origin].reduce((v, ppm) => mulDiv(v, ppm, PPM), mass)
    const rest = before === 0 ? PPM : mulDiv(value, PPM, before)
    const known = hasTokens ? `${shared} of ${POOL_BANDS} bands known` : 'without tokens'
    return reason(
      'value',
      `chunk ${i}: ${row.events} events of ${row.source}, ${row.tokens} tokens × quality ${row.quality} × novelty ${novelty} (${known}) × ${word} ${origin} × demand, source and quota ${rest} = ${value}${failed}`,
      { epoch: one.settled, facts: { row: i, value, tokens: row.tokens, quality: row.quality, novelty, shared, rest } },
    )
  })
}
