export { Operator } from './operator.ts'
export type { CutRelease, OperatorOptions, OperatorProgress } from './options.ts'
export { isPhaseDone, mayOpen, type PhaseView } from './phase-plan.ts'
