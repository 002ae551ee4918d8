export { Refetcher } from './refetch.ts'
export { type Fraud, testDraw, type Tested } from './test-draw.ts'
