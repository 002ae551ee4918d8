/** Crawlers that gather for training. A site that closes itself to them by name says something about training, though not to us: weak evidence. */
import { mayFetch } from './may-fetch.ts'
import type { Robots } from './robots.ts'

/** Product tokens in lower case, by what their operators say they are for (2026). Names with digits are no product tokens: no file can name them. */
const TRAINING_AGENTS = new Set([
  'amazonbot',
  'anthropic-ai',
  'applebot-extended',
  'bytespider',
  'ccbot',
  'claudebot',
  'cohere-ai',
  'cohere-training-data-crawler',
  'diffbot',
  'facebookbot',
  'google-extended',
  'gptbot',
  'laion-huggingface-processor',
  'meta-externalagent',
  'omgili',
  'omgilibot',
  'pangubot',
  'timpibot',
  'webzio-extended',
])

export interface BlockedAgent {
  /** As the file spells it, lower case. */
  agent: string
  rule: string
  line: number
}

/** Training agents that a group of their own forbids this URL, in file order; `*` blocks nobody by name. */
export function blockedAgents(robots: Robots, url: string): BlockedAgent[] {
  return [...trainingAgents(robots)].flatMap((agent) => {
    const { allowed, rule, line } = mayFetch(robots, agent, url)
    return allowed || rule === null || line === null ? [] : [{ agent, rule, line }]
  })
}

/** Those that the file names, in its order. */
export const trainingAgents = (robots: Robots): Set<string> =>
  new Set(robots.groups.flatMap(({ agents }) => agents).filter((agent) => TRAINING_AGENTS.has(agent)))
