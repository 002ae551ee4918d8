/** What earlier epochs say of a host (by `hostKey`): enough for H and A of incentives reference 3.1 and for its class in 3.2. */
import type { Charter } from '../../schemas/wire/index.ts'
import { divFloor, PPM } from './integers.ts'

export interface HostFacts {
  /** Mean past mass per epoch: EMA of weight 1/8 over X_h, 0 before the first epoch. */
  ema: bigint
  /** Contributors whose records of this host were admitted, first come first; no more are kept than any rule asks for. */
  contributors: string[]
  /** Epochs in which some record of it was admitted. */
  epochs: number
  /** Draws and failed draws, of contributors in good standing, decayed by 7/8 per epoch. */
  draws: number
  fails: number
}
export type HostBook = ReadonlyMap<string, HostFacts>

/** What one epoch adds about a host; `contributors` had admitted (paid) records of it. */
export interface HostEpoch {
  mass: bigint
  contributors: readonly string[]
  draws: number
  fails: number
}

/** 0 static, 1 normal, 2 dynamic: how often honest fetches of a host's pages differ. */
export type HostClass = 0 | 1 | 2
/** Expected fail rate, ppm, of each class. */
export type Bases = readonly [number, number, number]

const KEPT_CONTRIBUTORS = 16
const UNKNOWN: HostFacts = { ema: 0n, contributors: [], epochs: 0, draws: 0, fails: 0 }

/** The book after an epoch. Hosts without news decay too, and leave it when nothing is left to say. */
export function advanceHosts(book: HostBook, epoch: ReadonlyMap<string, HostEpoch>, charter: Charter): Map<string, HostFacts> {
  const next = new Map<string, HostFacts>()
  for (const host of new Set([...book.keys(), ...epoch.keys()])) {
    const old = book.get(host) ?? UNKNOWN
    const news = epoch.get(host)
    const facts = {
      ema: (old.ema * 7n + (news?.mass ?? 0n)) >> 3n,
      contributors: joined(old.contributors, news?.contributors ?? [], Math.max(KEPT_CONTRIBUTORS, charter.value.hostContributors)),
      epochs: old.epochs + (news && news.contributors.length > 0 ? 1 : 0),
      draws: divFloor(old.draws * 7, 8) + (news?.draws ?? 0),
      fails: divFloor(old.fails * 7, 8) + (news?.fails ?? 0),
    }
    if (facts.epochs > 0 || facts.ema > 0n || facts.draws > 0) next.set(host, facts)
  }
  return next
}

/** H counts in full for a host that enough contributors brought over enough epochs. */
export function isEstablished(facts: HostFacts | undefined, charter: Charter): boolean {
  const { contributors, epochs } = facts ?? UNKNOWN
  return contributors.length >= charter.value.hostContributors && epochs >= charter.value.hostEpochs
}

/** Draws below which a host's own fail rate says nothing. */
const CLASS_DRAWS = 100

/**
 * `normal` until an established host has a record of its own; then the class whose expected rate lies nearest. Only established hosts, or a
 * fabricator would teach the ledger that its own host is dynamic and be forgiven for it.
 */
export function hostClass(facts: HostFacts | undefined, bases: Bases, charter: Charter): HostClass {
  if (facts === undefined || facts.draws < CLASS_DRAWS || !isEstablished(facts, charter)) return 1
  const rate = divFloor(Math.min(facts.fails, facts.draws) * PPM, facts.draws)
  if (rate * 2 < bases[0] + bases[1]) return 0
  return rate * 2 < bases[1] + bases[2] ? 1 : 2
}

function joined(old: string[], news: readonly string[], most: number): string[] {
  const fresh = [...new Set(news)].filter((account) => !old.includes(account)).toSorted((a, b) => (a < b ? -1 : 1))
  return fresh.length === 0 || old.length >= most ? old : [...old, ...fresh].slice(0, most)
}
