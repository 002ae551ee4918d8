/**
 * May this be done with this contribution? Every rule in one pure function: nothing is remembered, and each fault has its code.
 * Consent is what is left after all of them hold; a fact that is not known is not assumed.
 */
import {
  cborCid,
  type CID,
  type ConsentPolicy,
  type ConsentReceipt,
  encode,
  type PoolManifest,
  type PoolRole,
  type Purpose,
  toHex,
} from '../../schemas/wire/index.ts'
import { ANY_OF_ROSTER, type ConsentProblem, isNoticeOf, policyProblems, problem } from './policy.ts'
import { readReceipt, receiptHash, receiptId } from './receipt.ts'
import type { Tombstones } from './tombstones.ts'

export const DAY_SECONDS = 86_400
/** How far two honest clocks may be apart, in seconds. */
export const CLOCK_SKEW = 120

export interface ConsentFacts {
  jws: string
  salt: Uint8Array
  /** Ledger id of the DAO that asks. */
  dao: string
  operator: string
  /** The policy the charter names, and its CID there; null where there is none. */
  policy: { cid: CID; value: ConsentPolicy } | null
  manifest: PoolManifest
  /** The bytes shown, where whoever checks has them. */
  notice?: Uint8Array
  /** Categories that the parser found in the export, where whoever checks has parsed it. */
  held?: readonly string[]
  /** `receiptId`s that a later receipt of this contribution names as `prev`. */
  renewed?: ReadonlySet<string>
  tombstones: Tombstones
  /** Unix seconds. */
  now: number
  /** What is about to be done; absent for a deposit. `seated`: the ledger seats that account, which is what the recipient `roster` asks for. */
  use?: { role: PoolRole; purpose: Purpose; by: string; seated?: boolean }
}

export type ConsentVerdict =
  | { ok: true; receipt: ConsentReceipt; hash: Uint8Array; purposes: Purpose[]; policy: ConsentPolicy }
  | { ok: false; code: string; message: string; problems: ConsentProblem[] }

/** `problems` names every rule that is broken; `code` and `message` are those of the first, to answer with. `hash`: of the receipt. */
export function checkConsent(facts: ConsentFacts): ConsentVerdict {
  const read = readReceipt(facts.jws)
  if (!read.ok) return fallen([problem(read.code, read.message)])
  const { receipt } = read
  const hash = receiptHash(facts.jws, facts.salt)
  if (facts.policy === null) return fallen([problem('NO_POLICY', 'the DAO offers no consent policy')])
  const purposes = facts.tombstones.remaining(receipt)
  const [first, ...more] = [
    ...policyFaults(receipt, facts, facts.policy),
    ...choiceFaults(receipt, facts.policy.value),
    ...dataFaults(receipt, facts),
    ...timeFaults(receipt, facts, facts.policy.value),
    ...withdrawalFaults(receipt, purposes, facts.policy.value),
    ...useFaults(purposes, facts, facts.policy.value),
  ]
  return first === undefined ? { ok: true, receipt, hash, purposes, policy: facts.policy.value } : fallen([first, ...more])
}

const fallen = (problems: [ConsentProblem, ...ConsentProblem[]]): ConsentVerdict => ({ ok: false, ...problems[0], problems })

function policyFaults(
  receipt: ConsentReceipt,
  { dao, operator, notice }: ConsentFacts,
  policy: { cid: CID; value: ConsentPolicy },
): ConsentProblem[] {
  const problems = [...policyProblems(policy.value)]
  if (receipt.dao !== dao) problems.push(problem('OTHER_DAO', `the consent was given to ${receipt.dao}`))
  if (!cborCid(encode(policy.value)).equals(policy.cid) || receipt.policy !== String(policy.cid))
    problems.push(problem('OTHER_POLICY', 'the consent was given under another policy; ask again under this one'))
  if (policy.value.by !== operator) problems.push(problem('POLICY_NOT_SIGNED', "the policy does not carry the DAO operator's signature"))
  if (receipt.notice !== toHex(policy.value.notice.sha256) || (notice !== undefined && !isNoticeOf(policy.value, notice)))
    problems.push(problem('OTHER_NOTICE', 'another notice was shown than the one the policy names'))
  return problems
}

/** One tick per purpose: none that was not offered, all that a contribution needs. */
function choiceFaults(receipt: ConsentReceipt, policy: ConsentPolicy): ConsentProblem[] {
  const problems: ConsentProblem[] = []
  const offered = new Map(policy.purposes.map(({ id, optional }) => [id, optional]))
  const unknown = receipt.purposes.filter((one) => !offered.has(one))
  if (unknown.length > 0) problems.push(problem('PURPOSE_NOT_OFFERED', `${unknown.join(', ')}: not among the policy's purposes`))
  if (new Set(receipt.purposes).size !== receipt.purposes.length)
    problems.push(problem('SAID_TWICE', 'the receipt names one purpose twice'))
  const missing = requiredPurposes(policy).filter((one) => !receipt.purposes.includes(one))
  if (missing.length > 0) problems.push(problem('PURPOSE_MISSING', `${missing.join(', ')}: needed, and not ticked`))
  if (receipt.gpc) {
    const refused = receipt.purposes.filter((one) => offered.get(one) === true || one === 'dpv:SellDataToThirdParties')
    if (refused.length > 0)
      problems.push(problem('GPC', `${refused.join(', ')}: Global Privacy Control was set, so only needed purposes count, and no sale`))
    if (receipt.mail === true) problems.push(problem('GPC', 'Global Privacy Control was set, and no purpose needs a mail'))
  }
  return problems
}

function dataFaults(receipt: ConsentReceipt, { dao, manifest, held }: ConsentFacts): ConsentProblem[] {
  const problems: ConsentProblem[] = []
  if (receipt.manifest !== String(cborCid(encode(manifest))))
    problems.push(problem('OTHER_MANIFEST', 'the consent was given for another contribution'))
  if (manifest.dao !== dao || manifest.subject !== receipt.subject || String(manifest.policy) !== receipt.policy)
    problems.push(problem('MANIFEST_MISMATCH', 'the manifest names another DAO, subject or policy than the receipt'))
  if ((manifest.mail !== undefined) !== (receipt.mail === true))
    problems.push(problem('MAIL_NOT_CONSENTED', 'a mail that testers may read lies beside the events just where the consent says so'))
  if (held !== undefined) {
    const extra = held.filter((one) => !receipt.categories.includes(one))
    if (extra.length > 0) problems.push(problem('CATEGORY_NOT_CONSENTED', `${extra.join(', ')}: in the file, but not in the consent`))
    const absent = receipt.categories.filter((one) => !held.includes(one))
    if (absent.length > 0) problems.push(problem('CATEGORY_NOT_IN_FILE', `${absent.join(', ')}: in the consent, but not in the file`))
  }
  return problems
}

function timeFaults(receipt: ConsentReceipt, { now, jws, renewed }: ConsentFacts, policy: ConsentPolicy): ConsentProblem[] {
  const problems: ConsentProblem[] = []
  const unknown = receipt.categories.filter((one) => !policy.dataCategories.includes(one))
  if (unknown.length > 0) problems.push(problem('CATEGORY_NOT_OFFERED', `${unknown.join(', ')}: not among the policy's categories`))
  if (receipt.given > now + CLOCK_SKEW) problems.push(problem('NOT_YET_GIVEN', 'the consent is dated in the future; check the clock'))
  if (now >= receipt.expires) problems.push(problem('EXPIRED', 'the consent has expired; renew it'))
  if (receipt.expires <= receipt.given || receipt.expires > receipt.given + policy.retention.maxDays * DAY_SECONDS)
    problems.push(problem('TOO_LONG', `a consent lasts at most ${policy.retention.maxDays} days`))
  if (renewed?.has(receiptId(jws)) === true) problems.push(problem('SUPERSEDED', 'a later receipt renews this one'))
  return problems
}

/** Any withdrawal wins. One that takes away a needed purpose takes away the whole. */
function withdrawalFaults(receipt: ConsentReceipt, left: Purpose[], policy: ConsentPolicy): ConsentProblem[] {
  const gone = requiredPurposes(policy).some((one) => receipt.purposes.includes(one) && !left.includes(one))
  return left.length === 0 || gone ? [problem('WITHDRAWN', 'the consent was withdrawn')] : []
}

function useFaults(purposes: Purpose[], { use }: ConsentFacts, policy: ConsentPolicy): ConsentProblem[] {
  if (use === undefined) return []
  const problems: ConsentProblem[] = []
  if (!purposes.includes(use.purpose))
    problems.push(problem('PURPOSE_NOT_CONSENTED', `${use.purpose}: not among the purposes consented to`))
  if (!isRecipient(policy, use.role, use.by, use.seated === true))
    problems.push(problem('RECIPIENT_NOT_NAMED', `the policy does not name ${use.by} as ${use.role}`))
  return problems
}

/** Whether the policy names this account in that role, by itself or as one that the ledger seats. */
export function isRecipient(policy: ConsentPolicy, role: PoolRole, account: string, seated: boolean): boolean {
  return policy.recipients.some((one) => one.role === role && (one.id === account || (one.id === ANY_OF_ROSTER && seated)))
}

export function requiredPurposes(policy: ConsentPolicy): Purpose[] {
  return policy.purposes.filter(({ optional }) => !optional).map(({ id }) => id)
}
