/** Which contributions an order may have: by what the ledger says of them alone. Keyholders look again, at the receipts themselves. */
import { FatalError } from '../../core/errors/index.ts'
import { includedContributions, isFor, type LedgerFiles, type LedgerState, readPoolIndex, readPoolManifest } from '../ledger/index.ts'
import type { CID, CompleteOrder, PoolManifest, Purpose } from '../../schemas/wire/index.ts'

/** A contribution as whoever assembles knows it: its points have vested, and nothing voided it. */
export interface PoolContribution {
  cid: CID
  readonly manifest: PoolManifest
  /** Who holds its shares now, where that is not the committee of its policy. */
  committee?: { k: number; members: readonly string[] }
}

/** A contribution that is not in a release, and why: NOT_KNOWN, OTHER_DAO, OTHER_POLICY, WITHDRAWN, SUPERSEDED, or what opening it said. */
export interface LeftOut {
  manifest: CID
  code: string
}

export interface Selected {
  selected: PoolContribution[]
  left: LeftOut[]
}

export function selectContributions(
  order: Pick<CompleteOrder, 'dao' | 'manifests' | 'purposes'>,
  known: readonly PoolContribution[],
  { policy, isEnded }: { policy: CID; isEnded: (one: PoolContribution) => boolean },
): Selected {
  const byCid = new Map(known.map((one) => [String(one.cid), one]))
  const bySubject = new Map<string, PoolContribution>()
  const left: LeftOut[] = []
  for (const manifest of order.manifests) {
    const one = byCid.get(String(manifest))
    const code = one === undefined ? 'NOT_KNOWN' : faultOf(one)
    if (one === undefined || code !== undefined) {
      left.push({ manifest, code: code ?? 'NOT_KNOWN' })
      continue
    }
    // one person has one contribution: of two the newer
    const other = bySubject.get(one.manifest.subject)
    const older = other === undefined || other.manifest.sequence < one.manifest.sequence ? other : one
    if (older !== undefined) left.push({ manifest: older.cid, code: 'SUPERSEDED' })
    if (older !== one) bySubject.set(one.manifest.subject, one)
  }
  return { selected: [...bySubject.values()], left }

  function faultOf(one: PoolContribution): string | undefined {
    if (one.manifest.dao !== order.dao) return 'OTHER_DAO'
    if (!one.manifest.policy.equals(policy)) return 'OTHER_POLICY'
    return isEnded(one) ? 'WITHDRAWN' : undefined
  }
}

/** Whether its subject withdrew it, or a purpose that is asked for, by the ledger. A contribution it does not know has ended. */
export function isEndedInLedger({ cid }: Pick<PoolContribution, 'cid'>, purposes: readonly Purpose[], state: LedgerState): boolean {
  const one = state.contributions.get(String(cid))
  return one === undefined || !isFor(state, one, purposes)
}

/**
 * The contributions of a ledger that have vested, as a release looks at them. Needs the files of their reveals, and reads a manifest when it is looked
 * at: a thousand of them together take as much memory as all the rest.
 */
export function contributionsOf(state: LedgerState, files: LedgerFiles, throughEpoch: number): PoolContribution[] {
  return includedContributions(state, throughEpoch).map(({ manifestCid: cid, committee }) => ({
    cid,
    committee,
    get manifest() {
      return readPoolManifest(files, cid)
    },
  }))
}

/**
 * Tokens of all contributions that have vested, by their public indexes: no release has more, and whoever has the log can say as much. Needs the
 * files of their reveals. Throws FatalError FILE_CORRUPT.
 */
export function tokensAtMost(state: LedgerState, files: LedgerFiles, throughEpoch: number): number {
  let sum = 0
  for (const { manifestCid } of includedContributions(state, throughEpoch)) {
    const index = readPoolIndex(files, readPoolManifest(files, manifestCid).index)
    if (!index.ok) throw new FatalError('FILE_CORRUPT', index.refusal.message)
    for (const { tokens } of index.value.rows) sum += tokens
  }
  return sum
}
