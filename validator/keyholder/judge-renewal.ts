/** Whether a newer consent takes the place of the one that is held: a chain from that one on, of which the last holds now. Pure. */
import { type Refusal, refusal } from '../../core/envelope/index.ts'
import { checkConsent, readReceipt, receiptHash, receiptId, type Tombstones } from '../../dao/consent/index.ts'
import { toHex } from '../../schemas/wire/index.ts'
import type { Papers } from './papers.ts'
import type { ShareRow } from './share-row.ts'
import { type PoolView } from '../../dao/pool-access/index.ts'

/** Receipts of one contribution, the first included. */
const MOST_RECEIPTS = 64

export interface RenewalFacts {
  row: Pick<ShareRow, 'receipts' | 'salt'>
  papers: Papers
  /** JWS, the newest last: another one than the row's newest. */
  receipts: readonly string[]
  view: PoolView
  tombstones: Tombstones
  /** Unix seconds. */
  now: number
}

/** `hashes`: of the receipts that come to those of the row, in order. */
export type RenewalVerdict = { ok: true; hashes: Uint8Array[]; expires: number } | Refusal

export function judgeRenewal({ row, papers, receipts, view, tombstones, now }: RenewalFacts): RenewalVerdict {
  const hashes = receipts.map((jws) => receiptHash(jws, row.salt))
  const newest = hashes.at(-1) as Uint8Array
  const known = new Set(row.receipts.map(toHex))
  if (known.has(toHex(newest))) return refusal('SUPERSEDED', 'a later receipt renews this one')
  const from = hashes.findIndex((hash) => !known.has(toHex(hash)))
  const fault = chainFault(papers, receipts.slice(from))
  if (fault !== undefined) return fault
  const added = hashes.slice(from)
  if (row.receipts.length + added.length > MOST_RECEIPTS)
    return refusal('TOO_OFTEN', `renewed ${MOST_RECEIPTS} times; offer the contribution anew`)
  const { manifest } = papers
  const policy = view.policy(manifest.policy)
  const consent = checkConsent({
    jws: receipts.at(-1) as string,
    salt: row.salt,
    dao: view.ledger,
    operator: view.operator,
    policy: policy === undefined ? null : { cid: manifest.policy, value: policy },
    manifest,
    tombstones,
    now,
  })
  if (consent.ok) return { ok: true, hashes: added, expires: consent.receipt.expires }
  return refusal(consent.code, consent.message)
}

/**
 * Each is signed by the contribution's subject and names the one before; the first names the one that is held. Where a stop came between papers and
 * row, one of them lies in the papers: it was judged before it was written.
 */
function chainFault({ manifest, receipt }: Papers, receipts: readonly string[]): Refusal | undefined {
  const held = receiptId(receipt)
  let before = receipts.some((jws) => receiptId(jws) === held) ? undefined : held
  for (const jws of receipts) {
    const read = readReceipt(jws)
    if (!read.ok) return refusal(read.code, read.message)
    if (before !== undefined && read.receipt.prev !== before)
      return refusal('NOT_A_RENEWAL', 'this contribution is held under another receipt; name that one as prev')
    if (read.receipt.subject !== manifest.subject) return refusal('MANIFEST_MISMATCH', "a renewal is its subject's own")
    before = receiptId(jws)
  }
  return undefined
}
