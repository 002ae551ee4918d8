/** Statistics of a personal pool: what is counted, what three aggregators say to each other, what is published. Ratios are millionths. */
import { z } from 'zod'
import { did } from './account.ts'
import { bytesOf, bytesUpTo, cid, uint } from './bytes.ts'

const ledgerId = z.string().min(1).max(128)
const signature = bytesOf(64)

/** Bins of all groups together. */
export const MAX_BINS = 1024
/** People in one round. */
export const MAX_PEOPLE = 16_384
/** Each adds full noise, so that two that work together learn no more than the third's noise lets them. */
export const AGGREGATORS = 3

/** Bins that count one thing. One person adds at most `perBin` to a bin and at most `perPerson` to all of them. */
export const countedGroup = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  bins: z.array(z.string().min(1).max(40)).min(1).max(512),
  perBin: z.int().min(1).max(1_000_000),
  perPerson: z.int().min(1).max(1_000_000),
})
export type CountedGroup = z.infer<typeof countedGroup>
const groups = z.array(countedGroup).min(1).max(16)

/** What a round counts and costs; says who deals to whom. Signed by the operator under `quern/aggregate-round/v1\0`. */
export const aggregateRound = z.strictObject({
  v: z.literal(1),
  dao: ledgerId,
  /** What `budget.spend` names: `epsilon/<year>/<name>`. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  groups,
  /** ε in millionths, for all groups together. */
  epsilonPpm: z.int().min(1).max(100_000_000),
  /** Fewer people than these: nothing leaves an aggregator. */
  minPeople: z.int().min(1).max(1_000_000),
  aggregators: z.array(did).length(AGGREGATORS),
  at: uint,
  expires: uint,
  by: did,
  s: signature,
})
export type AggregateRound = z.infer<typeof aggregateRound>
export const MAX_ROUND_BYTES = 64 << 10

/** One of three parts of one person's counts: sums of words mod 2^32, uniform by itself. Signed by its dealer under `quern/aggregate-share/v1\0`. */
export const aggregateShare = z.strictObject({
  v: z.literal(1),
  /** CID of the round's bytes. */
  round: cid,
  /** The contribution that was counted. */
  manifest: cid,
  /** The same in the three shares that add up: another dealing's would make noise of them. */
  dealing: bytesOf(16),
  /** Seat among the aggregators, from 0. */
  to: z
    .int()
    .min(0)
    .max(AGGREGATORS - 1),
  /** Big-endian words, one for each bin. */
  words: bytesUpTo(4 * MAX_BINS),
  by: did,
  s: signature,
})
export type AggregateShare = z.infer<typeof aggregateShare>
export const MAX_SHARE_BYTES = 4 * MAX_BINS + 512

/** One aggregator's sum with its noise: uniform by itself too. Signed by it under `quern/aggregate-partial/v1\0`. */
export const aggregatePartial = z.strictObject({
  v: z.literal(1),
  round: cid,
  /** SHA-256 over the CIDs of the contributions counted, in byte order. */
  set: bytesOf(32),
  words: bytesUpTo(4 * MAX_BINS),
  by: did,
  s: signature,
})
export type AggregatePartial = z.infer<typeof aggregatePartial>

/** What is published. A count is null where it is too small to stand for `minPeople`. */
export const poolStatistics = z.strictObject({
  v: z.literal(1),
  epsilonPpm: uint,
  minPeople: uint,
  mechanism: z.literal('discrete-laplace'),
  /** How many times full noise was added to every bin. */
  noises: z.int().min(1).max(AGGREGATORS),
  groups: z.array(z.strictObject({ ...countedGroup.shape, counts: z.array(z.int().nullable()).min(1).max(512) })).max(16),
})
export type PoolStatistics = z.infer<typeof poolStatistics>
