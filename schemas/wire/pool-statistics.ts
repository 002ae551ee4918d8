/** Statistics of a personal pool: what is counted, what people hand in, what three aggregators say to each other, what is published. Ratios are millionths. */
import { z } from 'zod'
import { did } from './account.ts'
import { bytesOf, bytesUpTo, cid, uint } from './bytes.ts'
import { hash32, ledgerId, signature } from './signed.ts'

/** Bins of all groups together. */
export const MAX_BINS = 1024
/** People in one round. */
export const MAX_PEOPLE = 16_384
/** Each adds full noise, so that two that work together learn no more than the third's noise lets them. */
export const AGGREGATORS = 3

const groupName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)
/** Bins that count one thing. One person adds at most `perBin` to a bin and at most `perPerson` to all of them. */
export const countedGroup = z.strictObject({
  name: groupName,
  bins: z.array(z.string().min(1).max(40)).min(1).max(512),
  perBin: z.int().min(1).max(1_000_000),
  perPerson: z.int().min(1).max(1_000_000),
})
export type CountedGroup = z.infer<typeof countedGroup>

/** Words of four bytes: one for each bit, and the proof that they are bits. */
export const MAX_COUNT_WORDS = 2048
/** One of three parts of a person's counts, which travels in the deposit to the keyholder that is to sum: uniform words by itself. */
export const countShare = z.strictObject({
  /** Which groups in which order: version of the layout. */
  layout: z.literal(1),
  /** The same in the three parts that add up: parts of two dealings would make noise of each other. */
  dealing: bytesOf(16),
  /** Big-endian, each below 2^32 − 5. */
  words: bytesUpTo(4 * MAX_COUNT_WORDS),
})
export type CountShare = z.infer<typeof countShare>

/**
 * What a round counts and costs; says who sums and who may ask them. Signed by the operator under `quern/aggregate-round/v1\0`. `budget.spend` and
 * everything that follows name it by the CID of its bytes.
 */
export const aggregateRound = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  layout: z.literal(1),
  /** Names of the layout's groups. */
  groups: z.array(groupName).min(1).max(16),
  /** ε in millionths, for all groups together. */
  epsilonPpm: z.int().min(1).max(100_000_000),
  /** Fewer people than these: nothing leaves an aggregator. */
  minPeople: z.int().min(1).max(1_000_000),
  /** The first three keyholders of a policy, in its order. */
  aggregators: z.array(did).length(AGGREGATORS),
  /** The account whose peer asks: the DAO's own peer is its service. */
  gatherer: did,
  at: uint,
  expires: uint,
  by: did,
  s: signature,
})
export type AggregateRound = z.infer<typeof aggregateRound>
/** How long a round may stay open, and one of its aggregators be away: whoever withdraws after the three have summed is in what it gives. */
export const ROUND_SECONDS = 7 * 86_400
export const MAX_ROUND_BYTES = 4 << 10

/** f, g, h and z of the proof, four bytes each. */
export const COUNT_ANSWER_BYTES = 16
/** What an aggregator holds that may be counted, and its part of every proof. Signed by it under `quern/aggregate-list/v1\0`. */
export const aggregateList = z.strictObject({
  v: z.literal(1),
  /** CID of the round's bytes. */
  round: cid,
  contributions: z.array(z.strictObject({ manifest: cid, dealing: bytesOf(16), answer: bytesOf(COUNT_ANSWER_BYTES) })).max(MAX_PEOPLE),
  by: did,
  s: signature,
})
export type AggregateList = z.infer<typeof aggregateList>
export const MAX_LIST_BYTES = 4 << 20

/** "I summed these and keep the sum": nothing of it is told before all three say so. Signed under `quern/aggregate-note/v1\0`. */
export const aggregateNote = z.strictObject({
  v: z.literal(1),
  round: cid,
  /** SHA-256 over the CIDs of the contributions counted, in byte order. */
  set: hash32,
  by: did,
  s: signature,
})
export type AggregateNote = z.infer<typeof aggregateNote>
export const MAX_NOTE_BYTES = 512

/** One aggregator's sum with its noise: uniform by itself. Signed by it under `quern/aggregate-partial/v1\0`. */
export const aggregatePartial = z.strictObject({
  v: z.literal(1),
  round: cid,
  set: hash32,
  words: bytesUpTo(4 * MAX_BINS),
  by: did,
  s: signature,
})
export type AggregatePartial = z.infer<typeof aggregatePartial>
export const MAX_PARTIAL_BYTES = 4 * MAX_BINS + 512

const countsOf = z.array(z.int().nullable()).min(1).max(512)
/** What is published. A count is null where it is too small to stand for `minPeople`. */
export const poolStatistics = z.strictObject({
  v: z.literal(1),
  epsilonPpm: uint,
  minPeople: uint,
  mechanism: z.literal('discrete-laplace'),
  /** How many times full noise was added to every bin. */
  noises: z.int().min(1).max(AGGREGATORS),
  groups: z.array(z.strictObject({ ...countedGroup.shape, counts: countsOf })).max(16),
})
export type PoolStatistics = z.infer<typeof poolStatistics>

/** "These are the counts that the three sums give." Signed by an aggregator under `quern/aggregate-result/v1\0`. */
export const aggregateResult = z.strictObject({
  v: z.literal(1),
  round: cid,
  /** SHA-256 of the DAG-CBOR of the statistics. */
  statistics: hash32,
  by: did,
  s: signature,
})
export type AggregateResult = z.infer<typeof aggregateResult>

/** The ledger file of a round: whoever has it and the log sees who counted, and that all three say the same. */
export const publishedStatistics = z.strictObject({
  v: z.literal(1),
  /** DAG-CBOR of the round. */
  round: bytesUpTo(MAX_ROUND_BYTES),
  /** Of each bin of each group, as the round and its layout name them. */
  counts: z.array(countsOf).min(1).max(16),
  /** DAG-CBOR of each aggregator's result, in order of seats. */
  results: z.array(bytesUpTo(MAX_NOTE_BYTES)).length(AGGREGATORS),
})
export type PublishedStatistics = z.infer<typeof publishedStatistics>
export const MAX_STATISTICS_BYTES = 64 << 10
