/** What a DAO says of itself to somebody who only looks: its ledger, and what its pool offers. */
import type { Logger } from '../../core/effects/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { generateKey } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { openLibp2pMesh } from '../../core/mesh/index.ts'
import { readPolicy } from '../../dao/consent/index.ts'
import { DaoLink, type FileStore, Follower, type KnownPeer, MemoryFiles } from '../../dao/follower/index.ts'
import { charterOf, committingEpoch, type LedgerFiles, type LedgerState, poolKeysNamed } from '../../dao/ledger/index.ts'
import type { Charter, CID, ConsentPolicy, PoolKey } from '../../schemas/wire/index.ts'
import { isPrivateDao, isPublicMultiaddr } from './listen.ts'
import { systemClock } from './system.ts'

const PATIENCE_MS = 30_000

export interface OfferedPolicy {
  cid: CID
  value: ConsentPolicy
  bytes: Uint8Array
  notice: Uint8Array
  /** The key behind the pool's tokens; undefined where it has none. */
  key: PoolKey | undefined
}

export interface DaoFacts {
  ledger: string
  state: LedgerState
  /** The ledger files that folding it took. */
  files: LedgerFiles
  /** Undefined where the DAO has no pool now. */
  policy: OfferedPolicy | undefined
  /** The epoch with which an announced pool opens. */
  opensWith: number | null
  known: readonly KnownPeer[]
}

/**
 * What a DAO says of itself, asked under a key of this moment: whoever only looks leaves no account behind. Throws FatalError DAO_UNREACHABLE,
 * TOO_SLOW, and what following its log does.
 */
export async function learnDao(
  dao: string[],
  { logger, signal, patienceMs = PATIENCE_MS }: { logger: Logger; signal: AbortSignal; patienceMs?: number },
): Promise<DaoFacts> {
  const patience = new AbortController()
  // how long nothing may come: a long log takes as long as it takes
  const timer = setTimeout(() => patience.abort(), patienceMs)
  let hasAnswered = false
  const stop = AbortSignal.any([signal, patience.signal])
  const privateNetwork = isPrivateDao(dao)
  await using mesh = await openLibp2pMesh({ signer: generateKey(), clock: systemClock, listen: [], privateNetwork })
  const mayDial = privateNetwork ? undefined : isPublicMultiaddr
  const kept = new MemoryFiles()
  const files: FileStore = {
    read: (cid) => kept.read(cid),
    write: async (cid, bytes) => {
      const isNew = kept.read(cid) === undefined
      await kept.write(cid, bytes)
      if (isNew) timer.refresh()
    },
  }
  const shared = { clock: systemClock, logger, signal: stop }
  try {
    const link = await DaoLink.open({ mesh, addresses: dao, role: 'guest', kv: new MemoryKv(), mayDial, ...shared })
    const { ledgerId } = link
    let furthest = -1
    const source: typeof link.source = async (query, ending) => {
      const page = await link.source(query, ending)
      hasAnswered = true
      // the same again is nothing more, however often it comes
      const upTo = query.from + (page?.entries.length ?? 0)
      if (upTo > furthest) timer.refresh()
      furthest = Math.max(furthest, upTo)
      return page
    }
    const { fetchFile, fetchFiles } = link
    const follower = new Follower({ ledgerId, source, fetchFile, fetchFiles, files, light: true, ...shared })
    await follower.catchUp()
    const { state } = follower
    const announced = state.pendingCharters.find(({ charter }) => charter.consent !== null)
    // what is committed now counts for this epoch, and by its rules
    const rules = charterOf(state, committingEpoch(state))
    const policy = policyOf(rules, state, files)
    return { ledger: ledgerId, state, files, policy, opensWith: announced?.from ?? null, known: link.known }
  } catch (error) {
    if (!patience.signal.aborted || signal.aborted) throw error
    const silence = `${patienceMs / 1000} seconds`
    if (hasAnswered) throw new FatalError('TOO_SLOW', `${dao.join(', ')} sent nothing more of its log within ${silence}`, { cause: error })
    throw new FatalError('DAO_UNREACHABLE', `nobody answers at ${dao.join(', ')} within ${silence}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

function policyOf({ consent }: Charter, state: LedgerState, files: LedgerFiles): OfferedPolicy | undefined {
  const bytes = consent === null ? undefined : files.read(consent)
  const read = bytes && readPolicy(bytes)
  const notice = read?.ok ? files.read(read.policy.notice.cid) : undefined
  if (bytes === undefined || !read?.ok || notice === undefined) return undefined
  const { poolKey } = read.policy
  const key = poolKey && poolKeysNamed(state, files).find(({ cid }) => cid.equals(poolKey))?.key
  return { cid: read.cid, value: read.policy, bytes, notice, key }
}
