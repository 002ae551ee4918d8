import type { Check } from '../../schemas/wire/index.ts'

/** S1: no pay for the batch. S2: that epoch's unvested points too. S3: the identity is revoked and all its unvested points burn. */
export type Severity = 'S1' | 'S2' | 'S3'

const SEVERITY: Partial<Record<Check, Severity>> = { D1: 'S1', D2: 'S1', D3: 'S3', D4: 'S3', D5: 'S2', D7: 'S2', D8: 'S3', D9: 'S1' }

/**
 * What a proven failure of a deterministic check costs (incentives reference 2.4); undefined for a check that cannot be proven (T1-T4), or that
 * only costs value (D6). Of D4, `DATE_OUTSIDE` is S1: a clock may be wrong where digests, target and status may not.
 */
export function severityOf(check: Check, code?: string): Severity | undefined {
  return check === 'D4' && code === 'DATE_OUTSIDE' ? 'S1' : SEVERITY[check]
}
