/** What ends the wait of `quern up`: a release, epochs that leave nothing to release, or one in which nobody gathered anything. */
import { createReadStream, existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { LedgerState } from '../../dao/ledger/index.ts'
import { hasWork } from '../../dao/operator/index.ts'

export type Ended =
  | { what: 'released' }
  | { what: 'nothing-to-release'; epoch: number }
  /** Every contributor came home with nothing: the epoch would wait for a commitment for ever. */
  | { what: 'nothing-gathered'; epoch: number }

export class Ending {
  readonly #contributors: number
  readonly #epochs: number
  /** Epoch → contributors that gathered nothing in it. */
  readonly #empty = new Map<number, Set<string>>()
  /** Contributors that ended by themselves: they gather nothing any more. */
  readonly #gone = new Set<string>()
  /** The last epoch after which nothing was left to release, and the last that was released. */
  #leftNothing = 0
  #released = 0

  constructor({ contributors, epochs }: { contributors: number; epochs: number }) {
    this.#contributors = contributors
    this.#epochs = epochs
  }

  /** Anything a role reported. */
  take(who: string, progress: { what: string; epoch?: number }): void {
    const { what, epoch = 0 } = progress
    if (what === 'nothing-to-release') this.#leftNothing = Math.max(this.#leftNothing, epoch)
    if (what === 'released') this.#released = Math.max(this.#released, epoch)
    if (what === 'nothing-gathered') this.#empty.set(epoch, (this.#empty.get(epoch) ?? new Set()).add(who))
  }

  /** A contributor whose process ended. */
  leave(who: string): void {
    this.#gone.add(who)
  }

  /** Whether what roles reported makes the ledger worth a look. */
  get isNear(): boolean {
    const isEnough = Math.max(this.#leftNothing, this.#released) >= this.#epochs
    return isEnough || [...this.#empty.keys()].some((epoch) => this.#isEmpty(epoch))
  }

  /** How it ended, by the ledger; undefined: it goes on. */
  of(state: LedgerState): Ended | undefined {
    const { results, releases, epoch, charter } = state
    const isFinal = results.filter(({ final }) => final).length >= this.#epochs
    if (isFinal && releases.some(({ throughEpoch }) => throughEpoch >= this.#epochs)) return { what: 'released' }
    if (isFinal && this.#leftNothing >= this.#epochs) return { what: 'nothing-to-release', epoch: this.#leftNothing }
    if (epoch?.phase !== 'gather' || hasWork(state)) return undefined
    // what the epochs before gave is told first
    const settled = Math.max(this.#leftNothing, this.#released, ...releases.map(({ throughEpoch }) => throughEpoch))
    if (settled < (results.at(-1)?.epoch ?? 0) - charter.vestingEpochs) return undefined
    return this.#isEmpty(epoch.number) ? { what: 'nothing-gathered', epoch: epoch.number } : undefined
  }

  #isEmpty(epoch: number): boolean {
    return new Set([...(this.#empty.get(epoch) ?? []), ...this.#gone]).size >= this.#contributors
  }
}

/** Requests for a site's rules and maps. */
const NO_PAGE = new Set(['ROBOTS', 'TDMREP', 'AI_TXT', 'RSL', 'SITEMAP'])

/** What the pages of an epoch's crawls ended as, over all contributors of a network's folder: outcomes of their journals, commonest first. */
export async function outcomesOf(home: string, epoch: number): Promise<[outcome: string, count: number][]> {
  const counts = new Map<string, number>()
  for (const name of await readdir(home)) {
    const journal = path.join(home, name, 'crawl', `epoch-${epoch}`, 'journal.jsonl')
    // a crawl that failed leaves the part it wrote
    const file = [journal, `${journal}.part`].find((one) => existsSync(one))
    if (file === undefined) continue
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      const outcome = /"outcome":"([A-Z0-9_]+)"/.exec(line)?.[1]
      if (outcome !== undefined && !NO_PAGE.has(outcome)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)
}
