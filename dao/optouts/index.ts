export { domainOf } from './domain.ts'
export { howToOptOut, OptOutDesk, type OptOutAnswer, type OptOutDeskOptions } from './opt-out-desk.ts'
export { coversHost, needsUrl, type OptOut, OptOutIndex, optOutOf } from './opt-outs.ts'
export { askQuernTxt, type OptOutFound, type OptOutProof, proveOptOut, type ProveOptOutOptions, type Tried } from './prove-opt-out.ts'
