/** Value, credibility, draws, shares: integers only, pure, the same on every node. */
export { committeeOf, type Seat, type Standing } from './committee.ts'
export { drawIndexes, drawSeed } from './draw.ts'
export {
  afterStrike,
  type Duties,
  dutyWeight,
  escalates,
  type FreshRate,
  nextQuota,
  outliers,
  reportQuorum,
  strikeLine,
} from './duties.ts'
export { advanceHosts, type Bases, hostClass, type HostBook, type HostClass, type HostEpoch, type HostFacts } from './host-book.ts'
export { capHosts, type FreshDraw, type FreshReport } from './host-cap.ts'
export { hostKey } from './host-key.ts'
export { type DrawnOnHosts, isCut, keptOf, type LeftOut, leftOutCuts } from './left-out.ts'
export { bandNoveltyPpm, type ChunksToValue, chunkValues, mostTokens } from './chunk-value.ts'
export { clamp, divFloor, isqrt, mulDiv, mulDivBig, sigmaPpm } from './integers.ts'
export { splitLargestRemainder } from './largest-remainder.ts'
export { assigned, LEASE_HOLDERS, LEASE_OVERLAP, leaseHolders, leases, onLease } from './leases.ts'
export { LANES, NoveltyIndex } from './novelty-index.ts'
export { contributorOutcome, countedValue, type Outcome, type OutcomeInput, points } from './outcome.ts'
export {
  type BatchToValue,
  type EpochToValue,
  freshnessPpm,
  type HoldersOf,
  hostG,
  massOf,
  noveltyPpm,
  type RecordValue,
  recordValues,
  type ValueRow,
  type ValuesOfEpoch,
} from './record-value.ts'
export {
  type ClassCount,
  type ClassRates,
  EMPTY_TALLY,
  excessOf,
  type FreshTally,
  GOOD_STANDING,
  multiplier,
  rateOf,
  type Tally,
  updateBases,
  updateTally,
} from './tally.ts'
export { sampledChunks } from './sampled-chunks.ts'
export { burnUnvested, capUnvested, isVested, paidPoints, type Vesting } from './vesting.ts'
export { type Weighted, wmedian } from './weighted-median.ts'
export { epsilonBudget, epsilonLeft, epsilonName, isPaid, type Spending } from './epsilon.ts'
export { NO_VALUES, RowValues } from './row-values.ts'
