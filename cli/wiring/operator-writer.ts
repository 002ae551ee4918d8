/** Entries that an operator's command writes beside the service that runs. */
import { signEntry } from '../../core/envelope/index.ts'
import { RefusedError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { EntryType, Payload } from '../../schemas/wire/index.ts'
import { daoInfo, submit } from './http.ts'

/** The service writes as well, so a number may be taken between asking for it and writing. */
const TRIES = 5

export type OperatorWriter = <T extends EntryType>(t: T, p: Payload<T>, files?: Uint8Array[]) => Promise<void>

/** Throws RefusedError with the fold's code, RetryableError DAO_UNREACHABLE, FatalError HTTP_STATUS. */
export function operatorWriter(base: string, ledger: string, operator: Signer): OperatorWriter {
  return async (t, p, files = []) => {
    for (let attempt = 0; ; attempt++) {
      const { operatorEntries } = await daoInfo(base)
      const entry = signEntry({ t, p, n: operatorEntries, a: operator.did } as Parameters<typeof signEntry>[0], ledger, operator)
      const refusal = await submit(base, entry, files)
      if (refusal === undefined) return
      if (!refusal.code.startsWith('SEQUENCE_') || attempt === TRIES) throw new RefusedError(refusal.code, refusal.message)
    }
  }
}
