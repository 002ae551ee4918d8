/** Whose cosignatures a checkpoint asks for. */
import { type Mesh, witnessProtocol } from '../../core/mesh/index.ts'
import { peerFromDid } from '../../schemas/wire/index.ts'
import { type LedgerState, seatedValidators, type ValidatorState } from '../ledger/index.ts'
import type { WitnessClient } from '../log/index.ts'

/** The seated validators, and those that lost their seat of late. */
export function witnessesOf(state: LedgerState, mesh: Mesh): WitnessClient[] {
  return [...seatedValidators(state), ...lostSeats(state)].map(({ statement }) => ({
    name: statement.validator,
    vkey: statement.witness,
    addCheckpoint: (body, signal) => mesh.ask(peerFromDid(statement.validator), witnessProtocol, { body }, { signal }),
  }))
}

/**
 * Validators that lost their seat since the last roster was fixed. Who has not folded the loss yet asks for a quorum of the seats as they were,
 * so a checkpoint without these lines could keep every replica from ever reading why they are gone.
 */
function lostSeats({ epoch, results, validators }: LedgerState): ValidatorState[] {
  const roster = epoch !== null && epoch.cut >= 0 ? epoch.roster : (results.at(-1)?.roster ?? [])
  return roster.flatMap((account) => {
    const seat = validators.get(account)
    return seat === undefined || seat.active ? [] : [seat]
  })
}
