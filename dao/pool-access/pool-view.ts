/** What is asked of a ledger about its pool, answered from the folded state as it is at that moment. */
import { isRecipient, readPolicy } from '../consent/index.ts'
import { type LedgerFiles, type LedgerState, poolKeysNamed, seatedValidators } from '../ledger/index.ts'
import type { CID, ConsentPolicy } from '../../schemas/wire/index.ts'
import type { PoolView } from './view.ts'

export interface PoolViewOptions {
  state: () => LedgerState
  files: LedgerFiles
}

export function poolView({ state, files }: PoolViewOptions): PoolView {
  const policies = new Map<string, ConsentPolicy>()
  return {
    ledger: state().id,
    operator: state().operator,
    policy: (cid) => (policiesNamed(state()).some((named) => named.equals(cid)) ? policyOf(cid, files, policies) : undefined),
    poolKey: (cid) => poolKeysNamed(state(), files).find((named) => named.cid.equals(cid))?.key,
    hasJoined: (account) => state().contributors.has(account),
    beacon: (epoch) => {
      const now = state().epoch
      return now?.number === epoch && (now.phase === 'test' || now.phase === 'report') ? (now.beacon ?? undefined) : undefined
    },
    mayScore: (account, epoch, manifest) => {
      const { epoch: now, contributions } = state()
      const contributor = contributions.get(manifest.toString())?.contributor
      return now?.number === epoch && contributor !== undefined && now.committees.get(contributor)?.includes(account) === true
    },
    isSubject: (account) => state().contributors.get(account)?.isSubject === true,
    isRevealed: (manifest) => state().contributions.has(manifest.toString()),
    isSeated: (account) => seatedValidators(state()).some((seat) => seat.statement.validator === account),
  }
}

/** Policies that a charter names, names no more, or will name. */
function policiesNamed({ charters, pendingCharters }: LedgerState): CID[] {
  return [...charters, ...pendingCharters].flatMap(({ charter }) => charter.consent ?? [])
}

/**
 * Whether this account is a keyholder by any charter there was or is announced: who was one still has withdrawals to obey, and whoever a policy lets
 * take over has to be there before it is asked to.
 */
export function isKeyholder(account: string, view: PoolView, state: LedgerState): boolean {
  return policiesNamed(state).some((cid) => {
    const policy = view.policy(cid)
    if (policy === undefined) return false
    return policy.committee.members.includes(account) || isRecipient(policy, 'keyholder', account, view.isSeated(account))
  })
}

function policyOf(cid: CID, files: LedgerFiles, known: Map<string, ConsentPolicy>): ConsentPolicy | undefined {
  const key = cid.toString()
  if (known.has(key)) return known.get(key)
  const bytes = files.read(cid)
  const read = bytes && readPolicy(bytes)
  if (!read?.ok) return undefined
  known.set(key, read.policy)
  return read.policy
}
