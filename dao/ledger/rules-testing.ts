/** Beacon, probes and reports: what validators say between the cut and the close. */
import { Lru } from '../../schemas/cache/index.ts'
import { equalBytes, reportHash, sha256, toHex } from '../../schemas/wire/index.ts'
import { drawsFor, sameDraws } from './draws.ts'
import { readReport } from './parsed-files.ts'
import { isSeated } from './seats.ts'
import type { EpochState, LedgerState } from './types.ts'
import { type Refusal, refuse, type Rule } from './view.ts'

/** The open epoch, when it is the one an entry names and in one of the phases. */
export function inPhase(state: LedgerState, epoch: number, phases: readonly EpochState['phase'][]): Refusal | undefined {
  if (state.epoch === null || state.epoch.number !== epoch) return refuse('WRONG_EPOCH', `this is epoch ${state.epoch?.number ?? 0}`)
  if (!phases.includes(state.epoch.phase)) return refuse('WRONG_PHASE', `legal in ${phases.join(', ')}, and this is ${state.epoch.phase}`)
  return undefined
}

/** Seated at the cut; a removal after it counts from the next epoch. */
const inRoster = (state: LedgerState, account: string): boolean => state.epoch?.roster.includes(account) ?? false

/** The beacon chain opens one link per epoch: SHA-256(preimage) is what was opened last. */
export const beaconReveal: Rule<'beacon.reveal'> = {
  check(entry, { state }) {
    const wrong = inPhase(state, entry.p.epoch, ['beacon'])
    if (wrong) return wrong
    if (!inRoster(state, entry.a)) return refuse('NOT_SEATED', `${entry.a} held no seat at the cut`)
    if (state.epoch?.beaconReveals.has(entry.a)) return refuse('REPEATED', 'a validator opens one preimage per epoch')
    const tip = state.validators.get(entry.a)?.beaconTip
    if (!tip || !equalBytes(sha256(entry.p.preimage), tip))
      return refuse('BAD_PREIMAGE', 'the preimage does not hash to the last one opened')
    return undefined
  },
  apply(entry, { state }) {
    const seat = state.validators.get(entry.a)
    if (seat) seat.beaconTip = entry.p.preimage
    state.epoch?.beaconReveals.set(entry.a, entry.p.preimage)
  },
}

export const reportCommit: Rule<'report.commit'> = {
  check(entry, { state }) {
    // not in the report phase: a commit after the first reveal could copy it
    const wrong = inPhase(state, entry.p.epoch, ['test'])
    if (wrong) return wrong
    if (!inRoster(state, entry.a)) return refuse('NOT_SEATED', `${entry.a} held no seat at the cut`)
    if (state.epoch?.reportCommits.has(entry.a)) return refuse('REPEATED', 'a validator commits to one report per epoch')
    return undefined
  },
  apply(entry, { state, index }) {
    state.epoch?.reportCommits.set(entry.a, { index, hash: entry.p.hash })
  },
}

export const reportReveal: Rule<'report.reveal'> = {
  needs: (entry, { state }) => (state.light ? [] : [entry.p.report]),
  check(entry, { state, files }) {
    const { p } = entry
    const wrong = inPhase(state, p.epoch, ['report'])
    if (wrong) return wrong
    const { epoch } = state
    const committed = epoch?.reportCommits.get(entry.a)
    if (!committed || committed.index !== p.commit)
      return refuse('NO_COMMIT', `entry ${p.commit} is no report commit of ${entry.a} in this epoch`)
    if (epoch?.reports.has(entry.a) || epoch?.voidReports.has(entry.a)) return refuse('REPEATED', 'the report was revealed already')
    if (!equalBytes(reportHash(p.report, p.salt, entry.a), committed.hash))
      return refuse('COMMIT_MISMATCH', 'report and salt do not hash to the commit')
    const tip = state.validators.get(entry.a)?.sampleTip
    if (!tip || !equalBytes(sha256(p.preimage), tip))
      return refuse('BAD_PREIMAGE', 'the sampling preimage does not hash to the last one opened')
    if (state.light) return undefined
    const report = readReport(files, p.report)
    if (!report.ok) return report.refusal
    if (report.value.epoch !== p.epoch || report.value.validator !== entry.a)
      return refuse('NOT_YOURS', 'the report names another epoch or validator')
    return undefined
  },
  /** The preimage is public from here on, so the chain moves even when the report turns out void. */
  apply(entry, { state, files, index }) {
    const { epoch } = state
    const seat = state.validators.get(entry.a)
    if (!epoch || !seat) return
    seat.sampleTip = entry.p.preimage
    const report = state.light ? undefined : readReport(files, entry.p.report)
    if (!report?.ok) {
      epoch.voidReports.set(entry.a, 'not read in a light fold')
      return
    }
    // the log before this entry decides what had to be drawn
    const key = `${toHex(state.tree.rootAt(index) ?? entry.p.preimage)}/${entry.p.report.toString()}`
    const { reason } = held.recall(key, () => ({ reason: sameDraws(report.value, drawsFor(state, entry.a, entry.p.preimage)) }))
    if (reason === undefined) epoch.reports.set(entry.a, report.value)
    else epoch.voidReports.set(entry.a, reason)
  },
}

/** Reports held against their draws, shared between the replicas of a process. */
const held = new Lru<string, { reason: string | undefined }>(4096)

/** Probes have their place in the log; what they show enters weights when the probe rules come into force. */
export const probeCommit: Rule<'probe.commit'> = {
  check: (entry, { state }) =>
    isSeated(state, entry.a) ? inPhase(state, entry.p.epoch, ['gather', 'reveal']) : refuse('NOT_SEATED', `${entry.a} holds no seat`),
  apply: () => undefined,
}

export const probeReveal: Rule<'probe.reveal'> = {
  check: (entry, { state }) =>
    isSeated(state, entry.a) ? inPhase(state, entry.p.epoch, ['probe']) : refuse('NOT_SEATED', `${entry.a} holds no seat`),
  apply: () => undefined,
}
