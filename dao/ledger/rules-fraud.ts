/** Proven fraud: replayed by everybody, decided by nobody, in force from its place in the log. */
import { Lru } from '../../schemas/cache/index.ts'
import { FatalError, InvalidInputError } from '../../core/errors/index.ts'
import { type Check, type CID, matchesCid, type Payload, toHex } from '../../schemas/wire/index.ts'
import { type FraudVerdict, type RowFacts, verifyFraudProof } from '../checks/index.ts'
import { burnUnvested } from '../rewards/index.ts'
import { dateWindow } from './date-window.ts'
import { notAnObject, requireFile } from './parsed-files.ts'
import { charterOf } from './rules-admission.ts'
import { type Severity, severityOf } from './severity.ts'
import type { BatchState, EpochPoints, LedgerState } from './types.ts'
import { isUnvested, lastFinalEpoch } from './vesting.ts'
import { refuse, type Rule, type View } from './view.ts'

/** A replay is looked at by the door, the fold, and every replica of a process; the log before the entry decides its facts. */
const verdicts = new Lru<string, FraudVerdict>(256)

function verdictOf({ manifest, proof }: Payload<'fraud.proof'>, { state, files, index }: View): FraudVerdict {
  const bytes = requireFile(files, proof)
  if (!matchesCid(proof, bytes))
    throw new FatalError('FILE_CORRUPT', `the bytes of the ledger file ${proof.toString()} are others than it names`)
  const key = `${toHex(state.tree.rootAt(index) ?? new Uint8Array())}/${manifest.toString()}/${proof.toString()}`
  return verdicts.recall(key, () => verifyFraudProof(bytes, files, { ...rowFacts(state, manifest), manifestCid: manifest }))
}

/** What the ledger says of a revealed batch, as checks ask for it. Throws InvalidInputError UNKNOWN_BATCH. */
export function rowFacts(state: LedgerState, manifest: CID): RowFacts {
  const batch = state.batches.get(manifest.toString())
  if (!batch) throw new InvalidInputError('UNKNOWN_BATCH', `${manifest.toString()} was not revealed`)
  return { charter: charterOf(state, batch.gathered), contributor: batch.contributor, salt: batch.salt, dates: dateWindow(state, batch) }
}

export const fraudProof: Rule<'fraud.proof'> = {
  needs(entry, { state }) {
    const batch = state.batches.get(entry.p.manifest.toString())
    return batch && isReplayed(state, entry.p.check) ? [entry.p.proof, batch.manifest.index, batch.manifest.sketches] : []
  },
  check(entry, view) {
    const { p } = entry
    const { state } = view
    const batch = state.batches.get(p.manifest.toString())
    if (!batch) return refuse('UNKNOWN_BATCH', `${p.manifest.toString()} was not revealed`)
    if (batch.retracted !== null) return refuse('RETRACTED', 'its author took the batch back before the beacon; bugs are not crimes')
    if (severityOf(p.check) === undefined) return refuse('NOT_PROVABLE', `a failed ${p.check} is no fraud that can be proven`)
    const wrong = notAnObject(p.proof)
    if (wrong) return wrong
    const known = refuse('KNOWN', `the batch is void, or its author revoked, already`)
    if (isPunished(state, batch, severityOf(p.check))) return known
    if (!isReplayed(state, p.check)) return undefined
    const verdict = verdictOf(p, view)
    if (!verdict.valid) return refuse(verdict.code, verdict.reason)
    if (verdict.check !== p.check || verdict.row !== p.row)
      return refuse('OTHER_CHECK', `the proof is about ${verdict.check} of row ${verdict.row}`)
    return isPunished(state, batch, severityOf(p.check, verdict.code)) ? known : undefined
  },
  apply(entry, view) {
    const { state, index } = view
    const { p } = entry
    const batch = state.batches.get(p.manifest.toString())
    if (!batch) return
    const verdict = isReplayed(state, p.check) ? verdictOf(p, view) : undefined
    const code = verdict?.valid ? verdict.code : undefined
    const reason = verdict?.reason ?? 'taken from the quorum in a light fold'
    const { contributor } = batch
    state.frauds.push({ index, by: entry.a, check: p.check, manifest: p.manifest, row: p.row, contributor, valid: true, reason })
    punish(state, batch, { check: p.check, index, by: entry.a, row: p.row }, code)
  },
  note(entry, { state, index }, refusal) {
    const contributor = state.batches.get(entry.p.manifest.toString())?.contributor ?? ''
    const { check, manifest, row } = entry.p
    state.frauds.push({
      index,
      by: entry.a,
      check,
      manifest,
      row,
      contributor,
      valid: false,
      reason: `${refusal.code}: ${refusal.message}`,
    })
  },
}

/** A light fold takes the door's word, except for D4: whether a date or a forgery was proven decides between one batch and an identity. */
const isReplayed = (state: LedgerState, check: Check): boolean => !state.light || check === 'D4'

/** Whether a further proof of this severity would change nothing. */
function isPunished(state: LedgerState, batch: BatchState, severity: Severity | undefined): boolean {
  if (state.contributors.get(batch.contributor)?.revoked) return true
  return batch.voided !== null && (severity === 'S1' || (severity === 'S2' && isVoidByS2(batch.voided)))
}

/** A batch void for S3 has a revoked author; what is void besides is so for S2 or, D4 with a wrong date among it, for S1. */
const isVoidByS2 = ({ check }: { check: Check }): boolean => severityOf(check) === 'S2'

function punish(state: LedgerState, batch: BatchState, fraud: NonNullable<BatchState['voided']>, code: string | undefined): void {
  const severity = severityOf(fraud.check, code)
  const contributor = state.contributors.get(batch.contributor)
  if (!contributor || severity === undefined) return
  const key = batch.manifestCid.toString()
  batch.voided ??= fraud
  if (severity === 'S1') {
    if (batch.settled !== null) change(state, contributor.points, batch.settled, (earned) => without(earned, key))
    return
  }
  if (severity === 'S2') {
    // the graver check decides the epoch's table when it is not closed yet
    if (!isVoidByS2(batch.voided)) batch.voided = fraud
    if (batch.settled !== null) change(state, contributor.points, batch.settled, (earned) => ({ ...earned, void: `S2 ${fraud.check}` }))
    return
  }
  contributor.revoked = { index: fraud.index, check: fraud.check }
  contributor.credibility = 0
  burnUnvested(contributor.points, lastFinalEpoch(state), `S3 ${fraud.check}`)
  for (const [index, commit] of state.commits) if (commit.author === batch.contributor) state.commits.delete(index)
}

/** Only what has not vested can be taken. */
function change(state: LedgerState, points: Map<number, EpochPoints>, epoch: number, by: (earned: EpochPoints) => EpochPoints): void {
  const earned = points.get(epoch)
  if (earned && isUnvested(state, earned) && earned.void === null) points.set(epoch, by(earned))
}

function without(earned: EpochPoints, key: string): EpochPoints {
  const batches = new Map([...earned.batches].filter(([other]) => other !== key))
  return { ...earned, batches }
}
