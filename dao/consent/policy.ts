/** A consent policy: signed by the DAO's operator, read strictly, and judged for what no shape can say. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  cborCid,
  type CID,
  type ConsentPolicy,
  consentPolicy,
  encode,
  MAX_POLICY_BYTES,
  rawCid,
  sha256,
  shaped,
  toHex,
  type UnsignedPolicy,
  utf8,
} from '../../schemas/wire/index.ts'
import { printNotice } from './notice.ts'
import { SPECIAL_CATEGORIES } from './special.ts'
import { isDpvTerm } from './terms.ts'

/** A fault of a policy or of a consent: a stable code and what to do. */
export interface ConsentProblem {
  code: string
  message: string
}
export const problem = (code: string, message: string): ConsentProblem => ({ code, message })

/** What an operator writes: no signature, and no notice where the printed one (`printNotice`) is what people read. */
export type PolicyDraft = Omit<UnsignedPolicy, 'by' | 'notice'> & { notice?: UnsignedPolicy['notice'] }

/** As the id of a recipient: whoever the ledger seats in that role. */
export const ANY_OF_ROSTER = 'roster'

/** The signed policy and its bytes. Throws InvalidInputError BAD_POLICY naming the first fault. */
export function signPolicy(draft: PolicyDraft, operator: Signer): { policy: ConsentPolicy; bytes: Uint8Array; cid: CID } {
  const unsigned = { ...draft, by: operator.did, notice: draft.notice ?? noticeOf(printNotice(draft)) }
  const policy = shaped(consentPolicy, signObject('consent-policy', unsigned, operator))
  const [fault] = policyProblems(policy)
  if (fault !== undefined) throw new InvalidInputError('BAD_POLICY', fault.message, { detail: { code: fault.code } })
  const bytes = encode(policy)
  return { policy, bytes, cid: cborCid(bytes) }
}

/** Reads a policy from a stranger's bytes: size, strict decode, shape, the operator's signature, then `policyProblems`. */
export function readPolicy(bytes: Uint8Array): { ok: true; policy: ConsentPolicy; cid: CID } | ({ ok: false } & ConsentProblem) {
  const read = verifyObject(consentPolicy, bytes, 'consent-policy', 'by', MAX_POLICY_BYTES)
  if (!read.ok) return read
  const [fault] = policyProblems(read.value)
  return fault === undefined ? { ok: true, policy: read.value, cid: cborCid(bytes) } : { ok: false, ...fault }
}

/** What is wrong with a policy that has its shape; empty for a sound one. */
export function policyProblems(policy: ConsentPolicy): ConsentProblem[] {
  const problems: ConsentProblem[] = []
  const doubled = (what: string, list: string[]): void => {
    if (new Set(list).size !== list.length) problems.push(problem('SAID_TWICE', `${what} names one thing twice`))
  }
  doubled(
    'purposes',
    policy.purposes.map(({ id }) => id),
  )
  doubled('dataCategories', policy.dataCategories)
  doubled('committee.members', policy.committee.members)
  doubled('rules.types', policy.rules?.types ?? [])
  doubled('rules.fields', policy.rules?.fields ?? [])
  const unknown = [...policy.dataCategories, ...policy.special, ...policy.rights].filter((term) => !isDpvTerm(term))
  if (unknown.length > 0) problems.push(problem('UNKNOWN_TERM', `${unknown.join(', ')}: not in DPV 2.3; choose a term of that list`))
  const outside = policy.special.filter((term) => !policy.dataCategories.includes(term))
  if (outside.length > 0) problems.push(problem('SPECIAL_NOT_LISTED', `${outside.join(', ')}: special, but not among dataCategories`))
  const unmarked = policy.dataCategories.filter((term) => SPECIAL_CATEGORIES.has(term) && !policy.special.includes(term))
  if (unmarked.length > 0)
    problems.push(problem('SPECIAL_NOT_MARKED', `${unmarked.join(', ')}: GDPR Article 9 protects it; name it under special`))
  if (policy.special.length > 0 && policy.lawfulBasis !== 'eu-gdpr:A9-2-a')
    problems.push(problem('SPECIAL_WITHOUT_BASIS', 'special categories need explicit consent under eu-gdpr:A9-2-a as lawfulBasis'))
  const { k, members } = policy.committee
  if (k > members.length) problems.push(problem('COMMITTEE_TOO_SMALL', `k is ${k}, but only ${members.length} keyholders are named`))
  const named = new Set(policy.recipients.filter(({ role }) => role === 'keyholder').map(({ id }) => id))
  const missing = members.filter((member) => !named.has(member))
  if (missing.length > 0) problems.push(problem('KEYHOLDER_NOT_NAMED', `${missing.join(', ')}: a keyholder must stand among recipients`))
  // whoever the ledger draws must be given what it draws, or an honest contribution fails its tests
  if (!policy.purposes.some(({ id, optional }) => id === 'dpv:DataQualityAssessment' && !optional))
    problems.push(
      problem('TESTING_NOT_NEEDED', 'dpv:DataQualityAssessment must stand among purposes, and not as optional: chunks are tested'),
    )
  if (!policy.recipients.some(({ role, id }) => role === 'scorer' && id === ANY_OF_ROSTER))
    problems.push(problem('SCORER_NOT_NAMED', `recipients need {role: scorer, id: ${ANY_OF_ROSTER}}: the ledger draws who tests`))
  return problems
}

/** Whether these bytes are the notice the policy speaks of. */
export const isNoticeOf = (policy: ConsentPolicy, notice: Uint8Array): boolean => toHex(sha256(notice)) === toHex(policy.notice.sha256)

/** How a policy names the words that people read. */
export function noticeOf(words: string): UnsignedPolicy['notice'] {
  const bytes = utf8(words)
  return { cid: rawCid(bytes), lang: 'en', sha256: sha256(bytes) }
}
