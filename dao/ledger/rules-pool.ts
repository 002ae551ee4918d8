/** What a contribution to the personal pool must be when it is revealed, as far as its manifest, policy and index show it. */
import {
  type CID,
  concatBytes,
  encode,
  exportMailTermsOf,
  MAX_POOL_MANIFEST_BYTES,
  parse,
  POOL_BANDS,
  type PoolIndex,
  type PoolManifest,
  poolManifest,
  poolTermsOf,
  toHex,
} from '../../schemas/wire/index.ts'
import { requiredPurposes } from '../consent/index.ts'
import { notAnObject, readConsentPolicy, readManifest, readPoolIndex } from './parsed-files.ts'
import { isLive } from './deliveries.ts'
import type { Delivery, LedgerFiles, LedgerState, PoolContribution } from './types.ts'
import { type Refusal, refuse, type View } from './view.ts'

/**
 * The files that judging a revealed contribution takes besides its manifest: its policy and its index, also in a light fold, which must refuse what
 * a whole one refuses. None where the
 * manifest names another policy than the charter: it is refused for that, and nobody should have to find a stranger's file.
 */
export function contributionFiles({ charter }: LedgerState, files: LedgerFiles, manifest: CID): CID[] {
  const read = files.read(manifest) === undefined ? undefined : readManifest(files, manifest)
  if (!read?.ok || read.value.kind !== 'pool') return []
  const { policy, index } = read.value.manifest
  if (charter.consent === null || !policy.equals(charter.consent)) return []
  // of another kind they are refused by their names alone
  return [policy, index].filter((cid) => notAnObject(cid) === undefined)
}

export function judgeContribution({ state, files }: View, author: string, manifest: PoolManifest, manifestCid: CID): Refusal | undefined {
  const { charter, contributors } = state
  if (charter.consent === null) return refuse('NO_POOL', 'the charter names no consent policy, so there is no pool to bring anything to')
  if (manifest.dao !== state.id) return refuse('WRONG_LEDGER', `the contribution was sealed for ${manifest.dao}`)
  if (contributors.get(author)?.isSubject !== true)
    return refuse('NOT_A_SUBJECT', `${author} joined to crawl; personal data is brought by an account that joined for it alone`)
  if (manifest.subject !== author) return refuse('NOT_YOURS', `the contribution was sealed by ${manifest.subject}`)
  if (!manifest.policy.equals(charter.consent))
    return refuse('OTHER_POLICY', 'the contribution was sealed under another policy than the charter names; seal it again under this one')
  if (!poolTermsOf(charter).schemas.includes(manifest.schema))
    return refuse('UNLISTED_SCHEMA', `the charter's pool does not list the schema ${manifest.schema}`)
  const next = contributors.get(author)?.nextSequence ?? 0
  if (manifest.sequence < next) return refuse('SEQUENCE_USED', `sequence ${manifest.sequence} was used; the next is ${next}`)
  if (manifest.from > manifest.to) return refuse('BAD_DATES', 'the contribution ends before it begins')
  const slot = liveContributionOf(state, author)
  if (slot) return refuse('SLOT_TAKEN', `${slot.manifestCid.toString()} is in the pool; withdraw it before you offer another`)
  const policy = readConsentPolicy(files, manifest.policy)
  if (!policy.ok) return policy.refusal
  if (policy.value.by !== state.operator) return refuse('POLICY_NOT_SIGNED', "the policy does not carry the operator's signature")
  if (state.withdrawals.ends({ manifestCid, contributor: author, required: requiredPurposes(policy.value) }))
    return refuse('WITHDRAWN', `${manifestCid.toString()} was withdrawn, or a purpose of it that the pool needs`)
  return judgeIndex(state, files, manifest)
}

function judgeIndex(state: LedgerState, files: LedgerFiles, manifest: PoolManifest): Refusal | undefined {
  const wrong = notAnObject(manifest.index)
  if (wrong) return wrong
  const read = readPoolIndex(files, manifest.index)
  if (!read.ok) return read.refusal
  const { rows, measures } = read.value
  if (!poolTermsOf(state.charter).measures.includes(measures))
    return refuse('UNLISTED_MEASURES', `the charter's pool does not list the measures ${measures}`)
  if (!measures.startsWith(`${manifest.schema}/`)) return refuse('UNLISTED_MEASURES', `${measures} do not measure ${manifest.schema}`)
  if (rows.length !== manifest.chunks.length)
    return refuse('WRONG_COUNT', `the manifest names ${manifest.chunks.length} chunks, the index has ${rows.length}`)
  const events = rows.reduce((sum, row) => sum + row.events, 0)
  if (events !== manifest.records) return refuse('WRONG_COUNT', `the manifest counts ${manifest.records} events, the index ${events}`)
  return badTokens(read.value) ?? badMail(state, read.value, manifest)
}

/** A mail is of one service and one account, which its index names; without one there is nobody to name. */
function badMail({ charter }: LedgerState, { rows, account }: PoolIndex, { mail }: PoolManifest): Refusal | undefined {
  if (mail !== undefined && exportMailTermsOf(poolTermsOf(charter)) === undefined)
    return refuse('BAD_MAIL', "the charter's pool takes no mails; seal it again without one")
  if ((mail === undefined) !== (account === undefined))
    return refuse('BAD_MAIL', 'a contribution with a mail names the token of its account in its index, and one without names none')
  if (mail !== undefined && new Set(rows.map(({ source }) => source)).size > 1)
    return refuse('BAD_MAIL', 'a mail speaks for one service, and the index has several')
  return undefined
}

/** All or none, and no two alike: two bands of one contribution never have one token. */
function badTokens({ tokens, account, key }: PoolIndex): Refusal | undefined {
  const isWhole = tokens.length === 0 || tokens.length === POOL_BANDS
  if ((key === null) !== (tokens.length === 0 && account === undefined))
    return refuse('BAD_TOKENS', 'an index names the pool key of its tokens, and none without tokens')
  if (isWhole && new Set(tokens.map(toHex)).size === tokens.length) return undefined
  return refuse('BAD_TOKENS', `an index has ${POOL_BANDS} different tokens, or none`)
}

/** The contribution of a subject that is in the pool now; there is never more than one. */
export function liveContributionOf(state: LedgerState, subject: string): PoolContribution | undefined {
  const one = state.contributions.get(state.contributors.get(subject)?.slot ?? '')
  return one && isLive(one) ? one : undefined
}

/** What the ledger keeps of a contribution's manifest and policy. */
export function contributionFacts(
  { id, charter }: LedgerState,
  files: LedgerFiles,
  { chunks, ...manifest }: PoolManifest,
): Omit<PoolContribution, keyof Delivery | 'dealtAt'> {
  const index = readPoolIndex(files, manifest.index)
  const { tokens, account } = index.ok ? index.value : { tokens: [], account: undefined }
  const policy = readConsentPolicy(files, manifest.policy)
  const { committee, required } = policy.ok
    ? { committee: policy.value.committee, required: requiredPurposes(policy.value) }
    : { committee: { k: 0, members: [] }, required: [] }
  return {
    // what the ledger has already of all of them alike is kept once
    manifest: { ...ofItsOwn(manifest), dao: id, policy: charter.consent ?? manifest.policy },
    chunks: chunks.length,
    committee,
    generation: 0,
    reshared: null,
    required,
    tokens: concatBytes(...tokens),
    account: account?.slice() ?? null,
    attested: null,
    withdrawn: null,
  }
}

/** Bytes of its own: those that were parsed are views of the whole file, which would stay in memory with them. */
const ofItsOwn = (manifest: PoolContribution['manifest']): PoolContribution['manifest'] =>
  parse(poolManifest.omit({ chunks: true }), encode(manifest), MAX_POOL_MANIFEST_BYTES)
