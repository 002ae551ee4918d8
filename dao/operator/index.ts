export { Operator } from './operator.ts'
export type { CutRelease, OperatorOptions, OperatorProgress } from './options.ts'
export type { WaitingShares } from './pool-key-shares.ts'
export { hasWork, isPhaseDone, mayOpen, type PhaseView } from './phase-plan.ts'
