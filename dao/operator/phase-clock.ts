/** Moves the epoch's phases: looks who is done, states the next phase when the rules allow it, and publishes the table at the close. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { didFromPeer } from '../../schemas/wire/index.ts'
import type { FileStore, Outbox } from '../follower/index.ts'
import { type LedgerState, mayAdvance, phaseOf, quorum, RULES_VERSION } from '../ledger/index.ts'
import type { OperatorProgress } from './options.ts'
import { isPhaseDone } from './phase-plan.ts'

export interface PhaseClockOptions {
  state: () => LedgerState
  outbox: Pick<Outbox, 'has' | 'write'>
  /** The newest cosigned checkpoint; undefined before the first. */
  checkpoint: () => string | undefined
  files: FileStore
  mesh: Mesh
  clock: Clock
  logger: Logger
  onProgress: (progress: OperatorProgress) => void
}

export class PhaseClock {
  readonly #options: PhaseClockOptions
  /** The phase we are in and since when we know it. */
  #phase = { key: '', since: 0 }
  /** Contributors that have nothing more to do in it. */
  #ready = new Set<string>()

  constructor(options: PhaseClockOptions) {
    this.#options = options
  }

  /** Call it first in every step. */
  look(): void {
    const key = this.#key()
    if (this.#phase.key === key) return
    this.#phase = { key, since: this.#options.clock.now() }
    this.#ready = new Set()
  }

  /** A contributor says that it has nothing more to do in a phase. Of others it means nothing. */
  noteReady(account: string, epoch: number, phase: string): void {
    this.look()
    if (`${epoch}/${phase}` === this.#phase.key && this.#options.state().contributors.has(account)) this.#ready.add(account)
  }

  /** Ends the current phase if the rules allow it now; says why not otherwise. */
  async advance(): Promise<{ ok: true } | { ok: false; reason: string }> {
    const { state, outbox, checkpoint, onProgress } = this.#options
    const note = checkpoint() ?? ''
    const verdict = mayAdvance(state(), note)
    if (!verdict.ok) return { ok: false, reason: verdict.reason }
    const { epoch, phase } = verdict.next
    const isFirst = epoch === 1 && phase === 'gather'
    const isCosigned = note !== '' && quorum(state()) > 0
    await outbox.write('epoch.phase', { epoch, phase, note: isFirst && !isCosigned ? '' : note }, { key: `phase/${epoch}/${phase}` })
    onProgress({ what: 'phase', epoch, phase })
    return { ok: true }
  }

  async advanceWhenDone(): Promise<void> {
    const { state, outbox, mesh, clock, logger } = this.#options
    const connected = new Set(mesh.peers().flatMap(didOf))
    if (!isPhaseDone(state(), { ready: this.#ready, connected, elapsedMs: clock.now() - this.#phase.since })) return
    const { next } = phaseOf(state())
    if (outbox.has(`phase/${next.epoch}/${next.phase}`)) return
    if (next.phase === 'test' && this.#lacksFiles())
      return logger.debug('phase-waits', { reason: 'files of a counted batch are still on their way' })
    const verdict = await this.advance()
    if (!verdict.ok) logger.debug('phase-waits', { reason: verdict.reason })
  }

  /** Publishes the table that the fold computed; whoever recomputes it attests. */
  async close(): Promise<void> {
    const { state, outbox, onProgress } = this.#options
    const { epoch } = state()
    if (epoch?.phase !== 'close' || epoch.table === null || epoch.close !== null || outbox.has(`close/${epoch.number}`)) return
    const { root, bytes, cid } = epoch.table
    await outbox.write(
      'epoch.close',
      { epoch: epoch.number, cut: epoch.cut, root, table: cid, rules: RULES_VERSION },
      { key: `close/${epoch.number}`, files: [bytes] },
    )
    onProgress({ what: 'closed', epoch: epoch.number })
  }

  #key(): string {
    const { epoch } = this.#options.state()
    return epoch === null ? '' : `${epoch.number}/${epoch.phase}`
  }

  /** Values are computed at the `test` entry, from the index and sketches of every batch that counts. */
  #lacksFiles(): boolean {
    const { state, files } = this.#options
    const { epoch, batches } = state()
    return (epoch?.batches ?? []).some((key) => {
      const manifest = batches.get(key)?.manifest
      return manifest !== undefined && [manifest.index, manifest.sketches].some((cid) => files.read(cid) === undefined)
    })
  }
}

/** None for a peer whose key is of another kind than accounts are. */
function didOf(peer: string): string[] {
  try {
    return [didFromPeer(peer)]
  } catch {
    return []
  }
}
