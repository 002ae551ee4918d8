/** Who can reach whom, how fast, and how surely. Names are peer ids; the network knows no protocol. */
import type { Random } from '../../core/effects/index.ts'

export interface LinkRules {
  /** One way, inclusive, whole milliseconds. */
  latencyMs: [least: number, most: number]
  /** Share of messages that never arrive, 0 to 1, in steps of a millionth. What TCP would repeat (dial, hang up) is not lost. */
  loss: number
}

interface Scheduler {
  schedule(delayMs: number, label: string, deliver: () => void, bytes?: Uint8Array): Disposable
  randomOf(name: string): Random
  readonly ageMs: number
}

export interface Parcel {
  from: string
  to: string
  label: string
  bytes?: Uint8Array | undefined
  /** Repeated by the transport until it arrives: exempt from loss, not from a partition. */
  sure?: boolean
}

/** A connection over a link that stays blocked this long is given up, as a transport's keep-alive would. */
export const KEEP_ALIVE_MS = 30_000

export class Network {
  readonly #world: Scheduler
  readonly #rules: LinkRules
  readonly #random: Random
  readonly #lastArrival = new Map<string, number>()
  readonly #down = new Set<string>()
  #groups: Set<string>[] = []
  readonly #blocked = new Set<string>()
  readonly #listeners = new Set<() => void>()

  constructor(world: Scheduler, { latencyMs = [1, 20], loss = 0 }: Partial<LinkRules> = {}) {
    this.#world = world
    this.#rules = { latencyMs, loss }
    this.#random = world.randomOf('network')
  }

  /** Cuts one pair, until `heal`. */
  block(a: string, b: string): void {
    this.#blocked.add(pair(a, b))
    this.#changed()
  }

  /** Peers reach each other inside a group only; whoever is in no group reaches all. */
  partition(groups: string[][]): void {
    this.#groups = groups.map((group) => new Set(group))
    this.#changed()
  }

  /** Ends partitions and cut pairs. */
  heal(): void {
    this.#groups = []
    this.#blocked.clear()
    this.#changed()
  }

  /** Takes a machine off the network: what is under way to and from it is lost, and its connections break. */
  down(peer: string): void {
    this.#down.add(peer)
    this.#changed()
  }

  up(peer: string): void {
    this.#down.delete(peer)
    this.#changed()
  }

  isDown(peer: string): boolean {
    return this.#down.has(peer)
  }

  reachable(a: string, b: string): boolean {
    if (this.#down.has(a) || this.#down.has(b)) return false
    if (this.#blocked.size > 0 && this.#blocked.has(pair(a, b))) return false
    if (this.#groups.length === 0) return true
    const mine = this.#groups.find((group) => group.has(a))
    const theirs = this.#groups.find((group) => group.has(b))
    return mine === undefined || theirs === undefined || mine === theirs
  }

  /** Tells when reachability may have changed. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  /** Delivers later, in order per direction, if both ends can still reach each other then. False when it is lost already. */
  send({ from, to, label, bytes, sure = false }: Parcel, deliver: () => void): boolean {
    if (!this.reachable(from, to)) return false
    const { latencyMs, loss } = this.#rules
    const lost = this.#random.int(1_000_000) < loss * 1_000_000
    const delay = latencyMs[0] + this.#random.int(latencyMs[1] - latencyMs[0] + 1)
    if (lost && !sure) return false
    const way = `${from}>${to}`
    const arrival = Math.max(this.#world.ageMs + delay, this.#lastArrival.get(way) ?? 0)
    this.#lastArrival.set(way, arrival)
    this.#world.schedule(
      arrival - this.#world.ageMs,
      `${label} ${way}`,
      () => {
        if (this.reachable(from, to)) deliver()
      },
      bytes,
    )
    return true
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** The key of two peers, whichever is named first. */
export const pair = (a: string, b: string): string => (a < b ? `${a}|${b}` : `${b}|${a}`)
