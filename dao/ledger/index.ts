/** The one fold: entries in order give the state; everything else here is a question to that state. */
export { ledgerYear } from './rules-budget.ts'
export { beaconOf } from './beacon.ts'
export {
  type CustodyFact,
  type CustodyHealth,
  custodyHealth,
  custodyOf,
  custodyOfOne,
  isOld,
  reshares,
  resharesIn,
  SHARE_DAYS,
} from './custody.ts'
export { type DateWindow, dateWindow } from './date-window.ts'
export { drawsFor, sameDraws } from './draws.ts'
export { type Explanation, explain } from './explain.ts'
export type { Reason } from './explain-reason.ts'
export { holdsLease, hostHolders, isAssigned, type PaceShare, paceShare } from './leases.ts'
export { type Applied, type Checked, createLedger, type Ledger, type LedgerOptions } from './ledger.ts'
export { ledgerFilesNamed } from './ledger-files.ts'
export { readBatch, type ReadBatch } from './read-batch.ts'
export { RootHistory } from './root-history.ts'
export { charterOf, mayBeSeated } from './rules-admission.ts'
export { auditBytes, RULES_VERSION } from './rules-closing.ts'
export { commitOf, committingEpoch } from './rules-contribution.ts'
export { holdersNeeded } from './cut-epoch.ts'
export { liveContributionOf } from './rules-pool.ts'
export { isFor, isLive, deliveryOf, revealed } from './deliveries.ts'
export { readConsentPolicy, readPoolIndex, readPoolManifest, readStatisticsFile } from './parsed-files.ts'
export { poolKeysNamed } from './pool-keys.ts'
export { agreedSharing, type NamedOrder, readReshareOrder } from './read-reshare.ts'
export { peopleToCount } from './rules-statistics.ts'
export { rowFacts } from './rules-fraud.ts'
export { mayAdvance, type MayAdvance, phaseOf, type PhaseNow } from './rules-phases.ts'
export { sequencerOf, termRules } from './rules-terms.ts'
export { isOfTheDao, quorum, seatedValidators } from './seats.ts'
export { type Severity, severityOf } from './severity.ts'
export { epochTable } from './table.ts'
export type {
  BatchFiles,
  BatchState,
  ContributorState,
  DrawOf,
  EpochPoints,
  EpochResult,
  EpochState,
  EpochTable,
  LeaseSet,
  LedgerFiles,
  LedgerState,
  OutcomeReasons,
  PoolContribution,
  RecordValue,
  Delivery,
  TableRow,
  Tally,
  ValidatorState,
} from './types.ts'
export { includedBatches, includedContributions, lastFinalEpoch, leftOf, vested, type VestedPoints } from './vesting.ts'
export type { Refusal } from './view.ts'
export { isOneTooMany } from './rules-withdrawal.ts'
export type { LoggedWithdrawal, LoggedWithdrawals } from './withdrawals.ts'
