/** The live display of `quern up`: one line per phase, the current one redrawn in place on a terminal. */
import type { OperatorProgress } from '../../dao/operator/index.ts'
import type { ContributorProgress } from '../../node/index.ts'
import type { ValidatorProgress } from '../../validator/index.ts'
import { say } from '../program/index.ts'
import type { ProcessProgress } from './process-network.ts'

type AnyProgress = ProcessProgress | OperatorProgress | ContributorProgress | ValidatorProgress

const PHASE_WORDS: Record<string, string> = {
  gather: 'gather   crawl, structure, seal, commit',
  reveal: 'reveal   open the commitments, hold and serve the batches',
  beacon: 'beacon   draw randomness that nobody could aim at',
  test: 'test     replay drawn records, fetch their pages again',
  report: 'report   reveal what was found',
  probe: 'probe    (hidden probes: none under local rules)',
  close: 'close    recompute the table, attest its root',
}

/** What is counted by who says it, and not by records. */
const ONE_EACH = new Set(['joined', 'seated', 'nothing-gathered'])

export class ProgressDisplay {
  readonly #live: boolean
  readonly #now: () => number
  readonly #counts = new Map<string, number>()
  readonly #start: number
  #line = ''

  constructor({ live, now }: { live: boolean; now: () => number }) {
    this.#live = live
    this.#now = now
    this.#start = now()
  }

  /** Anything a role reported. */
  take(who: string, progress: AnyProgress): void {
    if ('phase' in progress) return this.#phase(progress.epoch, progress.phase)
    const { what } = progress
    if (what === 'final')
      return this.#print(`epoch ${'epoch' in progress ? progress.epoch : ''} is final: a quorum of validators attested the same root`)
    if (what === 'released') return this.#print(`release ${'release' in progress ? progress.release : ''}`)
    if (what === 'nothing-to-release') return this.#print('no record of it is left to release')
    const amount = 'records' in progress ? progress.records : 'count' in progress ? progress.count : 1
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + (ONE_EACH.has(what) ? 1 : amount))
    this.#draw(who)
  }

  /** Ends the live line. */
  end(): void {
    if (this.#live && this.#line !== '') process.stderr.write('\n')
    this.#line = ''
  }

  #phase(epoch: number, phase: string): void {
    this.#print(`epoch ${epoch}  ${PHASE_WORDS[phase] ?? phase}`)
    this.#counts.clear()
  }

  #print(text: string): void {
    const seconds = ((this.#now() - this.#start) / 1000).toFixed(1).padStart(6)
    if (this.#live && this.#line !== '') process.stderr.write('\r\u001b[K')
    this.#line = ''
    say(`${seconds} s  ${text}`)
  }

  #draw(who: string): void {
    if (!this.#live) return
    const counts = [...this.#counts].map(([what, count]) => `${what} ${count}`).join(', ')
    this.#line = `          ${counts}  (${who})`.slice(0, (process.stderr.columns ?? 100) - 1)
    process.stderr.write(`\r\u001b[K${this.#line}`)
  }
}
