/** Who may read the sealed chunks of a pool: ciphertext, and still nobody's who has no need of it. */
import { readPolicy } from '../consent/index.ts'
import { type LedgerFiles, type LedgerState, seatedValidators } from '../ledger/index.ts'
import { type CID, didFromPeer } from '../../schemas/wire/index.ts'

export interface PoolReadersOptions {
  state: () => LedgerState
  files: LedgerFiles
}

/** A question to ask of each peer: the operator, seated validators, and assemblers that a policy of the charters names may read. */
export function poolReaders({ state, files }: PoolReadersOptions): (peer: string) => boolean {
  /** By policy: those that are the operator's own, since no ledger takes another. */
  const assemblers = new Map<string, string[]>()
  const assemblersOf = (policy: CID): string[] => {
    const key = policy.toString()
    const known = assemblers.get(key)
    if (known !== undefined) return known
    const bytes = files.read(policy)
    const read = bytes && readPolicy(bytes)
    if (!read?.ok) return []
    const named = read.policy.recipients.filter(({ role }) => role === 'assembler').map(({ id }) => id)
    assemblers.set(key, named)
    return named
  }
  return (peer) => {
    const account = accountOf(peer)
    const { id, operator, charters } = state()
    if (id === '' || account === undefined) return false
    if (account === operator || seatedValidators(state()).some((seat) => seat.statement.validator === account)) return true
    return charters.some(({ charter }) => charter.consent !== null && assemblersOf(charter.consent).includes(account))
  }
}

/** Undefined for a peer whose key is of another kind than accounts are. */
function accountOf(peer: string): string | undefined {
  try {
    return didFromPeer(peer)
  } catch {
    return undefined
  }
}
