export { BatchBook, type BatchNote } from './batch-book.ts'
export { Contributor, type ContributorOptions, type ContributorProgress } from './contributor.ts'
export { crawlGather, type CrawlGatherOptions, type SealedPage } from './crawl-gather.ts'
export type { Gather, Gathered, GatherJob } from './gather.ts'
