export { askOwner, type AskOwnerOptions, type OwnWord } from './ask-owner.ts'
export { domainOf } from './domain.ts'
export { howToOptOut, OptOutDesk, type OptOutAnswer, type OptOutDeskOptions } from './opt-out-desk.ts'
export { coversHost, needsUrl, type OptOut, OptOutIndex, optOutOf } from './opt-outs.ts'
export {
  type OptOutProof,
  proveOptOut,
  type ProveOptOutOptions,
  type Tried,
} from './prove-opt-out.ts'
