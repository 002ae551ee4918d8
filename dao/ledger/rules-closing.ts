/** The end of an epoch: the operator states the table's root, validators attest or dispute what they recomputed. */
import { concatBytes, encode, equalBytes, quorumOf, utf8 } from '../../schemas/wire/index.ts'
import { verifySignature } from '../../core/identity/index.ts'
import { parseVkey } from '../log/index.ts'
import { closeLightly, tableOf } from './close-epoch.ts'
import { readTable } from './parsed-files.ts'
import { mayRun } from './rules-terms.ts'
import { inPhase } from './rules-testing.ts'
import { isSeated } from './seats.ts'
import { deliveryOf } from './deliveries.ts'
import type { EpochResult, LedgerState } from './types.ts'
import { refuse, type Rule } from './view.ts'

/** Names the rules by which this code computes a table; another version gives other roots and another name. */
export const RULES_VERSION = 'quern/rules/v1'

export const epochClose: Rule<'epoch.close'> = {
  needs: (entry, { state }) => (state.light ? [entry.p.table] : []),
  check(entry, { state, files }) {
    const wrong = mayRun(state, entry.a) ?? inPhase(state, entry.p.epoch, ['close'])
    if (wrong) return wrong
    const { epoch } = state
    const { p } = entry
    if (epoch === null) return undefined
    // a light fold cannot tell which of two claims is right, so it follows the newest that nobody attested yet
    const isOpen = state.light && state.results.at(-1)?.attestedBy.length === 0
    if (epoch.close && !isOpen) return refuse('REPEATED', `epoch ${p.epoch} is closed by entry ${epoch.close.index}`)
    if (p.cut !== epoch.cut) return refuse('WRONG_CUT', `the cut of epoch ${p.epoch} is entry ${epoch.cut}`)
    if (p.rules !== RULES_VERSION) return refuse('OTHER_RULES', `the table is computed by ${RULES_VERSION}`)
    // a light fold takes the quorum's word for the root, but a table that does not give it is nobody's
    const told = state.light ? readTable(files, p.table) : undefined
    if (told && !(told.ok && equalBytes(tableOf(told.value).root, p.root))) return refuse('WRONG_ROOT', 'the table does not give the root')
    if (epoch.table && !(equalBytes(p.root, epoch.table.root) && p.table.equals(epoch.table.cid)))
      return refuse('WRONG_ROOT', `the table of epoch ${p.epoch} has another root; a lie, or different code`)
    return undefined
  },
  apply(entry, { state, files, index }) {
    const { epoch } = state
    if (epoch === null) return
    const told = state.light ? readTable(files, entry.p.table) : undefined
    if (epoch.close) state.results.pop()
    epoch.close = { index, root: entry.p.root, author: entry.a }
    const result: EpochResult = {
      epoch: epoch.number,
      cut: epoch.cut,
      cutAt: state.times.get(epoch.number)?.cut ?? 0,
      closeIndex: index,
      root: entry.p.root,
      table: entry.p.table,
      rows: epoch.table?.rows ?? (told?.ok ? told.value : []),
      beacon: epoch.beacon ?? new Uint8Array(32),
      // a batch that moves on is settled, and released, by the epoch that can test it
      batches: epoch.batches.filter((key) => state.light || deliveryOf(state, key)?.settled === epoch.number),
      values: epoch.values,
      closedAt: epoch.phaseTime,
      final: false,
      reasons: epoch.reasons,
      attestedBy: [],
      roster: epoch.roster,
      quorum: quorumOf(state.charter, epoch.roster.length),
    }
    result.final = result.quorum === 0
    state.results.push(result)
    if (result.final && state.light) settleLightly(state, result)
  },
}

/** In a light fold standing and seats follow once a quorum attested: sooner they would rest on the operator's word alone. */
function settleLightly(state: LedgerState, result: EpochResult): void {
  if (state.epoch?.number !== result.epoch) return
  closeLightly(state, state.epoch, result.rows)
  result.batches = result.batches.filter((key) => deliveryOf(state, key)?.settled === result.epoch)
}

/** What an audit key signs: `"quern/audit/v1\0" ‖ ledger id ‖ 0x00 ‖ DAG-CBOR [epoch, root]`. */
export function auditBytes(ledgerId: string, epoch: number, root: Uint8Array): Uint8Array {
  return concatBytes(utf8('quern/audit/v1\0'), utf8(ledgerId), Uint8Array.of(0), encode([epoch, root]))
}

export const epochAttest: Rule<'epoch.attest'> = {
  check(entry, { state }) {
    const { p } = entry
    const result = state.results.find((known) => known.epoch === p.epoch)
    const seat = state.validators.get(entry.a)
    if (!result) return refuse('NOT_CLOSED', `epoch ${p.epoch} has no epoch.close`)
    if (!seat || !result.roster.includes(entry.a)) return refuse('NOT_SEATED', `${entry.a} held no seat at the cut of epoch ${p.epoch}`)
    if (result.attestedBy.includes(entry.a)) return refuse('REPEATED', `${entry.a} attested epoch ${p.epoch} already`)
    if (!equalBytes(p.root, result.root)) return refuse('OTHER_ROOT', 'an attestation of another root is a dispute')
    if (!verifySignature(parseVkey(seat.statement.audit).publicKey, auditBytes(state.id, p.epoch, p.root), p.audit))
      return refuse('BAD_SIGNATURE', `the audit signature is not by the audit key of ${entry.a}`)
    return undefined
  },
  apply(entry, { state }) {
    const result = state.results.find((known) => known.epoch === entry.p.epoch)
    if (!result) return
    const wasFinal = result.final
    result.attestedBy.push(entry.a)
    result.final ||= result.attestedBy.length >= result.quorum
    if (state.light && result.final && !wasFinal) settleLightly(state, result)
    if (state.epoch?.number === result.epoch) state.epoch.attests.set(entry.a, entry.p.audit)
  },
}

/** "I computed another root": kept as a statement; deterministic code means that it names a bug or a lie. */
export const epochDispute: Rule<'epoch.dispute'> = {
  check: (entry, { state }) => {
    if (!isSeated(state, entry.a)) return refuse('NOT_SEATED', `${entry.a} holds no seat`)
    return state.epoch !== null && entry.p.epoch <= state.epoch.number
      ? undefined
      : refuse('WRONG_EPOCH', `this is epoch ${state.epoch?.number ?? 0}`)
  },
  apply: (entry, { state, index }) => void state.statements.push({ index, type: entry.t, author: entry.a, epoch: entry.p.epoch }),
}
