/** May this agent fetch this URL? Longest matching pattern wins, Allow wins a tie (RFC 9309, 2.2.2). */
import type { Robots, RobotsGroup, RobotsRule } from './robots.ts'
import { RuleTable, type TableEntry } from './rule-table.ts'
import { pathOf, plainStart, unescapeUnreserved } from './url-path.ts'

export interface FetchDecision {
  readonly allowed: boolean
  /** The deciding line as written, and where it stands; null when no rule applies. */
  readonly rule: string | null
  readonly line: number | null
}

const OPEN: FetchDecision = { allowed: true, rule: null, line: null }
const CLOSED: FetchDecision = { allowed: false, rule: null, line: null }

/** `agent` is our product token; its case does not count. `url` may be absolute or a path. What is given back is shared. */
export function mayFetch(robots: Robots, agent: string, url: string): FetchDecision {
  if (robots.unreachable) return CLOSED
  const { written, plain } = tablesOf(robots, agent)
  const start = plainStart(url)
  if (start >= 0) return written.find(url, start)?.decision ?? OPEN
  const path = pathOf(url)
  const found = written.find(path, 0)
  // a needless escape must not open what is forbidden: `Disallow: /b` holds for `/%62` too
  const bare = unescapeUnreserved(path)
  return (bare === path ? found : plain.find(bare, 0, found))?.decision ?? OPEN
}

/** Delay between two fetches that the site asks for, milliseconds; null when it asks for none. */
export function crawlDelay(robots: Robots, agent: string): number | null {
  const delays = groupsFor(robots, agent)
    .map((group) => group.crawlDelayMs)
    .filter((delay) => delay !== null)
  return delays.length === 0 ? null : Math.max(...delays)
}

/** All groups that name the agent; where none does, those for `*`. */
export function groupsFor(robots: Robots, agent: string): RobotsGroup[] {
  const token = agent.toLowerCase()
  const own = robots.groups.filter((group) => group.agents.includes(token))
  return own.length > 0 ? own : robots.groups.filter((group) => group.agents.includes('*'))
}

interface Tables {
  /** Every rule as written, and what a Disallow means without needless escapes. */
  written: RuleTable<FetchDecision>
  /** Only the latter, for paths that carry needless escapes themselves. */
  plain: RuleTable<FetchDecision>
}

const compiled = new WeakMap<Robots, Map<string, Tables>>()
/** A file names a handful of agents; nobody asks for more than that in earnest. */
const MAX_AGENTS = 64

/** Whoever asks about one URL asks about the next one of the same site. */
let last: { robots: Robots; agent: string; tables: Tables } | undefined

function tablesOf(robots: Robots, agent: string): Tables {
  if (last !== undefined && last.robots === robots && last.agent === agent) return last.tables
  const tables = compiledFor(robots, agent)
  last = { robots, agent, tables }
  return tables
}

function compiledFor(robots: Robots, agent: string): Tables {
  let byAgent = compiled.get(robots)
  if (byAgent === undefined) compiled.set(robots, (byAgent = new Map()))
  const known = byAgent.get(agent)
  if (known !== undefined) return known
  const rules = groupsFor(robots, agent).flatMap((group) => group.rules)
  const plain = rules.filter(({ allow }) => !allow).map((rule) => entryOf(rule, unescapeUnreserved(rule.pattern)))
  const written = [...rules.map((rule) => entryOf(rule, rule.pattern)), ...plain, ...rules.flatMap(folderEntry)]
  const tables = { written: new RuleTable(written), plain: new RuleTable(plain) }
  if (byAgent.size >= MAX_AGENTS) byAgent.clear()
  byAgent.set(agent, tables)
  return tables
}

function entryOf({ allow, line, text, pattern: own }: RobotsRule, pattern: string): TableEntry<FetchDecision> {
  return { pattern, length: own.length, allow, line, decision: { allowed: allow, rule: text, line } }
}

/** Allow: /dir/index.html opens /dir/ too, as Google's parser has it. */
function folderEntry(rule: RobotsRule): TableEntry<FetchDecision>[] {
  const folder = rule.allow ? /^(.*\/)index\.htm[^/]*$/.exec(rule.pattern)?.[1] : undefined
  return folder === undefined ? [] : [{ ...entryOf(rule, `${folder}$`), length: folder.length + 1 }]
}
