/** The draws of an epoch that are chunks of the personal pool: a few contributions at once, each within its share of the time. */
import { pinnedKeys } from '../../dao/export-mail/index.ts'
import {
  type DrawOf,
  type PoolContribution,
  poolKeysNamed,
  readConsentPolicy,
  readPoolIndex,
  readPoolManifest,
} from '../../dao/ledger/index.ts'
import { FINEST_RULES } from '../../schemas/activity/index.ts'
import { type CID, type ConsentPolicy, type DrawResult, exportMailTermsOf, type PoolIndex, poolTermsOf } from '../../schemas/wire/index.ts'
import { accountTokens, type AccountTokens, type MailTerms, type Scored, scoreContribution } from '../scoring/index.ts'
import { inLanes, shareOf } from '../testing/index.ts'
import type { Desk } from './desk.ts'

/** Keyholders answer so many questions of one peer at once. */
const CONTRIBUTIONS_AT_ONCE = 4

/** A row of a batch or of a contribution, as draws and reports name it. */
export interface Picked {
  manifest: CID
  row: number
}

/** A validator's draws by what they are of: rows of batches, and chunks of contributions. */
export function partsOf(desk: Pick<Desk, 'state'>, draws: readonly DrawOf[]): { web: DrawOf[]; pool: Map<string, number[]> } {
  const { contributions } = desk.state()
  const pool = new Map<string, number[]>()
  const web = draws.flatMap(({ contributor, picks }): DrawOf[] => {
    const rows = picks.filter(({ manifest }) => !contributions.has(manifest.toString()))
    for (const { manifest, row } of picks) {
      const key = manifest.toString()
      if (contributions.has(key)) pool.set(key, [...(pool.get(key) ?? []), row])
    }
    return rows.length > 0 || picks.length === 0 ? [{ contributor, picks: rows }] : []
  })
  return { web, pool }
}

export interface PoolTested {
  results: DrawResult[]
  /** Manifests that their mails attest. */
  attested: CID[]
}

/** Results of all chunks drawn, contribution by contribution. Rejects with the signal's reason. */
export async function testPool(
  { state, options, link }: Desk,
  pool: ReadonlyMap<string, number[]>,
  { epoch, until, signal }: { epoch: number; until: number; signal: AbortSignal },
): Promise<PoolTested> {
  const { files, mesh, clock, logger, keys } = options
  const tokenOf = accountTokens({ mesh, signer: keys.identity, clock, signal })
  const drawn = [...pool].flatMap(([key, rows]) => {
    const contribution = state().contributions.get(key)
    const index = contribution && readPoolIndex(files, contribution.manifest.index)
    const policy = contribution && readConsentPolicy(files, contribution.manifest.policy)
    if (contribution === undefined || !index?.ok || !policy?.ok) return []
    const manifest = readPoolManifest(files, contribution.manifestCid)
    const mailTerms = mailTermsOf({ state, options }, contribution, { index: index.value, policy: policy.value, tokenOf })
    return [{ contribution, manifest, mailTerms, index: index.value, rules: policy.value.rules ?? FINEST_RULES, rows }]
  })
  const scored: Scored[] = []
  await inLanes(drawn, CONTRIBUTIONS_AT_ONCE, async (one, i) => {
    const shareMs = shareOf(until - clock.now(), drawn.length - i)
    scored[i] = await scoreContribution({ ...one, epoch, mesh, signer: keys.identity, dao: link.peer, clock, logger, shareMs, signal })
  })
  return {
    results: scored.flatMap(({ results }) => results),
    attested: drawn.flatMap(({ contribution }, i) => (scored[i]?.attested === true ? [contribution.manifestCid] : [])),
  }
}

/** What the charter says of mails, with the key that the contribution's own policy names: the account is known under no other. */
function mailTermsOf(
  { state, options: { files, resolveTxt, clock } }: Pick<Desk, 'state' | 'options'>,
  { dealtAt }: PoolContribution,
  { index, policy, tokenOf }: { index: PoolIndex; policy: ConsentPolicy; tokenOf: AccountTokens },
): MailTerms | undefined {
  const terms = exportMailTermsOf(poolTermsOf(state().charter))
  const key = policy.poolKey && poolKeysNamed(state(), files).find(({ cid }) => cid.equals(policy.poolKey))
  if (terms === undefined || key === undefined || index.key?.equals(key.cid) !== true) return undefined
  // all testers by one time, where the log tells it
  return { terms, key: key.key, tokenOf, lookup: pinnedKeys(terms, resolveTxt), at: dealtAt > 0 ? dealtAt : Math.floor(clock.now() / 1000) }
}
