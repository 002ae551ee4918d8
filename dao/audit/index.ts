export { audit } from './audit.ts'
export type { AuditedEpoch, AuditOptions, AuditProblem, AuditReport } from './report.ts'
