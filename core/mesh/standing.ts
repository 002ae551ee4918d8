/**
 * What bad gossip costs its sender, the same in every implementation: each rejected message counts, the count is forgiven slowly, and
 * its square weighs against the graylist (the form of gossipsub's P4). From the third rejected message on a peer is not heard.
 */
import type { Clock } from '../effects/index.ts'

export const GOSSIP = {
  /** Score per squared count of rejected messages: three of them give -90. */
  rejectWeight: -10,
  /** Gossipsub's graylist threshold: what comes from below it is not read. */
  graylist: -80,
  /** A count halves in this time. */
  halfLifeMs: 300_000,
  /** How long a message is remembered as seen. */
  seenMs: 120_000,
} as const

/** Peers remembered at once; beyond it the ones longest without a fault are forgotten. */
const MAX_PEERS = 4096

export class Standing {
  readonly #clock: Clock
  readonly #faults = new Map<string, { count: number; at: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The peer handed on a message that breaks the rules. */
  reject(peer: string): void {
    const count = this.#count(peer) + 1
    this.#faults.delete(peer)
    this.#faults.set(peer, { count, at: this.#clock.now() })
    if (this.#faults.size <= MAX_PEERS) return
    const oldest = this.#faults.keys().next()
    if (!oldest.done) this.#faults.delete(oldest.value)
  }

  /** 0 or less; below `GOSSIP.graylist` nobody listens. */
  score(peer: string): number {
    return GOSSIP.rejectWeight * this.#count(peer) ** 2
  }

  graylisted(peer: string): boolean {
    return this.score(peer) < GOSSIP.graylist
  }

  #count(peer: string): number {
    const fault = this.#faults.get(peer)
    return fault === undefined ? 0 : fault.count * 0.5 ** ((this.#clock.now() - fault.at) / GOSSIP.halfLifeMs)
  }
}
