/** What contributors, keyholders, scorers and assemblers say to each other about key shares. Times are Unix seconds. */
import { z } from 'zod'
import { did } from './account.ts'
import { bytesOf, bytesUpTo, cid, uint } from './bytes.ts'
import { MAX_CHUNKS, MAX_POOL_MANIFEST_BYTES, MAX_RECEIPT_BYTES, poolRole, purpose } from './consent.ts'
import { ledgerId, point, signature } from './signed.ts'
import { countShare, MAX_COUNT_WORDS } from './pool-statistics.ts'

const commitments = z.array(point).min(2).max(16)
/** Position in the committee, from 1: the x at which the secret's polynomial was evaluated. */
const seat = z.int().min(1).max(32)
/** age recipient of the hybrid (ML-KEM-768 with X25519) kind. */
const recipient = z.string().regex(/^age1pq1[02-9ac-hj-np-z]{1900,2000}$/, 'a hybrid age recipient')

/** Chunks whose keys are asked for at once; the one behind the last of them is the mail. */
export const MAX_INDICES = 64
export const MAX_DEPOSIT_BYTES = MAX_POOL_MANIFEST_BYTES + MAX_RECEIPT_BYTES + 4 * MAX_COUNT_WORDS + 4096

/** A keyholder's key of the day; its private half never touches a disk. Signed under `quern/deposit-key/v1\0`. */
export const depositKey = z.strictObject({ v: z.literal(1), dao: ledgerId, by: did, recipient, from: uint, until: uint, s: signature })
export type DepositKey = z.infer<typeof depositKey>

/** One keyholder's part of a contribution; travels only as an age file to its key of the day. */
export const deposit = z.strictObject({
  v: z.literal(1),
  /** DAG-CBOR of the pool manifest. */
  manifest: bytesUpTo(MAX_POOL_MANIFEST_BYTES),
  receipt: z.string().max(MAX_RECEIPT_BYTES),
  salt: bytesOf(32),
  x: seat,
  share: bytesOf(32),
  commitments,
  /** To each of the three that sum, its part of what the person counts. Left out for the others: a deposit without it keeps its bytes. */
  counts: countShare.optional(),
})
export type Deposit = z.infer<typeof deposit>

/** Receipts of one contribution, the first included: a keyholder that was away for some is shown the chain, in one message where it fits. */
export const MAX_RENEWALS = 64
/**
 * A newer consent to a contribution that is held already: no share travels, because the owner has none any more. Travels as a deposit does, in an
 * age file to the key of the day; the answer is a depositAck for the newest receipt.
 */
export const renewal = z.strictObject({
  v: z.literal(1),
  manifest: cid,
  /** JWS, each naming the one before as `prev`, the newest last; the first that the keyholder does not hold follows the one it holds. */
  receipts: z.array(z.string().max(MAX_RECEIPT_BYTES)).min(1).max(MAX_RENEWALS),
})
export type Renewal = z.infer<typeof renewal>

/** "I verified my share, and it is on my disk." Signed under `quern/deposit-ack/v1\0`. */
export const depositAck = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  manifest: cid,
  receipt: bytesOf(32),
  by: did,
  at: uint,
  s: signature,
})
export type DepositAck = z.infer<typeof depositAck>

/** Asks for the keys of some chunks. Signed under `quern/key-request/v1\0`; the answer is sealed to `reply`. */
export const keyRequest = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  manifest: cid,
  /** Strictly ascending. */
  indices: z.array(z.int().min(0).max(MAX_CHUNKS)).min(1).max(MAX_INDICES),
  purpose,
  role: poolRole,
  /** The epoch whose beacon drew the indices; of an assembler, that of its order. */
  epoch: uint,
  by: did,
  reply: recipient,
  at: uint,
  s: signature,
})
export type KeyRequest = z.infer<typeof keyRequest>

/** A keyholder's part of the keys, before sealing. Who has `k` of one generation has the keys. */
export const keyAnswer = z.strictObject({
  v: z.literal(1),
  manifest: cid,
  x: seat,
  generation: uint,
  salt: bytesOf(32),
  /** SHA-256 of the dealer's commitments, joined: with the first of `commitments` and the salt it gives `keyCommit`. */
  dealt: bytesOf(32),
  commitments,
  /** H_i^share, one per index asked for. */
  points: z.array(point).min(1).max(MAX_INDICES),
  /** One DLEQ proof (RFC 9497) over all of them. */
  proof: bytesOf(64),
  /** When the consent ends by itself, as this keyholder knows it: whoever publishes looks again. Absent in answers from before there was one. */
  expires: uint.optional(),
})
export type KeyAnswer = z.infer<typeof keyAnswer>

/** The owner's part of each key asked for, under `committee+owner`, before sealing. A wrong one shows when the chunk does not open. */
export const ownerAnswer = z.strictObject({ v: z.literal(1), manifest: cid, parts: z.array(bytesOf(32)).min(1).max(MAX_INDICES) })
export type OwnerAnswer = z.infer<typeof ownerAnswer>

/** Made-up rows that show from whom a copy came: how many there are, and the hash of the key that makes them, so that nobody is deceived about it. */
export const canaryTerms = z.strictObject({ count: uint.max(10_000), commit: bytesOf(32) })
export type CanaryTerms = z.infer<typeof canaryTerms>

/** What lets an assembler ask for whole contributions. Signed by the operator under `quern/release-order/v1\0`. */
export const releaseOrder = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  name: z.string().min(1).max(128),
  purposes: z.array(purpose).min(1).max(16),
  manifests: z.array(cid).min(1).max(1024),
  assembler: did,
  trainer: did,
  /** These three are absent in orders from before there were any; no release is made without them (`completeOrder`). Of the trainer: what is released is sealed to it. */
  recipient: recipient.optional(),
  /** Raw CID of the licence: ODRL in JSON-LD. */
  licence: cid.optional(),
  canaries: canaryTerms.optional(),
  at: uint,
  expires: uint,
  by: did,
  s: signature,
})
export type ReleaseOrder = z.infer<typeof releaseOrder>
/** An order that a release can be made by. */
export const completeOrder = releaseOrder.required()
export type CompleteOrder = z.infer<typeof completeOrder>
export const MAX_ORDER_BYTES = 64_000

/** "My share is gone, and so is the key its file lay under." Attested, not proven. Signed under `quern/shred-ack/v1\0`. */
export const shredAck = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  manifest: cid,
  by: did,
  at: uint,
  /** Counts the keys that the share file lay under. */
  generation: uint,
  s: signature,
})
export type ShredAck = z.infer<typeof shredAck>

/** One line of the access log of one contribution. `prev` is the SHA-256 of the line before, or zeros. */
export const accessLine = z.strictObject({
  v: z.literal(1),
  manifest: cid,
  n: uint,
  prev: bytesOf(32),
  at: uint,
  by: did,
  role: poolRole,
  purpose,
  epoch: uint,
  indices: z.array(uint).max(MAX_INDICES),
  /** Whom the operator's signed release order names that came with an assembler's request: to it goes what is released. Null without one. */
  trainer: did.nullable(),
  /** `ok`, or why not. */
  outcome: z.string().min(1).max(64),
})
export type AccessLine = z.infer<typeof accessLine>

/** Its owner asks for the access log of a contribution. Signed under `quern/access-request/v1\0`. */
export const accessRequest = z.strictObject({ v: z.literal(1), dao: ledgerId, manifest: cid, from: uint, by: did, at: uint, s: signature })
export type AccessRequest = z.infer<typeof accessRequest>

/** How long the log is and what its last line hashes to: a keyholder cannot drop a line later. Signed under `quern/access-head/v1\0`. */
export const accessHead = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  manifest: cid,
  /** Whether a share of it is held: the log stays when the share goes. */
  held: z.boolean(),
  lines: uint,
  head: bytesOf(32),
  at: uint,
  by: did,
  s: signature,
})
export type AccessHead = z.infer<typeof accessHead>

/**
 * Gives shares to a new committee, or fresh shares to the old one. Signed by the operator under `quern/reshare-order/v1\0`; keyholders follow it
 * only towards members that the ledger seats.
 */
export const reshareOrder = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  manifest: cid,
  /** The generation that ends; the new one is one more. */
  generation: uint,
  from: z.strictObject({ k: z.int().min(2).max(16), members: z.array(did).min(2).max(32) }),
  to: z.strictObject({ k: z.int().min(2).max(16), members: z.array(did).min(2).max(32) }),
  /** Seats of the k old members that deal. */
  dealers: z.array(seat).min(2).max(16),
  at: uint,
  by: did,
  s: signature,
})
export type ReshareOrder = z.infer<typeof reshareOrder>

/** What one old member deals to one new member, signed under `quern/sub-share/v1\0`; travels only as an age file to its key of the day. */
export const subShare = z.strictObject({
  v: z.literal(1),
  /** CID of the order's bytes. */
  order: cid,
  /** Seats: of who deals, in the old committee; of who receives, in the new one. */
  from: seat,
  x: seat,
  share: bytesOf(32),
  commitments,
  /** The old generation's, against which the dealer is checked. */
  old: commitments,
  salt: bytesOf(32),
  dealt: bytesOf(32),
  manifest: bytesUpTo(MAX_POOL_MANIFEST_BYTES),
  receipt: z.string().max(MAX_RECEIPT_BYTES),
  /** Hashes of that receipt and of those it renewed: a withdrawal of any of them counts with the new members too. */
  receipts: z.array(bytesOf(32)).min(1).max(64),
  /** The dealer: whoever carries or answers an order cannot deal in its name. */
  by: did,
  s: signature,
})
export type SubShare = z.infer<typeof subShare>

/** "My new share is on my disk": the old ones may go when every new member said so. Signed under `quern/reshare-ready/v1\0`. */
export const reshareReady = z.strictObject({
  v: z.literal(1),
  /** CID of the order's bytes. */
  order: cid,
  x: seat,
  /** SHA-256 of the new commitments, as `dealt`: the same for all, or somebody lies. */
  commitments: bytesOf(32),
  by: did,
  s: signature,
})
export type ReshareReady = z.infer<typeof reshareReady>
