export {
  checkConsent,
  CLOCK_SKEW,
  type ConsentFacts,
  type ConsentVerdict,
  isRecipient,
  requiredPurposes,
} from './check-consent.ts'
export { dpvView, termsOf } from './dpv.ts'
export { printNotice } from './notice.ts'
export {
  ANY_OF_ROSTER,
  type ConsentProblem,
  isNoticeOf,
  noticeOf,
  type PolicyDraft,
  policyProblems,
  readPolicy,
  signPolicy,
} from './policy.ts'
export { isKeyOf, readPoolKey } from './read-pool-key.ts'
export { readReceipt, receiptHash, receiptId, signReceipt, subjectKey } from './receipt.ts'
export { isDpvTerm } from './terms.ts'
export { gossipVerdict, includesScope, joinScopes, readWithdrawal, type Scope, signWithdrawal, Tombstones } from './tombstones.ts'
