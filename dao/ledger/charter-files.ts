/** What a charter brings with it: the consent policy of a personal pool, the notice that its people read, the key of its tokens; files of the ledger. */
import { type Charter, type CID, equalBytes, sha256 } from '../../schemas/wire/index.ts'
import { isKeyOf } from '../consent/index.ts'
import { readCharter, readConsentPolicy, readKeyFile, requireFile } from './parsed-files.ts'
import type { LedgerFiles } from './types.ts'
import { type Refusal, refuse } from './view.ts'

/** Of the notice, printed from the policy's own fields. */
const MAX_NOTICE_BYTES = 256 << 10

/** The charter, and as far as what is in `files` names it, its policy, the policy's notice and its key. Ask again when one more has come. */
export function charterFiles(files: LedgerFiles, cid: CID): CID[] {
  const charter = files.read(cid) === undefined ? undefined : readCharter(files, cid)
  return charter?.ok && charter.value.consent !== null ? [cid, ...policyFiles(charter.value.consent, files)] : [cid]
}

/** A policy, and once it is here the notice that people read, and the key behind the pool's tokens where it has one. */
export function policyFiles(policy: CID, files: LedgerFiles | undefined): CID[] {
  const read = files?.read(policy) && files ? readConsentPolicy(files, policy) : undefined
  if (!read?.ok) return [policy]
  const { notice, poolKey } = read.value
  return [policy, notice.cid, ...(poolKey === undefined ? [] : [poolKey])]
}

/** Whether the policy that a charter names is one: of its shape, signed by the operator, with the notice that it says and a key of its committee. */
export function policyRefusal(
  files: LedgerFiles,
  { consent }: Charter,
  { operator, ledger }: { operator: string; ledger: string },
): Refusal | undefined {
  if (consent === null) return undefined
  const policy = readConsentPolicy(files, consent)
  if (!policy.ok) return policy.refusal
  const { by, notice, poolKey, committee } = policy.value
  if (by !== operator)
    return refuse('POLICY_NOT_SIGNED', 'the consent policy that the charter names does not carry the signature of the operator')
  const words = requireFile(files, notice.cid)
  if (words.byteLength > MAX_NOTICE_BYTES || !equalBytes(sha256(words), notice.sha256))
    return refuse('OTHER_NOTICE', 'the notice of the consent policy is another one than its hash says')
  if (poolKey === undefined) return undefined
  const key = readKeyFile(files, poolKey)
  if (!key.ok) return key.refusal
  if (key.value.by !== operator) return refuse('NOT_OPERATOR', 'the pool’s key is not signed by the operator')
  return isKeyOf(key.value, ledger, committee) ? undefined : refuse('OTHER_KEY', 'the pool’s key is of another DAO or of another committee')
}
