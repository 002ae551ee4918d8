/** What a charter brings with it: the consent policy of a personal pool and the notice that its people read, both files of the ledger. */
import { verifyObject } from '../../core/envelope/index.ts'
import { type Charter, type CID, cborCid, encode, equalBytes, MAX_POLICY_BYTES, consentPolicy, sha256 } from '../../schemas/wire/index.ts'
import { readCharter, readPolicyFile, requireFile } from './parsed-files.ts'
import type { LedgerFiles } from './types.ts'
import { type Refusal, refuse } from './view.ts'

/** Of the notice, printed from the policy's own fields. */
export const MAX_NOTICE_BYTES = 256 << 10

/** The charter, and as far as what is in `files` names it, its policy and the policy's notice. Ask again when one more has come. */
export function charterFiles(files: LedgerFiles, cid: CID): CID[] {
  const charter = files.read(cid) === undefined ? undefined : readCharter(files, cid)
  if (!charter?.ok || charter.value.consent === null) return [cid]
  const { consent } = charter.value
  const policy = files.read(consent) === undefined ? undefined : readPolicyFile(files, consent)
  return policy?.ok ? [cid, consent, policy.value.notice.cid] : [cid, consent]
}

/** Whether the policy that a charter names is one: of its shape, signed by the operator, with the notice that it says. */
export function policyRefusal(files: LedgerFiles, { consent }: Charter, operator: string): Refusal | undefined {
  if (consent === null) return undefined
  const policy = readPolicyFile(files, consent)
  if (!policy.ok) return policy.refusal
  const { by, notice } = policy.value
  const signed = verifyObject(consentPolicy, encode(policy.value), 'consent-policy', 'by', MAX_POLICY_BYTES)
  if (!signed.ok || by !== operator || !cborCid(encode(policy.value)).equals(consent))
    return refuse('POLICY_NOT_SIGNED', 'the consent policy that the charter names does not carry the signature of the operator')
  const words = requireFile(files, notice.cid)
  if (words.byteLength > MAX_NOTICE_BYTES || !equalBytes(sha256(words), notice.sha256))
    return refuse('OTHER_NOTICE', 'the notice of the consent policy is another one than its hash says')
  return undefined
}
