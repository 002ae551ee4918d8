/** What a community decides and how: rules, log, ledger, rewards, releases, and the service that runs them. Heavy packages load when something is opened. */
import '../core/disposal/index.ts'

export * from './audit/index.ts'
export * from './batches/index.ts'
export * from './charter/index.ts'
export * from './checks/index.ts'
export * from './consent/index.ts'
export * from './dataset/index.ts'
export * from './follower/index.ts'
export * from './ledger/index.ts'
export * from './log/index.ts'
export * from './operator/index.ts'
export * from './optouts/index.ts'
export * from './pool-custody/index.ts'
export * from './pool-policy/index.ts'
export * from './release/index.ts'
export * from './rewards/index.ts'
export * from './sequencer/index.ts'
export * from './service/index.ts'
export * from './stores/index.ts'

/** Key custody of personal pools; loads the curve on first use. */
export const openCustody = (): Promise<typeof import('./custody/index.ts')> => import('./custody/index.ts')

/** Releases of personal pools; loads the curve too. */
export const openPoolReleases = (): Promise<typeof import('./pool-release/index.ts')> => import('./pool-release/index.ts')

/** Statistics of personal pools. */
export const openPoolStatistics = (): Promise<typeof import('./pool-statistics/index.ts')> => import('./pool-statistics/index.ts')

// names that two rooms have: the plain one is the room's that says it first, the other says more
export { type FetchOptions, parseManifest } from './batches/index.ts'
export { type FetchOptions as ReleaseFetchOptions, parseManifest as parseReleaseManifest } from './dataset/index.ts'
export { type Seat } from './log/index.ts'
export { type Seat as CommitteeSeat } from './rewards/index.ts'
