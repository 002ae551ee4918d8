import { trainingAgents } from './ai-agents.ts'
import type { SiteRules } from './site-rules.ts'

/** Whether a site as a whole says nothing of training, about no URL: then one decision is that of all its URLs. */
export const isSilentSite = ({ robots: { rules }, tdmrep, aiTxt, licenses }: SiteRules): boolean =>
  tdmrep === null &&
  aiTxt === null &&
  licenses.length === 0 &&
  rules.licenses.length === 0 &&
  rules.groups.every(({ contentUsage, contentSignal }) => contentUsage.length === 0 && contentSignal.length === 0) &&
  trainingAgents(rules).size === 0
