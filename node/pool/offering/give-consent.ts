/** What a person ticked becomes a receipt, or a reason why it is no consent. Pure: the same choices give the same verdict on every machine. */
import { InvalidInputError } from '../../../core/errors/index.ts'
import { receiptId, requiredPurposes } from '../../../dao/consent/index.ts'
import { type CID, type ConsentPolicy, type ConsentReceipt, type PoolManifest, type Purpose, toHex } from '../../../schemas/wire/index.ts'

const DAY_SECONDS = 86_400

export interface Choices {
  /** What was ticked, one after the other. */
  purposes: readonly string[]
  adult: boolean
  /** Global Privacy Control is set: nothing optional, and no sale. */
  gpc: boolean
  /** How long the consent lasts; the policy's most when absent. */
  days?: number | undefined
}

export interface Ticked {
  purposes: Purpose[]
  days: number
}

/**
 * Checks the choices against the policy before anything is sealed. Throws InvalidInputError PURPOSE_UNKNOWN, PURPOSE_MISSING, NOT_ADULT, GPC,
 * TOO_LONG, CATEGORY_NOT_OFFERED.
 */
export function checkChoices(policy: ConsentPolicy, { purposes, adult, gpc, days }: Choices, categories: readonly string[]): Ticked {
  const offered = policy.purposes.map(({ id }) => id)
  const ticked = offered.filter((id) => purposes.includes(id))
  const unknown = purposes.filter((one) => !offered.some((id) => id === one))
  if (unknown.length > 0)
    throw new InvalidInputError('PURPOSE_UNKNOWN', `this pool does not ask for ${unknown.join(', ')}; it asks for ${offered.join(', ')}`)
  const missing = requiredPurposes(policy).filter((one) => !ticked.includes(one))
  if (missing.length > 0)
    throw new InvalidInputError('PURPOSE_MISSING', `${missing.join(', ')}: without it no contribution can be made; nothing was sent`)
  if (!adult) throw new InvalidInputError('NOT_ADULT', 'only adults can offer data here; nothing was sent')
  const beyond = gpc
    ? policy.purposes.filter(({ id, optional }) => ticked.includes(id) && (optional || id === 'dpv:SellDataToThirdParties'))
    : []
  if (beyond.length > 0)
    throw new InvalidInputError('GPC', `Global Privacy Control is set, so ${beyond.map(({ id }) => id).join(', ')} cannot be ticked`)
  const most = policy.retention.maxDays
  if (days !== undefined && (days < 1 || days > most)) throw new InvalidInputError('TOO_LONG', `a consent lasts 1 to ${most} days here`)
  const notOffered = categories.filter((one) => !policy.dataCategories.includes(one))
  if (notOffered.length > 0)
    throw new InvalidInputError(
      'CATEGORY_NOT_OFFERED',
      `the export holds ${notOffered.join(', ')}, which this pool does not take; leave those events out with --rules`,
    )
  return { purposes: ticked, days: days ?? most }
}

/** A newer consent to the same contribution: what was said of the data stays, and it names the receipt that it follows. */
export function renewedReceipt(
  before: { jws: string; receipt: ConsentReceipt },
  { ticked, gpc, id, now }: Pick<ReceiptFacts, 'ticked' | 'gpc' | 'id' | 'now'>,
): ConsentReceipt {
  const expires = now + ticked.days * DAY_SECONDS
  return { ...before.receipt, id, purposes: ticked.purposes, gpc, given: now, expires, prev: receiptId(before.jws) }
}

export interface ReceiptFacts {
  policy: { cid: CID; value: ConsentPolicy }
  manifest: PoolManifest
  cid: CID
  ticked: Ticked
  categories: readonly string[]
  source: string
  gpc: boolean
  othersRemoved: boolean
  /** A UUID, and Unix seconds. */
  id: string
  now: number
}

export function receiptOf({
  policy,
  manifest,
  cid,
  ticked,
  categories,
  source,
  gpc,
  othersRemoved,
  id,
  now,
}: ReceiptFacts): ConsentReceipt {
  return {
    v: 1,
    id,
    subject: manifest.subject,
    dao: manifest.dao,
    policy: policy.cid.toString(),
    notice: toHex(policy.value.notice.sha256),
    purposes: ticked.purposes,
    manifest: cid.toString(),
    categories: [...categories],
    sources: [source],
    given: now,
    expires: now + ticked.days * DAY_SECONDS,
    method: 'cli-explicit',
    adult: true,
    thirdParties: othersRemoved ? 'removed' : 'none',
    gpc,
    ...(manifest.mail !== undefined && { mail: true as const }),
    prev: null,
  }
}
