export { audit, type AuditedEpoch, type AuditOptions, type AuditProblem, type AuditReport } from './audit.ts'
