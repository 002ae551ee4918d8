export { canonical, canonicalUrl, originOf } from './canonical-url.ts'
export {
  Frontier,
  type FrontierItem,
  type FrontierLimits,
  frontierLimits,
  type FrontierOptions,
  type Offer,
  type TakenItem,
} from './frontier.ts'
export { type ItemBook, MemoryItems, type RememberedItem } from './item-book.ts'
export { registrableDomain, type Scope, scopeOf } from './scope.ts'
export { SeenSet } from './seen-set.ts'
export { type TrapLimits, trapLimits } from './trap-guard.ts'
export { type Commit, CrawlLog, type CrawlLogState, type FileCheck, type KeptLine, readKeptLines } from './crawl-log.ts'
