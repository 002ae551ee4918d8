/** Offering personal data to a DAO, from what a person ticked to the withdrawal that ends it. */
export { CATEGORIES, categoriesOf } from './categories.ts'
export { checkChoices, type Choices, receiptOf, renewedReceipt, type Ticked } from './give-consent.ts'
export { learnFromLog, restoreFromLog } from './learn-from-log.ts'
export { type OwnerAsked, type OwnersVeto, type OwnersWord, serveOwnerDesk } from './owner-desk.ts'
export { type NewNote, PoolBook, type PoolNote, saltOf } from './pool-book.ts'
export { type Access, askHealth, type PoolHealth } from './pool-health.ts'
export type { OfferRefusal, PoolNodeOptions, PoolProgress } from './options.ts'
export { PoolNode } from './pool-node.ts'
export { poolTokens, type Tokens } from './pool-tokens.ts'
export { type PreparedOffer, prepareOffer } from './prepare-offer.ts'
export { checkRenewable, isUnderWay, keepRenewal, type RenewedOffer, renewOffer } from './renew-offer.ts'
export { type OfferPlace, type OfferStage, placeOf } from './steps.ts'
export { endOffer, endPurposes, type Narrowed, tellNarrowed, type Withdrawn, withdrawOffer } from './withdraw-offer.ts'
export { hasEnded, purposesGiven, purposesLeft, purposesWithdrawn } from './withdrawn.ts'
export {
  bandsOfLines,
  createOwnerOnlySeed,
  createRootSeed,
  openOwnerOnlySeed,
  openRootSeed,
  pinContribution,
  readSeedText,
  sealContribution,
  seedText,
} from '../seal/index.ts'
