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
  /** How many must be there before the first epoch opens. */
  validators?: number
  contributors?: number
  nonce?: string
  /** Anything else, over all of the above. */
  overrides?: Partial<CharterInput> | undefined
}

/** Lasts no time of its own; the service ends it when its work is done, or after a minute. */
const short = { minEntries: 0, minSeconds: 0, maxSeconds: 60 }

/** Seconds that testing may take: a minute, or what a polite validator needs when every page it fetches again lies on one host, and half as much again. */
function testSeconds(contributors: number, delayMs: number): number {
  const draws = 40
  return Math.max(short.maxSeconds, Math.ceil((contributors * draws * delayMs * 3) / 2000))
}

/**
 * The charter of a network on one machine (`quern up`, tests): it compares no operator, admits any validator, vests at once and caps nothing.
 * Whatever prints its results says `local rules`. Throws ZodError when an argument does not fit.
 */
export function localRules({ seeds = [], allowPrivate = [], overrides = {}, ...given }: LocalNetwork): Charter {
  const delayMs = given.delayMs ?? (seeds.every(isLoopback) ? 10 : 1000)
  const test = { ...short, maxSeconds: testSeconds(given.contributors ?? 1, delayMs) }
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
    validators: { admission: 'open', independence: 'none', minimum: given.validators ?? 1 },
    contributors: { minimum: given.contributors ?? 1, quota: null },
    epoch: { gather: { ...short, maxSeconds: 3600 }, reveal: short, beacon: short, test, report: short, probe: short, close: short },
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
