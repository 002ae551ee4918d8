export type { Fraud } from './read-draws.ts'
export { Refetcher } from './refetch.ts'
export { testingTime } from './shares.ts'
export { testDraws, type Tested } from './test-draws.ts'
