/** Releases of personal pools: what is public of one, and what its contributors and its trainer are told. Times are Unix seconds. */
import { z } from 'zod'
import { did } from './account.ts'
import { bytesUpTo, cid, uint } from './bytes.ts'
import { MAX_WITHDRAWAL_BYTES, purpose } from './consent.ts'
import { canaryTerms } from './custody.ts'
import { poolStatistics } from './pool-statistics.ts'
import { hash32, ledgerId, signature } from './signed.ts'

const percent = z.int().min(0).max(100)

/** Members of one release, which takes as many orders as they need. */
export const MAX_MEMBERS = 16_384
export const MAX_POOL_RELEASE_BYTES = 256 << 10

/** The public manifest of a release. Who is in it is not told, nor how many. Signed by the operator under `quern/pool-release/v1\0`. */
export const poolRelease = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  name: z.string().min(1).max(128),
  trainer: did,
  /** CID of the signed order, which keyholders saw and nobody publishes; of several, of the list of their CIDs. */
  order: cid,
  /** Consent policies of the contributions. */
  policies: z.array(cid).min(1).max(16),
  purposes: z.array(purpose).min(1).max(16),
  /** Raw CID of the licence, ODRL in JSON-LD. */
  licence: cid,
  deleteWithinDays: z.int().min(1).max(365),
  /** The newest counts that the log had of the whole pool, in this release or not; null where it had none. */
  statistics: poolStatistics.nullable(),
  /** Of those in this release: counted by its assembler, with noise of its own, after the log spent the ε on `order`. Absent where they are not counted. */
  counts: poolStatistics.optional(),
  /** RFC 6962 tree over salted leaves, filled up to a power of two: `poolInclusion` proves a place in it. */
  contributions: z.strictObject({ root: hash32, size: uint }),
  /** SHA-256 of the bundle's members.jsonl: whose rows have to go with a withdrawal. */
  members: hash32,
  /** The withdrawals that were known: RFC 6962 root over their bytes in the order of the log, how many, and when. */
  tombstones: z.strictObject({ root: hash32, count: uint, at: uint }),
  /** RFC 6962 root over the lines of the data, in order. */
  rows: hash32,
  /** Whole percents of the rows; exact numbers go to the trainer. */
  anonymity: z.strictObject({ k: z.int().min(2).max(1000), generalised: percent, suppressed: percent }),
  canaries: canaryTerms,
  /** Versions of what took names and identifiers out on the devices. */
  redaction: z.string().min(1).max(64),
  /** Raw CID of `ai-act-53-1-d.json`. */
  aiAct: cid,
  withdrawal: z.string().min(1).max(512),
  throughEpoch: uint,
  previous: cid.nullable(),
  at: uint,
  by: did,
  s: signature,
})
export type PoolRelease = z.infer<typeof poolRelease>

/** Shows its holder that a contribution is in a release. Its leaf is SHA-256("quern/pool-leaf/v1\0" ‖ salt ‖ manifest CID): without the salt nobody finds it. */
export const poolInclusion = z.strictObject({
  v: z.literal(1),
  /** CID of the public manifest. */
  release: cid,
  manifest: cid,
  salt: hash32,
  index: uint,
  size: uint,
  path: z.array(hash32).max(32),
})
export type PoolInclusion = z.infer<typeof poolInclusion>

/** A subject asks whether it is in a release. Signed under `quern/inclusion-request/v1\0`. */
export const inclusionRequest = z.strictObject({ v: z.literal(1), dao: ledgerId, release: cid, by: did, at: uint, s: signature })
export type InclusionRequest = z.infer<typeof inclusionRequest>

/** Withdrawals in the order of the log, whole, so that whoever reads them checks each. Signed by the operator under `quern/withdrawal-feed/v1\0`. */
export const withdrawalFeed = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  /** Entries of the log that were read. */
  size: uint,
  withdrawals: z.array(bytesUpTo(MAX_WITHDRAWAL_BYTES)).max(65_536),
  at: uint,
  by: did,
  s: signature,
})
export type WithdrawalFeed = z.infer<typeof withdrawalFeed>
export const MAX_FEED_BYTES = 48 << 20

/**
 * For each withdrawal that a release could not know of, in the order of the log, what opens its member's commitment in the release's list, or as many
 * bytes that open nothing: who has the list finds whose rows go, and nobody else learns who was in it. Signed by the operator under
 * `quern/withdrawal-tags/v1\0`.
 */
export const withdrawalTags = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  /** CID of the public manifest. */
  release: cid,
  /** `tombstones.count` of the manifest: the first is of the withdrawal after these. */
  from: uint,
  tags: z.array(hash32).max(65_536),
  at: uint,
  by: did,
  s: signature,
})
export type WithdrawalTags = z.infer<typeof withdrawalTags>
export const MAX_TAGS_BYTES = 4 << 20

/** "Delete these": from the operator to the trainer of a release, sealed to its recipient. Signed under `quern/tombstone-notice/v1\0`. */
export const tombstoneNotice = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  release: cid,
  trainer: did,
  /** `person` of the rows that go. */
  persons: z
    .array(z.string().regex(/^p[0-9a-f]{16}$/))
    .min(1)
    .max(MAX_MEMBERS),
  at: uint,
  deleteBy: uint,
  by: did,
  s: signature,
})
export type TombstoneNotice = z.infer<typeof tombstoneNotice>
/** All members at once, and room for what is signed around them. */
export const MAX_TOMBSTONE_NOTICE_BYTES = 512 << 10
/** Each names somebody whom no earlier one named. */
export const tombstoneNotices = z.array(bytesUpTo(MAX_TOMBSTONE_NOTICE_BYTES)).max(MAX_MEMBERS)

/** Every notice of one release, as its trainer gets them: an age file of this. `fill` hides how many there are. */
export const noticeBox = z.strictObject({
  v: z.literal(1),
  release: cid,
  notices: tombstoneNotices,
  fill: bytesUpTo(8 << 20),
})
export const MAX_NOTICE_BOX_BYTES = 16 << 20

/** What the operator keeps of a release, and nobody else: with it inclusion is proven, notices are written and canaries recognised. */
export const poolReleaseSecret = z.strictObject({
  v: z.literal(1),
  release: cid,
  /** From it come salts, pseudonyms and the filling of the tree. */
  secret: hash32,
  members: z.array(z.strictObject({ manifest: cid, subject: did, person: z.string().max(32) })).max(MAX_MEMBERS),
  recipient: z.string().max(2100),
  /** Where the trainer wants to be told of withdrawals; absent where it asks itself. */
  notify: z.string().max(512).optional(),
})
export type PoolReleaseSecret = z.infer<typeof poolReleaseSecret>
export const MAX_RELEASE_SECRET_BYTES = 64 << 20
