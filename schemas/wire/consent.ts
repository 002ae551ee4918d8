/**
 * Personal pools, as people agree to them: the policy a DAO offers, the receipt its contributor keeps, the withdrawal that ends it, and the
 * manifest of a sealed contribution. Terms are those of the Data Privacy Vocabulary (DPV) 2.3; fields follow ISO/IEC TS 27560.
 */
import { z } from 'zod'
import { did } from './account.ts'
import { bytesOf, cid, ppm, uint } from './bytes.ts'
import { ledgerId, pipelineId, schemaId } from './signed.ts'

export const MAX_POLICY_BYTES = 32 << 10
/** Of the compact JWS. */
export const MAX_RECEIPT_BYTES = 8 << 10
export const MAX_POOL_MANIFEST_BYTES = 192 << 10
export const MAX_CHUNKS = 4096

/** What data may be asked for; one tick each. `dpv:SellDataToThirdParties` is what a priced release does. */
export const PURPOSES = [
  'ai:ModelTraining',
  'ai:ModelFineTuning',
  'ai:Benchmarking',
  'dpv:ScientificResearch',
  'dpv:CommercialResearch',
  'dpv:DataQualityAssessment',
  'dpv:SellDataToThirdParties',
] as const
export const purpose = z.enum(PURPOSES)
export type Purpose = z.infer<typeof purpose>

/** Who may ask for chunk keys besides the keyholders themselves, and who gets a release. */
export const POOL_ROLES = ['scorer', 'keyholder', 'assembler', 'trainer'] as const
export const poolRole = z.enum(POOL_ROLES)
export type PoolRole = z.infer<typeof poolRole>

const text = (length: number) => z.string().min(1).max(length)
const category = z.string().regex(/^pd:[A-Za-z][A-Za-z0-9]{1,63}$/, 'a category of the pd: vocabulary')
const right = z.string().regex(/^eu-gdpr:A[0-9]{1,2}(-[0-9a-z]{1,3})*$/, 'a right of the eu-gdpr: vocabulary')
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 in lower-case hexadecimal')
const month = z.string().regex(/^[0-9]{4}-(0[1-9]|1[0-2])$/, 'a month as YYYY-MM')
const cborCidText = z.string().regex(/^bafyrei[a-z2-7]{52}$/, 'a dag-cbor CIDv1 with SHA-256, in base32')

/** What somebody can have done, and what an event can say of it besides its kind. */
export const EVENT_TYPES = [
  'View',
  'Listen',
  'Search',
  'Post',
  'Comment',
  'Like',
  'Follow',
  'Message',
  'Converse',
  'Move',
  'Measure',
  'Install',
  'Purchase',
] as const
export const EVENT_FIELDS = ['name', 'text', 'url', 'durationS', 'measure', 'place', 'context'] as const

/** What events of a pool may say, and how fine. Devices drop the rest before anything leaves them, and whoever opens a chunk holds its events to it. */
export const eventRules = z.strictObject({
  /** Times are cut to the hour or the day. */
  time: z.enum(['hour', 'day']),
  /** Decimals of a degree: 2 is about a kilometre; null: no places. */
  placeDecimals: z.int().min(0).max(2).nullable(),
  types: z.array(z.enum(EVENT_TYPES)).min(1).max(EVENT_TYPES.length),
  /** Fields of `object` that stay; `kind` always does. */
  fields: z.array(z.enum(EVENT_FIELDS)).max(EVENT_FIELDS.length),
})
export type EventRules = z.infer<typeof eventRules>

/** What a DAO offers. Public; its `cid` stands in the charter, and `s` signs the rest under `quern/consent-policy/v1\0`. */
export const consentPolicy = z.strictObject({
  v: z.literal(1),
  /** The DAO's operator. */
  by: did,
  controller: z.strictObject({
    name: text(256),
    address: text(512),
    contact: text(256),
    representative: text(512).nullable(),
    dpo: text(512).nullable(),
  }),
  /** Keyholders and others who answer for the data beside the controller. */
  jointControllers: z.array(did).max(64),
  /** The words people read before they tick: raw CID, BCP 47 language, SHA-256 of the bytes. */
  notice: z.strictObject({ cid, lang: text(35), sha256: bytesOf(32) }),
  lawfulBasis: z.enum(['eu-gdpr:A6-1-a-explicit-consent', 'eu-gdpr:A9-2-a']),
  purposes: z
    .array(z.strictObject({ id: purpose, text: text(1024), optional: z.boolean() }))
    .min(1)
    .max(16),
  dataCategories: z.array(category).min(1).max(64),
  /** Those of them that GDPR Article 9 protects further. */
  special: z.array(category).max(64),
  processing: z
    .array(z.enum(['dpv:Collect', 'dpv:Store', 'dpv:Analyse', 'dpv:Share', 'dpv:Pseudonymise', 'dpv:Erase']))
    .min(1)
    .max(16),
  recipients: z.array(z.strictObject({ role: poolRole, id: text(256) })).max(256),
  retention: z.strictObject({ maxDays: z.int().min(1).max(3650), shredWithinHours: z.int().min(1).max(72) }),
  storage: z.array(text(256)).min(1).max(16),
  /** false, the default: ciphertext lies with allow-listed peers only, and no public network is told of it. */
  publicStorage: z.boolean(),
  jurisdiction: text(256),
  transfers: z.array(text(256)).max(32),
  /** The supervisory authority to complain to. */
  authority: text(512),
  withdrawal: z.strictObject({ protocol: z.literal('/quern/withdraw/1.0.0'), url: text(512).nullable(), effect: text(2048) }),
  rights: z.array(right).min(1).max(32),
  automatedDecision: z.boolean(),
  /** What a withdrawal means for models trained before it; the honest sentence is that they are not untrained. */
  trainedModels: text(2048),
  /** Any k of the members together can read what they hold; n−k+1 deletions close it. Member i holds share i+1. */
  committee: z.strictObject({ k: z.int().min(2).max(16), members: z.array(did).min(2).max(32) }),
  /** The key behind the pool's tokens, of the same committee; left out where there is none, so that a policy without one keeps its bytes. */
  poolKey: cid.optional(),
  /** What events may say; left out by earlier policies, whose events are held to the finest that there is: hours, two decimals. */
  rules: eventRules.optional(),
  s: bytesOf(64),
})
export type ConsentPolicy = z.infer<typeof consentPolicy>
export type UnsignedPolicy = Omit<ConsentPolicy, 's'>

/**
 * What a person agreed to. Private: the payload of a compact JWS (`typ: quern-consent+jws`, `kid`: the subject), in canonical JSON; only
 * `receiptHash` is ever public. Times are Unix seconds.
 */
export const consentReceipt = z.strictObject({
  v: z.literal(1),
  id: z.uuid(),
  /** A did:key of this DAO only: other DAOs know the same person by another. */
  subject: did,
  /** Ledger id. */
  dao: ledgerId,
  policy: cborCidText,
  /** Of the notice that was shown. */
  notice: sha256Hex,
  purposes: z.array(purpose).min(1).max(16),
  manifest: cborCidText,
  categories: z.array(category).min(1).max(64),
  /** Kinds of exports: `spotify`, `google-takeout`. */
  sources: z.array(text(64)).min(1).max(64),
  given: uint,
  expires: uint,
  method: z.enum(['cli-explicit', 'ui-explicit']),
  adult: z.literal(true),
  /** Other people's words: there were none, or they were removed. */
  thirdParties: z.enum(['none', 'removed']),
  /** Global Privacy Control was set where consent was asked. */
  gpc: z.boolean(),
  /** Testers may read the service's mail that lies beside the events. Left out where none does. */
  mail: z.literal(true).optional(),
  /** SHA-256 of the JWS this one renews. */
  prev: sha256Hex.nullable(),
})
export type ConsentReceipt = z.infer<typeof consentReceipt>
export const RECEIPT_TYPE = 'quern-consent+jws'

/**
 * Ends every consent to one contribution, wholly or for some purposes. Public, and wins in whatever order things arrive. It names what the log
 * has in public, so that the subject's key alone can make one. Signed under `quern/withdrawal/v1\0`.
 */
export const withdrawal = z.strictObject({
  v: z.literal(1),
  /** The contribution, by its manifest. */
  manifest: cid,
  subject: did,
  /** Unix seconds. */
  at: uint,
  scope: z.union([z.literal('all'), z.array(purpose).min(1).max(16)]),
  ask: z
    .array(z.enum(['stop', 'erase', 'exclude-from-future-releases']))
    .min(1)
    .max(3),
  s: bytesOf(64),
})
export type Withdrawal = z.infer<typeof withdrawal>
export const MAX_WITHDRAWAL_BYTES = 2048

/** A sealed contribution: no names, no exact times, and never a key. Its CID is what everything else points at. */
export const poolManifest = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  subject: did,
  policy: cid,
  /** `name@version` of the events inside. */
  schema: schemaId,
  /** What read the export and what replaced identifiers in it, as its owner's device says: other versions find other things. Earlier ones said neither. */
  parser: schemaId.optional(),
  redaction: schemaId.optional(),
  /** Raw CIDs of the sealed chunks, in order. */
  chunks: z.array(cid).min(1).max(MAX_CHUNKS),
  /** Raw CID of the sealed mail that says that the export is ready: the chunk after the last, for testers alone. Left out where there is none. */
  mail: cid.optional(),
  /** The ledger file that says what each chunk holds, in numbers: a `poolIndex`. */
  index: cid,
  records: uint,
  /** Months, `YYYY-MM`. */
  from: month,
  to: month,
  /** `committee+owner`: chunks open only while their owner's node answers too. */
  custody: z.enum(['committee', 'committee+owner']),
  /** Binds the shares without showing anything algebraic: PROTOCOL, "Key commitment". */
  keyCommit: bytesOf(32),
  /** Counts a subject's contributions from 0; `prev` is the manifest before. */
  sequence: uint,
  prev: cid.nullable(),
})
export type PoolManifest = z.infer<typeof poolManifest>
/** Number of the chunk that is the mail, behind those of events; undefined where there is none. */
export const mailChunkOf = ({ chunks, mail }: Pick<PoolManifest, 'chunks' | 'mail'>): number | undefined =>
  mail === undefined ? undefined : chunks.length

/** Services that exports come from. A closed list: what a row names is looked up in the charter's terms, and released by name. */
export const POOL_SOURCES = [
  'google-takeout',
  'reddit',
  'x',
  'instagram',
  'facebook',
  'linkedin',
  'spotify',
  'netflix',
  'chatgpt',
  'whatsapp',
  'apple-health',
  'tiktok',
  'own',
] as const

export const MAX_POOL_INDEX_BYTES = 1 << 20
/** Bands that a contribution's MinHash sketch is cut into, each of eight lanes; one token for each. */
export const POOL_BANDS = 16

/** What one chunk holds, in numbers that say as little of its events as rewards and statistics can do with. */
export const poolIndexRow = z.strictObject({
  /** Lines of the chunk. */
  events: z.int().min(1).max(1_000_000),
  tokens: uint.max(1_000_000),
  quality: ppm,
  /** BCP 47 primary subtag of most of it, or `und`. */
  language: z.string().regex(/^[a-z]{2,3}$/),
  /** Service that most of its events come from: `spotify`, `google-takeout`. */
  source: z.string().refine((word) => POOL_SOURCES.some((known) => known === word), 'a service that exports come from'),
  /** Month of most of its events, `YYYY-MM`; null where none has a time. */
  month: month.nullable(),
})
export type PoolIndexRow = z.infer<typeof poolIndexRow>

/** What the fold values a contribution by. Public; whoever opens a chunk holds its row against what is inside. */
export const poolIndex = z.strictObject({
  v: z.literal(1),
  /** `name@version/version` of the function that made the numbers. */
  measures: pipelineId,
  /** One per chunk, in order. */
  rows: z.array(poolIndexRow).min(1).max(MAX_CHUNKS),
  /** The pool's pseudorandom function of each MinHash band, in order of bands: equal for equal bands within one pool. Empty: none were asked for. */
  tokens: z.array(bytesOf(32)).max(POOL_BANDS),
  /** The same function of the service's account that the mail was sent to: who was attested once is not a second time. Left out without a mail. */
  account: bytesOf(32).optional(),
  /** CID of the pool key that they are under: tokens of another dealing say nothing about these. Null without any. */
  key: cid.nullable(),
})
export type PoolIndex = z.infer<typeof poolIndex>
