import { FatalError } from '../../core/errors/index.ts'
import { RULES_VERSION } from './rules-closing.ts'
import type { EpochTable, LedgerState } from './types.ts'

/**
 * The table of the epoch that is closing, with everything `epoch.close` has to say of it.
 * Throws FatalError NOT_CLOSING outside the close phase and in a light fold.
 */
export function epochTable(state: LedgerState): EpochTable & { epoch: number; cut: number; rules: string } {
  const { epoch } = state
  if (epoch?.table == null) throw new FatalError('NOT_CLOSING', 'a table exists in the close phase of an epoch')
  return { ...epoch.table, epoch: epoch.number, cut: epoch.cut, rules: RULES_VERSION }
}
