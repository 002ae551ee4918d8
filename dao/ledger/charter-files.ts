/** What a charter brings with it: the consent policy of a personal pool and the notice that its people read, both files of the ledger. */
import { type Charter, type CID, equalBytes, sha256 } from '../../schemas/wire/index.ts'
import { readCharter, readConsentPolicy, requireFile } from './parsed-files.ts'
import type { LedgerFiles } from './types.ts'
import { type Refusal, refuse } from './view.ts'

/** Of the notice, printed from the policy's own fields. */
export const MAX_NOTICE_BYTES = 256 << 10

/** The charter, and as far as what is in `files` names it, its policy and the policy's notice. Ask again when one more has come. */
export function charterFiles(files: LedgerFiles, cid: CID): CID[] {
  const charter = files.read(cid) === undefined ? undefined : readCharter(files, cid)
  return charter?.ok && charter.value.consent !== null ? [cid, ...policyFiles(charter.value.consent, files)] : [cid]
}

/** A policy, and the notice that people read, once the policy is here. */
export function policyFiles(policy: CID, files: LedgerFiles | undefined): CID[] {
  const read = files?.read(policy) && files ? readConsentPolicy(files, policy) : undefined
  return read?.ok ? [policy, read.value.notice.cid] : [policy]
}

/** Whether the policy that a charter names is one: of its shape, signed by the operator, with the notice that it says. */
export function policyRefusal(files: LedgerFiles, { consent }: Charter, operator: string): Refusal | undefined {
  if (consent === null) return undefined
  const policy = readConsentPolicy(files, consent)
  if (!policy.ok) return policy.refusal
  const { by, notice } = policy.value
  if (by !== operator)
    return refuse('POLICY_NOT_SIGNED', 'the consent policy that the charter names does not carry the signature of the operator')
  const words = requireFile(files, notice.cid)
  if (words.byteLength > MAX_NOTICE_BYTES || !equalBytes(sha256(words), notice.sha256))
    return refuse('OTHER_NOTICE', 'the notice of the consent policy is another one than its hash says')
  return undefined
}
