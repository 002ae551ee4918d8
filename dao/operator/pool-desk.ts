/**
 * What the DAO does for personal pools: it takes withdrawals and logs them, so that they reach keyholders that were away, and it keeps the sealed
 * chunks of what was revealed in its private space, for those who may have to open some of them.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type Mesh, withdrawalTopic, withdrawProtocol } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import { toHex, type Withdrawal } from '../../schemas/wire/index.ts'
import { PoolCiphertext } from '../batches/index.ts'
import { readWithdrawal } from '../consent/index.ts'
import { type FileStore, type Outbox, poolReaders } from '../follower/index.ts'
import { isLive, type LedgerState } from '../ledger/index.ts'

export interface PoolDeskOptions {
  mesh: Mesh
  storage: Storage
  files: FileStore
  clock: Clock
  logger: Logger
  signal: AbortSignal
  state: () => LedgerState
  write: Outbox['write']
}

/** Of one subject: a receipt may be renewed 64 times, and withdrawn purpose by purpose. Beyond it somebody fills the log. */
const MOST_OF_ONE = 256

type Answer = { status: 'noted' } | { status: 'refused'; code: string; message: string }
const no = (code: string, message: string): Answer => ({ status: 'refused', code, message: message.slice(0, 512) })

export class PoolDesk implements AsyncDisposable {
  readonly #options: PoolDeskOptions
  readonly #ciphertext: PoolCiphertext
  readonly #mayRead: (peer: string) => boolean
  /** Contributions that ended and were let go here. */
  readonly #gone = new Set<string>()

  constructor(options: PoolDeskOptions) {
    this.#options = options
    const { state, files } = options
    this.#mayRead = poolReaders(options)
    this.#ciphertext = new PoolCiphertext({
      ...options,
      file: (cid) => files.read(cid),
      others: ({ cid }) => [...(state().contributions.get(cid.toString())?.available ?? [])],
      onWhole: () => undefined,
    })
  }

  /** Serves until disposed. */
  serve(ledger: string): Disposable {
    const stack = new DisposableStack()
    const { mesh, logger } = this.#options
    stack.use(mesh.handle(withdrawProtocol, ({ withdrawal }) => this.take(withdrawal)))
    stack.use(
      mesh.subscribe(
        withdrawalTopic(ledger),
        ({ withdrawal }) =>
          void this.take(withdrawal).then((answer) => {
            if (answer.status === 'refused') logger.debug('withdrawal-not-taken', { code: answer.code })
          }),
        ({ withdrawal }) => {
          const read = readWithdrawal(withdrawal)
          if (!read.ok) return 'reject'
          return this.#options.state().contributors.has(read.value.subject) ? 'accept' : 'ignore'
        },
      ),
    )
    return stack
  }

  /** In the log, or waiting on our disk for its place there, when it resolves with `noted`. Never rejects. */
  async take(bytes: Uint8Array): Promise<Answer> {
    const read = readWithdrawal(bytes)
    if (!read.ok) return no(read.code, read.message)
    const { receipt, subject, scope } = read.value
    const { state, write, logger, signal } = this.#options
    const { contributors, tombstones, withdrawals } = state()
    if (tombstones.scopeOf(receipt, subject) === 'all') return { status: 'noted' }
    if (!contributors.has(subject)) return no('NOT_JOINED', 'this account never joined here; its keyholders take its withdrawal')
    if (withdrawals.filter((one) => one.subject === subject).length >= MOST_OF_ONE)
      return no('TOO_MANY', 'this account has logged as many withdrawals as one may')
    try {
      await write('consent.withdrawn', { withdrawal: bytes }, { key: `withdrawn/${toHex(receipt)}/${subject}/${scopeText(scope)}` })
      return { status: 'noted' }
    } catch (error) {
      if (codeOf(error) === 'REPEATED') return { status: 'noted' }
      if (!signal.aborted) logger.warn('withdrawal-not-logged', { code: codeOf(error) })
      return no(codeOf(error), 'the log does not take it now; say it again later')
    }
  }

  /** Fetches the sealed chunks of what is in the covered part of the log, and lets go of what was withdrawn. Call it after every advance. */
  tend(coveredSize: number): void {
    for (const [key, one] of this.#options.state().contributions) {
      if (isLive(one)) {
        if (one.revealIndex < coveredSize) this.#ciphertext.want({ cid: one.manifestCid, manifest: one.manifest })
      } else if (!this.#gone.has(key)) {
        this.#gone.add(key)
        void this.#ciphertext.drop(one.manifestCid).catch((error: unknown) => {
          this.#gone.delete(key)
          if (!this.#options.signal.aborted) this.#options.logger.warn('ciphertext-not-dropped', { manifest: key, code: codeOf(error) })
        })
      }
    }
    this.#ciphertext.tend()
  }

  /** Sealed chunks are read by seated validators and by the assembler that a policy names. */
  mayRead(peer: string): boolean {
    return this.#mayRead(peer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ciphertext[Symbol.asyncDispose]()
  }
}

const scopeText = (scope: Withdrawal['scope']): string => (scope === 'all' ? 'all' : scope.toSorted().join('+'))
