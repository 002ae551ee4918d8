/** A later term: validators took the log from a sequencer that stalled or lied, and the next one of them appends. */
import { QuernError } from '../../core/errors/index.ts'
import { equalBytes, WireError } from '../../schemas/wire/index.ts'
import { logOrigin, parseVkey, policyOf, SIGNATURE_TYPES, type TermRules, verifyTakeover } from '../log/index.ts'
import { RootHistory } from './root-history.ts'
import { quorum, seatedValidators } from './seats.ts'
import type { LedgerState } from './types.ts'
import { type Refusal, refuse, type Rule } from './view.ts'

/** Whose term it is: the seated validators by account, one after the other. Undefined while nobody is seated. */
export function sequencerOf(state: LedgerState, term: number): string | undefined {
  const seats = seatedValidators(state)
  return seats[term % seats.length]?.statement.validator
}

/** By which roster, quorum and policy the next term's certificate is judged, as the history stands. */
export function termRules(state: LedgerState): TermRules {
  const roster = seatedValidators(state).map(({ statement }) => ({ account: statement.validator, witness: statement.witness }))
  const policy = policyOf({ logs: [state.logKey], witnesses: roster.map((seat) => seat.witness), quorum: quorum(state) })
  return { ledgerId: state.id, term: state.term + 1, roster, quorum: quorum(state), policy }
}

/** Phases and closes may be stated by the operator, and by the validator whose term it is: a lost operator stops no epoch. */
export function mayRun(state: LedgerState, author: string): Refusal | undefined {
  return author === state.operator || author === state.sequencer
    ? undefined
    : refuse('NOT_OPERATOR', 'only the operator or the sequencer writes this')
}

/**
 * The first entry of a term's log. Replay is the terms one after the other, each up to the checkpoint that the next one's certificate names:
 * so the history must stand exactly there. What the old log holds beyond it is submitted again by its authors.
 */
export const takeover: Rule<'takeover'> = {
  check({ a, p }, { state }) {
    if (p.term !== state.term + 1) return refuse('WRONG_TERM', `the next term is ${state.term + 1}`)
    if (sequencerOf(state, p.term) !== a)
      return refuse('NOT_SEQUENCER', `term ${p.term} is that of ${sequencerOf(state, p.term) ?? 'nobody'}`)
    return checkLogKey(p.log, logOrigin(state.id, p.term)) ?? checkCertificate(state, p.certificate)
  },
  apply({ a, p }, { state, index }) {
    state.term = p.term
    state.termStart = index
    state.termTree = new RootHistory()
    state.sequencer = a
    state.logKey = p.log
  },
}

function checkLogKey(vkey: string, origin: string): Refusal | undefined {
  try {
    const { name, type } = parseVkey(vkey)
    return name === origin && type === SIGNATURE_TYPES.ed25519
      ? undefined
      : refuse('BAD_VKEY', `the log’s key is no Ed25519 key named ${origin}`)
  } catch (thrown) {
    if (thrown instanceof QuernError) return refuse(thrown.code, thrown.message)
    throw thrown
  }
}

function checkCertificate(state: LedgerState, certificate: Uint8Array): Refusal | undefined {
  let end: { size: number; root: Uint8Array } | null
  try {
    end = verifyTakeover(termRules(state), certificate)
  } catch (thrown) {
    if (thrown instanceof QuernError || thrown instanceof WireError) return refuse(thrown.code, thrown.message)
    throw thrown
  }
  const size = state.size - state.termStart
  const isHere = end !== null && end.size === size && equalBytes(state.termTree.root, end.root)
  return isHere ? undefined : refuse('WRONG_PLACE', `term ${state.term} ends with ${end?.size ?? 0} entries; the history has ${size} of it`)
}
