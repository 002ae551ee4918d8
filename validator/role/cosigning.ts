/** The witness: cosigns that the log only grew, for whichever log the ledger runs now. */
import type { Clock, Kv } from '../../core/effects/index.ts'
import type { LedgerState } from '../../dao/ledger/index.ts'
import { noteSigner, openWitness, parseVkey, SIGNATURE_TYPES, type Witness } from '../../dao/log/index.ts'
import type { ValidatorKeys } from './seat.ts'

export interface CosigningOptions {
  kv: Kv
  clock: Clock
  keys: Pick<ValidatorKeys, 'identity' | 'witness'>
  /** As folded now; undefined before anything was. */
  state: () => LedgerState | undefined
}

/** Answers the body of an `add-checkpoint` request (C2SP tlog-witness). */
export function cosigning({ kv, clock, keys, state }: CosigningOptions): (body: string) => Promise<{ status: number; body: string }> {
  let witness: Witness | undefined
  return async (asked) => {
    const now = state()
    if (now === undefined || now.logKey === '') return { status: 404, body: 'unknown origin\n' }
    witness ??= openWitness({
      kv,
      clock,
      signer: noteSigner(`${now.id}/witness/${keys.identity.peer}`, SIGNATURE_TYPES.cosignature, keys.witness),
      logs: (origin) => {
        const logKey = state()?.logKey ?? ''
        return logKey !== '' && origin.startsWith(`${now.id}/t`) ? [parseVkey(logKey)] : []
      },
    })
    const { status, body } = await witness.addCheckpoint(asked)
    return { status, body }
  }
}
