/** The key behind a pool's tokens, and how keyholders are asked to use it. Times are Unix seconds. */
import { z } from 'zod'
import { did } from './account.ts'
import { bytesOf, cid, uint } from './bytes.ts'
import { POOL_BANDS } from './consent.ts'
import { ledgerId, point, signature } from './signed.ts'

export const MAX_POOL_KEY_BYTES = 4096
/**
 * What each keyholder answers an account that joined. A contribution that is prepared again a few times has its tokens, and that of its account; who
 * guesses at other people's bands has few guesses.
 */
export const BANDS_A_DAY = 4 * (POOL_BANDS + 1)
/** What it answers a seated validator: one for each account whose mails it tests. */
export const TESTS_A_DAY = 1024

/** Public. Member i has seat i + 1; the first of the k commitments is the key's public point. Signed by the operator under `quern/pool-key/v1\0`. */
export const poolKey = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  k: z.int().min(2).max(16),
  members: z.array(did).min(2).max(32),
  commitments: z.array(point).min(2).max(16),
  by: did,
  at: uint,
  s: signature,
})
export type PoolKey = z.infer<typeof poolKey>

/** Bands, blinded: points that say nothing of them. Signed by a subject, or by a seated validator that tests one, under `quern/token-request/v1\0`. */
export const tokenRequest = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  /** CID of the pool key's bytes. */
  key: cid,
  blinded: z.array(point).min(1).max(POOL_BANDS),
  by: did,
  at: uint,
  s: signature,
})
export type TokenRequest = z.infer<typeof tokenRequest>

/** One keyholder's part: each point to its share, and one proof (RFC 9497, VOPRF) for all. */
export const tokenAnswer = z.strictObject({
  v: z.literal(1),
  key: cid,
  x: z.int().min(1).max(32),
  points: z.array(point).min(1).max(POOL_BANDS),
  proof: bytesOf(64),
})
export type TokenAnswer = z.infer<typeof tokenAnswer>

export const MAX_POOL_KEY_PART_BYTES = 1024

/**
 * One keyholder's share of the pool's key; travels only as an age file to its key of the day. The key itself is a ledger file by then. Signed by the
 * operator under `quern/pool-key-part/v1\0`.
 */
export const poolKeyPart = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  /** CID of the pool key's bytes. */
  key: cid,
  x: z.int().min(1).max(32),
  share: bytesOf(32),
  by: did,
  at: uint,
  s: signature,
})
export type PoolKeyPart = z.infer<typeof poolKeyPart>

/** "I verified my share of that key, and it is on my disk." Signed by the keyholder under `quern/pool-key-ack/v1\0`. */
export const poolKeyAck = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  key: cid,
  x: z.int().min(1).max(32),
  by: did,
  at: uint,
  s: signature,
})
export type PoolKeyAck = z.infer<typeof poolKeyAck>
