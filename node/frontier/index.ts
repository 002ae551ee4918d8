export { canonicalUrl } from './canonical-url.ts'
export {
  Frontier,
  type FrontierEvent,
  type FrontierItem,
  type FrontierLimits,
  frontierLimits,
  type FrontierOptions,
  type Offer,
} from './frontier.ts'
export { domainOf, type Scope } from './scope.ts'
export { type TrapLimits, trapLimits } from './trap-guard.ts'
