/** The keys behind a pool's tokens that policies of this ledger name. Pure. */
import type { CID, PoolKey } from '../../schemas/wire/index.ts'
import { readConsentPolicy, readKeyFile } from './parsed-files.ts'
import type { LedgerFiles, LedgerState } from './types.ts'

/** Of every charter there was, is, or is announced, oldest first; one that two policies name stands there twice. Needs the files of their entries. */
export function poolKeysNamed({ charters, pendingCharters }: LedgerState, files: LedgerFiles): { cid: CID; key: PoolKey }[] {
  return [...charters, ...pendingCharters].flatMap(({ charter: { consent } }) => {
    if (consent === null || files.read(consent) === undefined) return []
    const policy = readConsentPolicy(files, consent)
    const cid = policy.ok ? policy.value.poolKey : undefined
    if (cid === undefined || files.read(cid) === undefined) return []
    const key = readKeyFile(files, cid)
    return key.ok ? [{ cid, key: key.value }] : []
  })
}
