/**
 * One signed event of the log: `{v, t, p, a, n, s}`.
 * `s` signs `"quern/ledger-entry/v1\0" ‖ ledger id ‖ 0x00 ‖ DAG-CBOR of the envelope without s`: bound to the ledger, not to a term,
 * so an entry can be submitted again after a takeover but never replayed into another ledger.
 */
import { z } from 'zod'
import { did } from './account.ts'
import { bytesUpTo, cid, uint } from './bytes.ts'
import { MAX_WITHDRAWAL_BYTES } from './consent.ts'
import { hash32, signature } from './signed.ts'

/** Below the 65,535 bytes that a tlog entry bundle can carry. */
export const MAX_ENTRY_BYTES = 64_000
export const ENTRY_DOMAIN = 'quern/ledger-entry/v1\0'

const epoch = uint
const vkey = z.string().max(512)

/** What a validator says of itself when it asks for a seat; signed under `quern/validator/v1\0` over the DAG-CBOR without `s`. */
export const validatorStatement = z.strictObject({
  v: z.literal(1),
  ledger: z.string().max(128),
  validator: did,
  operator: z.string().min(1).max(128),
  asn: uint.nullable(),
  /** Verifier keys as in C2SP signed-note; three statements, three keys. */
  witness: vkey,
  mirror: vkey,
  audit: vkey,
  /** h_0 of the two hash chains; the epoch's preimage hashes to the last one opened. */
  beaconTip: hash32,
  sampleTip: hash32,
  chainLength: uint,
  s: signature,
})
export type ValidatorStatement = z.infer<typeof validatorStatement>

export const PHASES = ['gather', 'reveal', 'beacon', 'test', 'report', 'probe', 'close'] as const
export type Phase = (typeof PHASES)[number]
/** The checks of a record: D are deterministic (anyone replays), T statistical. */
export const CHECKS = ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8', 'D9', 'T1', 'T2', 'T3', 'T4'] as const
export type Check = (typeof CHECKS)[number]

/** Payload per entry type. */
export const payloads = {
  genesis: z.strictObject({ charter: cid, log: vkey }),
  roster: z.strictObject({ add: z.array(validatorStatement).max(64), remove: z.array(did).max(64) }),
  charter: z.strictObject({ charter: cid, version: uint, from: epoch }),
  /** `subject`: the account brings its own data to the personal pool and crawls nothing. */
  'contributor.join': z.strictObject({ contact: z.string().max(256).nullable(), subject: z.literal(true).optional() }),
  'contribution.commit': z.strictObject({ epoch, hash: hash32 }),
  /** `commit` is the log index of the commit entry. */
  'contribution.reveal': z.strictObject({ epoch, commit: uint, manifest: cid, salt: hash32 }),
  'contribution.available': z.strictObject({ epoch, manifests: z.array(cid).min(1).max(512) }),
  retract: z.strictObject({ commit: uint }),
  'beacon.reveal': z.strictObject({ epoch, preimage: hash32 }),
  'probe.commit': z.strictObject({ epoch, hash: hash32 }),
  'probe.reveal': z.strictObject({ epoch, commit: uint, list: cid, salt: hash32 }),
  'report.commit': z.strictObject({ epoch, hash: hash32 }),
  'report.reveal': z.strictObject({ epoch, commit: uint, report: cid, salt: hash32, preimage: hash32 }),
  /** `note` is a cosigned checkpoint from inside the phase that ends: its median cosignature time proves the seconds. */
  'epoch.phase': z.strictObject({ epoch, phase: z.enum(PHASES), note: z.string().max(32_000) }),
  'epoch.close': z.strictObject({ epoch, cut: uint, root: hash32, table: cid, rules: z.string().max(128) }),
  /** `audit` signs `"quern/audit/v1\0" ‖ ledger id ‖ 0x00 ‖ DAG-CBOR [epoch, root]` with the audit key of the roster. */
  'epoch.attest': z.strictObject({ epoch, root: hash32, audit: signature }),
  'epoch.dispute': z.strictObject({
    epoch,
    root: hash32,
    account: did.nullable(),
    ours: bytesUpTo(4096).nullable(),
    theirs: bytesUpTo(4096).nullable(),
  }),
  'fraud.proof': z.strictObject({ check: z.enum(CHECKS), manifest: cid, row: uint, proof: cid }),
  appeal: z.strictObject({ epoch, reason: z.string().max(1024) }),
  complaint: z.strictObject({ leafHash: hash32, receipt: bytesUpTo(1024) }),
  optout: z.strictObject({ domain: z.string().max(253), pattern: z.string().max(1024).nullable(), evidence: cid, from: uint }),
  /** `withdrawal`: the signed bytes, so that anyone sees that the subject said it; hash and pseudonym are all they tell. */
  'consent.withdrawn': z.strictObject({ withdrawal: bytesUpTo(MAX_WITHDRAWAL_BYTES) }),
  /** Shares of a contribution went to another committee: the signed reshareOrder, and the reshareReady of each new member. */
  'custody.reshare': z.strictObject({ order: bytesUpTo(8192), ready: z.array(bytesUpTo(1024)).min(2).max(32) }),
  'budget.spend': z.strictObject({ budget: z.string().max(128), amount: z.string().regex(/^\d{1,40}$/) }),
  /** `round` is the CID of the round's bytes, `statistics` of the file that has its counts and three signatures under them. */
  'pool.statistics': z.strictObject({ round: cid, statistics: cid }),
  release: z.strictObject({
    release: cid,
    name: z.string().max(128),
    throughEpoch: epoch,
    previous: cid.nullable(),
    shares: hash32,
    records: uint,
    /** Of a personal pool: `release` names its public manifest. Absent: of the web. */
    kind: z.literal('pool').optional(),
  }),
  revenue: z.strictObject({
    release: cid,
    rail: z.string().max(32),
    asset: z.string().max(128),
    amount: z.string().regex(/^\d{1,40}$/),
    reference: z.string().max(256),
  }),
  payout: z.strictObject({ revenue: uint, root: hash32 }),
  anchor: z.strictObject({ target: z.string().max(256), proof: bytesUpTo(8192) }),
  /** Entry 0 of a later term's log, whose key is `log`; its author is the validator whose term it is. */
  takeover: z.strictObject({ term: z.int().min(1), log: vkey, certificate: bytesUpTo(32_000) }),
} as const
export type EntryType = keyof typeof payloads
export type Payload<T extends EntryType> = z.infer<(typeof payloads)[T]>

const envelopeOf = <T extends EntryType>(t: T) =>
  z.strictObject({ v: z.literal(1), t: z.literal(t), p: payloads[t], a: did, n: uint, s: signature })

/** `n` counts an author's entries from 0 without a gap, so that an omission is visible. */
export type Entry = { [T in EntryType]: { v: 1; t: T; p: Payload<T>; a: string; n: number; s: Uint8Array } }[EntryType]
export type EntryOf<T extends EntryType> = Extract<Entry, { t: T }>

const shapes = new Map<string, z.ZodType>((Object.keys(payloads) as EntryType[]).map((t) => [t, envelopeOf(t)]))
/** The shape for a type name, or undefined for a type nobody knows. */
export const entryShape = (t: string): z.ZodType | undefined => shapes.get(t)
