/** The epoch's phases: when the operator may end one, and what its end fixes. */
import { type CID, PHASES, type Phase } from '../../schemas/wire/index.ts'
import { beginEpoch } from './begin-epoch.ts'
import { closeEpoch } from './close-epoch.ts'
import { cutEpoch } from './cut-epoch.ts'
import { readNote } from './notes.ts'
import { mayRun } from './rules-terms.ts'
import { quorum, seatedValidators } from './seats.ts'
import type { LedgerState } from './types.ts'
import { valueEpoch } from './value-epoch.ts'
import { type Refusal, refuse, type Rule, type View } from './view.ts'

/** Where the ledger stands: epoch 0 and phase null before the first epoch opened. */
export interface PhaseNow {
  epoch: number
  phase: Phase | null
  /** Log index of the entry that began the phase; -1 before the first. */
  since: number
  /** When it began, Unix seconds by median cosignature time; 0 unknown. */
  time: number
  /** What the next `epoch.phase` entry must say. */
  next: { epoch: number; phase: Phase }
}

export function phaseOf(state: LedgerState): PhaseNow {
  const { epoch } = state
  if (epoch === null) return { epoch: 0, phase: null, since: -1, time: 0, next: { epoch: 1, phase: 'gather' } }
  const after = PHASES[PHASES.indexOf(epoch.phase) + 1]
  const next = after === undefined ? { epoch: epoch.number + 1, phase: PHASES[0] } : { epoch: epoch.number, phase: after }
  return { epoch: epoch.number, phase: epoch.phase, since: epoch.phaseIndex, time: epoch.phaseTime, next }
}

export type MayAdvance = { ok: true; next: { epoch: number; phase: Phase }; time: number } | { ok: false; code: string; reason: string }

const no = ({ code, message }: Refusal): MayAdvance => ({ ok: false, code, reason: message })

/**
 * Whether an `epoch.phase` entry that carries `note` would be legal now, and the time (Unix seconds) its phase would begin with.
 * `note` is a checkpoint of this log that covers the entry which began the ending phase and carries cosignatures of a quorum of the seated
 * validators; it may be '' while nobody is seated, and for the very first phase under rules that give gathering no minimum of seconds.
 * The phase has lasted long enough when the charter's `minEntries` were logged in it, or `minSeconds` passed from its beginning to the median
 * cosignature time of the note.
 */
export function mayAdvance(state: LedgerState, note: string): MayAdvance {
  const now = phaseOf(state)
  const missing = notReady(state)
  if (missing) return no(missing)
  const timeless = note === '' && (quorum(state) === 0 || (now.phase === null && state.charter.epoch.gather.minSeconds === 0))
  let time = now.time
  if (!timeless) {
    const read = readNote(state, note, Math.max(now.since, 0))
    if (!read.ok) return no(read)
    time = Math.max(time, read.time)
  }
  if (now.phase === null) return { ok: true, next: now.next, time }
  const limits = state.charter.epoch[now.phase]
  const entries = state.size - now.since - 1
  const seconds = time - now.time
  // without a validator nobody but the operator could tell the time, so its word is all there is
  const lasted = entries >= limits.minEntries || seconds >= limits.minSeconds || quorum(state) === 0
  if (!lasted)
    return no(
      refuse(
        'TOO_EARLY',
        `${now.phase} lasted ${seconds} of ${limits.minSeconds} seconds and holds ${entries} of ${limits.minEntries} entries`,
      ),
    )
  if (now.phase === 'beacon') {
    const opened = state.epoch?.beaconReveals.size ?? 0
    if (opened < quorum(state) && seconds < limits.maxSeconds)
      return no(
        refuse(
          'NO_BEACON',
          `${opened} validators opened their beacon preimage, ${quorum(state)} are wanted before ${limits.maxSeconds} seconds`,
        ),
      )
  }
  return { ok: true, next: now.next, time }
}

/** What must be there besides time. */
function notReady(state: LedgerState): Refusal | undefined {
  const { epoch, charter, results } = state
  if (epoch === null) {
    const seats = seatedValidators(state).length
    if (seats < charter.validators.minimum)
      return refuse('TOO_FEW_VALIDATORS', `${seats} of ${charter.validators.minimum} validators are seated`)
    if (state.contributors.size < charter.contributors.minimum)
      return refuse('TOO_FEW_CONTRIBUTORS', `${state.contributors.size} of ${charter.contributors.minimum} contributors joined`)
    return undefined
  }
  if (epoch.phase !== 'close') return undefined
  const result = results.at(-1)
  if (result?.epoch !== epoch.number) return refuse('NOT_CLOSED', `epoch ${epoch.number} has no epoch.close`)
  if (!result.final) return refuse('NOT_FINAL', `${result.attestedBy.length} of ${result.quorum} validators attested epoch ${epoch.number}`)
  return undefined
}

/** Of a contribution, and of all that were before it: equal tokens are looked for among them. */
function indexesToValue(state: LedgerState, key: string): CID[] {
  const one = state.contributions.get(key)
  return one?.values === null ? [...state.contributions.values()].map(({ manifest }) => manifest.index) : []
}

export const epochPhase: Rule<'epoch.phase'> = {
  needs(entry, { state }) {
    const { next } = phaseOf(state)
    if (state.light || entry.p.phase !== 'test' || next.phase !== 'test' || entry.p.epoch !== next.epoch) return []
    // what values are computed from; a batch that a deferral carried along has its values already
    return (state.epoch?.batches ?? []).flatMap((key) => {
      const batch = state.batches.get(key)
      if (batch) return batch.values === null ? [batch.manifest.index, batch.manifest.sketches] : []
      return indexesToValue(state, key)
    })
  },
  check(entry, { state }) {
    const wrong = mayRun(state, entry.a)
    if (wrong) return wrong
    const { next } = phaseOf(state)
    if (entry.p.epoch !== next.epoch || entry.p.phase !== next.phase)
      return refuse('WRONG_PHASE', `the next phase is ${next.phase} of epoch ${next.epoch}, not ${entry.p.phase} of ${entry.p.epoch}`)
    const may = mayAdvance(state, entry.p.note)
    return may.ok ? undefined : refuse(may.code, may.reason)
  },
  apply(entry, view) {
    const may = mayAdvance(view.state, entry.p.note)
    if (may.ok) enter(view, may.next, may.time)
  },
}

function enter(view: View, next: { epoch: number; phase: Phase }, time: number): void {
  const { state, index } = view
  if (next.phase === 'gather') {
    beginEpoch(state, next.epoch, index, time)
    return
  }
  const { epoch } = state
  if (epoch === null) return
  // each of these computes first and changes the state last
  if (next.phase === 'beacon') cutEpoch(state, epoch, index, time)
  else if (next.phase === 'test') valueEpoch(view, epoch)
  else if (next.phase === 'close') closeEpoch(view, epoch)
  epoch.phase = next.phase
  epoch.phaseIndex = index
  epoch.phaseTime = time
}
