/** From what an operator wrote and who holds the keys to what the ledger needs: the signed policy, its notice, the charter that names it. */
import type { Signer } from '../../core/identity/index.ts'
import {
  type Charter,
  cborCid,
  type CID,
  charter as charterShape,
  encode,
  exportMailTermsOf,
  type PoolKey,
  poolTermsOf,
  utf8,
} from '../../schemas/wire/index.ts'
import { encodeCharter } from '../charter/index.ts'
import { ANY_OF_ROSTER, noticeOf, type PolicyDraft, printNotice, signPolicy } from '../consent/index.ts'
import type { PoolFile } from './pool-file.ts'

export interface OpenedPool {
  policy: CID
  charter: { cid: CID; version: number }
  /** The words that people read; the policy carries their hash. */
  notice: string
  /** Charter, policy, notice, key: the files of the `charter` entry, in the order in which one names the next. */
  files: Uint8Array[]
}

/** `base` is the newest charter, in force or announced; `key` the one behind the pool's tokens, null where there are none. Throws InvalidInputError BAD_POLICY. */
export function openPool(
  { trainers, withdrawal, ...said }: PoolFile,
  {
    base,
    committee,
    operator,
    key,
    assembler,
    successors = false,
  }: {
    base: Charter
    committee: { k: number; members: string[] }
    operator: Signer
    key: PoolKey | null
    /** Account that puts releases together. */
    assembler: string
    /** Whoever the ledger seats may take over from a keyholder that is gone; without it only those named here hold shares, ever. */
    successors?: boolean
  },
): OpenedPool {
  const keyBytes = key && encode(key)
  const draft: Omit<PolicyDraft, 'notice'> = {
    v: 1,
    ...said,
    jointControllers: committee.members,
    lawfulBasis: said.special.length > 0 ? 'eu-gdpr:A9-2-a' : 'eu-gdpr:A6-1-a-explicit-consent',
    recipients: [
      ...committee.members.map((id) => ({ role: 'keyholder' as const, id })),
      ...(successors ? [{ role: 'keyholder' as const, id: ANY_OF_ROSTER }] : []),
      { role: 'scorer', id: ANY_OF_ROSTER },
      { role: 'assembler', id: assembler },
      ...trainers.map((id) => ({ role: 'trainer' as const, id })),
    ],
    withdrawal: { protocol: '/quern/withdraw/1.0.0', ...withdrawal },
    committee,
    ...(keyBytes && { poolKey: cborCid(keyBytes) }),
  }
  const senders = exportMailTermsOf(poolTermsOf(base))?.senders.map(({ domain }) => domain) ?? []
  const notice = printNotice(draft, { mailSenders: [...new Set(senders)] })
  const signed = signPolicy({ ...draft, notice: noticeOf(notice) }, operator)
  const next = encodeCharter(charterShape.parse({ ...base, version: base.version + 1, consent: signed.cid }))
  return {
    policy: signed.cid,
    charter: { cid: next.cid, version: base.version + 1 },
    notice,
    files: [next.bytes, signed.bytes, utf8(notice), ...(keyBytes ? [keyBytes] : [])],
  }
}
