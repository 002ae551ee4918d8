export { type LocalNetwork, type LocalNetworkOptions, startLocalNetwork } from './local-network.ts'
export { ProgressDisplay } from './progress.ts'
export { summarize, summaryText, type UpSummary } from './summary.ts'
