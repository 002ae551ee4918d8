export { Operator, type OperatorOptions, type OperatorProgress } from './operator.ts'
export { isPhaseDone, mayOpen, type PhaseView } from './phase-plan.ts'
