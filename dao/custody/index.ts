export { ACCESS_GENESIS, type AccessState, EMPTY_ACCESS, followAccess, isAccessChain } from './access-chain.ts'
export { askForTokens, type AskForTokens } from './ask-for-tokens.ts'
export {
  type AgeIdentity,
  generateAgeIdentity,
  openStream,
  openWithIdentities,
  openWithPassphrase,
  sealStream,
  sealToRecipients,
  sealWithPassphrase,
  unarmored,
} from './age.ts'
export { MAX_CHUNK_LINES_BYTES, MAX_SEALED_BYTES, openChunk, padme, sealChunk } from './chunk.ts'
export { answerFault, combineAnswers, type HeldShare, keyFromSecret, type OpenedKeys, ownerPart, partialKeys } from './chunk-keys.ts'
export { type AskForRecipient, askForRecipient } from './deposit-recipient.ts'
export { randomScalar } from './group.ts'
export { type ShredState, shredState } from './health.ts'
export { type AskForKeys, askForKeys, type Opened } from './open-chunks.ts'
export { type HandPoolShare, handPoolShare } from './hand-pool-share.ts'
export { readPoolKey } from '../consent/index.ts'
export { dealPoolKey, poolShareFits } from './pool-key.ts'
export {
  type BlindedBands,
  blindBands,
  combineTokens,
  evaluateBlinded,
  functionOf,
  type HeldPoolShare,
  tokenAnswerFault,
} from './pool-tokens.ts'
export { dealSubShares, joinSubShares, type SubDealing, subDealingFault } from './reshare.ts'
export { commitReshare, prepareReshare, type Reshared } from './run-reshare.ts'
export { sampledChunks } from '../rewards/index.ts'
export { deal, dealPolynomial, type Dealing, dealtHash, keyCommit, poolContext, publicShare, shareFits } from './shares.ts'
