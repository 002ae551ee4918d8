import ipaddr from 'ipaddr.js'
import { type Charter, charter, type CharterInput, PPM } from '../../schemas/wire/index.ts'

export interface LocalNetwork {
  name: string
  operator: string
  contact: string
  seeds?: readonly string[]
  /** `CIDR[:PORT]` that may be crawled; a sample site on this machine needs one. */
  allowPrivate?: readonly string[]
  scope?: Charter['sources']['scope'] | undefined
  maxPages?: number | undefined
  maxDepth?: number | undefined
  /** Pause between two requests to a host, ms. Not given: 10 where every seed is on this machine, 1000 where one is not. */
  delayMs?: number | undefined
  /** The longest Crawl-delay that a start page's host asks for, ms: the test phase is planned for it. Contributors and validators read it themselves. */
  crawlDelayMs?: number | undefined
  /** How many must be there before the first epoch opens. */
  validators?: number
  contributors?: number
  nonce?: string
  /** Anything else, over all of the above. */
  overrides?: Partial<CharterInput> | undefined
}

/** Lasts no time of its own; the service ends it when its work is done, or after a minute. */
const short = { minEntries: 0, minSeconds: 0, maxSeconds: 60 }

const GATHER_SECONDS = 3600
const DRAWS = 40
/** What a site is asked for besides pages: robots.txt, tdmrep.json, ai.txt, quern.txt, and a licence. */
const RULE_FILES = 5

/**
 * Seconds that testing may take: a minute, or what validators that share a host's pace need when every page they fetch again lies on that one host,
 * and half as much again. Never more than half as much again as gathering by the same pace takes, times the validators: no host has more pages.
 */
function testSeconds({ contributors, validators, pauseMs }: { contributors: number; validators: number; pauseMs: number }): number {
  if (pauseMs === 0) return short.maxSeconds
  const pages = Math.min(contributors * DRAWS, Math.ceil((GATHER_SECONDS * 1000) / pauseMs))
  return Math.max(short.maxSeconds, Math.ceil((validators * (pages + RULE_FILES) * pauseMs * 3) / 2000))
}

/**
 * The charter of a network on one machine (`quern up`, tests): it compares no operator, admits any validator, vests at once and caps nothing.
 * Whatever prints its results says `local rules`. Throws ZodError when an argument does not fit.
 */
export function localRules({ seeds = [], allowPrivate = [], overrides = {}, ...given }: LocalNetwork): Charter {
  const delayMs = given.delayMs ?? (seeds.every(isLoopback) ? 10 : 1000)
  const { contributors = 1, validators = 1, crawlDelayMs = 0 } = given
  const test = { ...short, maxSeconds: testSeconds({ contributors, validators, pauseMs: Math.max(delayMs, crawlDelayMs) }) }
  return charter.parse({
    v: 1,
    name: given.name,
    title: 'local rules',
    operator: given.operator,
    contact: given.contact,
    purposes: ['trying Quern on one machine'],
    nonce: given.nonce ?? '',
    sources: {
      seeds: [...seeds],
      scope: given.scope ?? 'host',
      maxPagesPerContributor: given.maxPages ?? 4096,
      maxDepth: given.maxDepth ?? 16,
      delayMs,
      allowPrivate: [...allowPrivate],
    },
    validators: { admission: 'open', independence: 'none', minimum: validators },
    contributors: { minimum: contributors, quota: null },
    epoch: {
      gather: { ...short, maxSeconds: GATHER_SECONDS },
      reveal: short,
      beacon: short,
      test,
      report: short,
      probe: short,
      close: short,
    },
    replicas: 1,
    vestingEpochs: 0,
    value: { hostContributors: 0, hostEpochs: 0, hostRecords: 1_000_000_000 },
    credibility: { hostCapPpm: PPM },
    release: { hostCapPpm: PPM, contributorCapPpm: PPM },
    ...overrides,
  } satisfies CharterInput)
}

/** Rules under which nobody's independence is checked: good for trying out, worth nothing between strangers. */
export function isLocalRules({ validators }: Charter): boolean {
  return validators.independence === 'none' || validators.admission === 'open'
}

function isLoopback(seed: string): boolean {
  const host = URL.parse(seed)?.hostname.replace(/^\[|\]$/g, '') ?? ''
  return host === 'localhost' || host.endsWith('.localhost') || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback')
}
