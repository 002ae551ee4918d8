export {
  judgeKeyRequest,
  type KeyRequestFacts,
  type KeyVerdict,
  type KeyView,
  orderThatCounts,
  readOrderOf,
  requestFault,
} from './judge-key-request.ts'
export { isKeyholder, poolView, type PoolViewOptions } from './pool-view.ts'
export type { PoolView } from './view.ts'
