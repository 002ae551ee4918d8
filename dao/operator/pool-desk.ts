/**
 * What the DAO does for personal pools: it takes withdrawals and logs them, so that they reach keyholders that were away, and it keeps the sealed
 * chunks of what was revealed in its private space, for those who may have to open some of them.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type Mesh, withdrawalTopic, withdrawProtocol } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import { didFromPeer, toHex, type Withdrawal } from '../../schemas/wire/index.ts'
import { readWithdrawal } from '../consent/index.ts'
import type { Outbox } from '../follower/index.ts'
import { type LedgerState, seatedValidators } from '../ledger/index.ts'

export interface PoolDeskOptions {
  mesh: Mesh
  storage: Storage
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

export class PoolDesk {
  readonly #options: PoolDeskOptions

  constructor(options: PoolDeskOptions) {
    this.#options = options
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

  /** In the log, or there already, when it resolves with `noted`; never rejects. */
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
      if (signal.aborted || codeOf(error) === 'REPEATED') return { status: 'noted' }
      logger.warn('withdrawal-not-logged', { code: codeOf(error) })
      return no(codeOf(error), 'the log does not take it now; say it again later')
    }
  }

  /** Sealed chunks are read by seated validators only. */
  mayRead(peer: string): boolean {
    try {
      const account = didFromPeer(peer)
      return seatedValidators(this.#options.state()).some((seat) => seat.statement.validator === account)
    } catch {
      return false
    }
  }
}

const scopeText = (scope: Withdrawal['scope']): string => (scope === 'all' ? 'all' : scope.toSorted().join('+'))
