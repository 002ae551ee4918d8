/** Who belongs to the ledger: genesis, roster, charter versions, contributors. */
import { verifyShaped } from '../../core/envelope/index.ts'
import { type Charter, equalBytes, ledgerIdOf, type ValidatorStatement } from '../../schemas/wire/index.ts'
import { charterFiles, policyRefusal } from './charter-files.ts'
import { isWitnessKey, publicKeyOf } from './notes.ts'
import { readCharter } from './parsed-files.ts'
import { isSeated } from './seats.ts'
import { newContributor } from './state.ts'
import type { LedgerState } from './types.ts'
import { type Refusal, refuse, type Rule } from './view.ts'

/** Entry 0: the operator signs the charter's CID and the log's key. */
export const genesis: Rule<'genesis'> = {
  needs: (entry, { files }) => charterFiles(files, entry.p.charter),
  check(entry, { state, files, index }) {
    if (index !== 0 || state.operator !== '') return refuse('NOT_FIRST', 'genesis is entry 0 and only that')
    const id = ledgerIdOf(entry.p.charter)
    if (state.id !== '' && id !== state.id) return refuse('WRONG_LEDGER', `this genesis begins ${id}, not ${state.id}`)
    const charter = readCharter(files, entry.p.charter)
    if (!charter.ok) return charter.refusal
    if (charter.value.operator !== entry.a) return refuse('NOT_OPERATOR', 'the charter names another operator than the author of genesis')
    return policyRefusal(files, charter.value, { operator: entry.a, ledger: id })
  },
  apply(entry, { state, files }) {
    const charter = readCharter(files, entry.p.charter)
    if (!charter.ok) return
    state.operator = entry.a
    state.sequencer = entry.a
    state.logKey = entry.p.log
    state.charter = charter.value
    state.charterCid = entry.p.charter
    state.charters.push({ charter: charter.value, cid: entry.p.charter, from: 0 })
    state.bases = charter.value.credibility.basePpm
  },
}

export function notOperator(state: LedgerState, author: string): Refusal | undefined {
  return author === state.operator ? undefined : refuse('NOT_OPERATOR', 'only the operator writes this')
}

export const roster: Rule<'roster'> = {
  check(entry, { state }) {
    const wrong = notOperator(state, entry.a)
    if (wrong) return wrong
    const named = [...entry.p.add.map((statement) => statement.validator), ...entry.p.remove]
    if (new Set(named).size !== named.length) return refuse('NAMED_TWICE', 'a roster entry names each validator once')
    for (const account of entry.p.remove) if (!isSeated(state, account)) return refuse('NOT_SEATED', `${account} holds no seat`)
    for (const statement of entry.p.add) {
      const reason = mayBeSeated(state, statement)
      if (reason) return reason
    }
    return undefined
  },
  apply(entry, { state, index }) {
    for (const account of entry.p.remove) {
      const seat = state.validators.get(account)
      if (seat) seat.active = false
    }
    for (const statement of entry.p.add) {
      const before = state.validators.get(statement.validator)
      // who comes back with the same chains goes on where they stand: their opened links are public
      const keeps = (tip: 'beaconTip' | 'sampleTip'): Uint8Array =>
        before && equalBytes(before.statement[tip], statement[tip]) ? before[tip] : statement[tip]
      const [beaconTip, sampleTip] = [keeps('beaconTip'), keeps('sampleTip')]
      state.validators.set(statement.validator, { statement, seatedAt: index, active: true, beaconTip, sampleTip, strikes: 0 })
    }
  },
}

/** Whether the charter lets the operator seat this validator now; the operator asks before it logs the roster entry. */
export function mayBeSeated(state: LedgerState, statement: ValidatorStatement): Refusal | undefined {
  const { validator } = statement
  if (statement.ledger !== state.id) return refuse('WRONG_LEDGER', `${validator} asks for a seat in ${statement.ledger}`)
  const signed = verifyShaped(statement, 'validator', 'validator')
  if (!signed.ok) return refuse(signed.code, signed.message)
  if (isSeated(state, validator)) return refuse('SEATED', `${validator} holds a seat already`)
  const { admission, listed } = state.charter.validators
  if (admission === 'listed' && !listed.includes(validator)) return refuse('NOT_LISTED', `the charter does not list ${validator}`)
  if (!isWitnessKey(statement.witness)) return refuse('BAD_VKEY', `${validator}: the witness key is no Ed25519 cosignature key`)
  const keys = publicKeysOf(statement)
  if (keys.includes(undefined)) return refuse('BAD_VKEY', `${validator}: the mirror or the audit key is no Ed25519 verifier key`)
  if (new Set(keys).size !== keys.length) return refuse('SAME_KEY', 'witness, mirror and audit are three keys')
  for (const other of state.validators.values())
    if (other.active && publicKeysOf(other.statement).some((key) => keys.includes(key)))
      return refuse('SAME_KEY', `${validator} shows a key of ${other.statement.validator}`)
  return undefined
}

/** The keys themselves, whatever their names: a cosignature does not cover its signer's name, so one key under two names would count twice. */
const publicKeysOf = ({ witness, mirror, audit }: ValidatorStatement): (string | undefined)[] => [witness, mirror, audit].map(publicKeyOf)

/** A new version of the charter: it counts from the beginning of epoch `from`, which has not begun. */
export const charter: Rule<'charter'> = {
  needs: (entry, { files }) => charterFiles(files, entry.p.charter),
  check(entry, { state, files }) {
    const wrong = notOperator(state, entry.a)
    if (wrong) return wrong
    const next = readCharter(files, entry.p.charter)
    if (!next.ok) return next.refusal
    const newest = state.pendingCharters.at(-1)
    if (entry.p.version !== (newest?.charter ?? state.charter).version + 1 || next.value.version !== entry.p.version)
      return refuse('BAD_VERSION', 'charter versions count up by one')
    if (next.value.operator !== state.operator || next.value.name !== state.charter.name)
      return refuse('OTHER_DAO', 'a charter version keeps name and operator; another operator is another ledger')
    if (entry.p.from <= (state.epoch?.number ?? 0) || entry.p.from < (newest?.from ?? 0))
      return refuse('TOO_EARLY', 'a charter version counts from an epoch that has not begun, after those announced before it')
    return policyRefusal(files, next.value, { operator: state.operator, ledger: state.id })
  },
  apply(entry, { state, files }) {
    const next = readCharter(files, entry.p.charter)
    if (next.ok) state.pendingCharters.push({ charter: next.value, cid: entry.p.charter, from: entry.p.from })
  },
}

/** Puts the charter in force that counts from `epoch`. */
export function activateCharter(state: LedgerState, epoch: number): void {
  for (const pending of state.pendingCharters.filter(({ from }) => from <= epoch)) {
    state.charter = pending.charter
    state.charterCid = pending.cid
    state.charters.push(pending)
  }
  state.pendingCharters = state.pendingCharters.filter(({ from }) => from > epoch)
}

/** The rules that counted, count, or as announced will count for an epoch: a batch is judged by those of the epoch it was gathered for. */
export function charterOf(state: LedgerState, epoch: number): Charter {
  return [...state.charters, ...state.pendingCharters].findLast(({ from }) => from <= epoch)?.charter ?? state.charter
}

export const join: Rule<'contributor.join'> = {
  check(entry, { state }) {
    return state.contributors.has(entry.a) ? refuse('JOINED', `${entry.a} joined already`) : undefined
  },
  apply(entry, { state, index }) {
    const { credibility, contributors } = state.charter
    const quota = contributors.quota?.newcomer ?? null
    const isSubject = entry.p.subject === true
    state.contributors.set(entry.a, newContributor(entry.a, isSubject, index, state.epoch?.number ?? 0, credibility.startPpm, quota))
  },
}
