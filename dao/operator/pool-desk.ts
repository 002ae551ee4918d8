/**
 * What the DAO does for personal pools: it takes withdrawals and logs them, so that they reach keyholders that were away, and it keeps the sealed
 * chunks of what was revealed in its private space, for those who may have to open some of them.
 */
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type Mesh, withdrawalTopic, withdrawProtocol } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import type { Withdrawal } from '../../schemas/wire/index.ts'
import { PoolCiphertext } from '../batches/index.ts'
import { gossipVerdict, readWithdrawal } from '../consent/index.ts'
import { CustodyAlarm, type FileStore, type Outbox, poolReaders } from '../follower/index.ts'
import { isLive, isOneTooMany, type LedgerState } from '../ledger/index.ts'

export interface PoolDeskOptions {
  mesh: Mesh
  storage: Storage
  files: FileStore
  clock: Clock
  logger: Logger
  signal: AbortSignal
  state: () => LedgerState
  write: Outbox['write']
  /** Whether a deed of this key still waits for its place in the log. */
  isWaiting: (key: string) => boolean
  /** Keyholders that keep their seat and have not answered for long. */
  silent?: () => ReadonlySet<string>
  kv: Kv
}

const OWED = 'withdrawal-owed/'
const TIDY_MS = 3_600_000

type Answer = { status: 'noted' } | { status: 'refused'; code: string; message: string }
const no = (code: string, message: string): Answer => ({ status: 'refused', code, message: message.slice(0, 512) })

export class PoolDesk implements AsyncDisposable {
  readonly #options: PoolDeskOptions
  readonly #ciphertext: PoolCiphertext
  readonly #mayRead: (peer: string) => boolean
  readonly #alarm: CustodyAlarm
  /** Contributions that ended and were let go here. */
  readonly #gone = new Set<string>()
  /** Withdrawals that were noted, by key, until the log shows them. */
  #owed: Map<string, Uint8Array> | undefined
  #settling: Promise<void> | undefined
  #tidyAt = 0

  constructor(options: PoolDeskOptions) {
    this.#options = options
    const { state, files } = options
    this.#mayRead = poolReaders(options)
    this.#alarm = new CustodyAlarm(options.logger)
    this.#ciphertext = new PoolCiphertext({
      ...options,
      file: (cid) => files.read(cid),
      others: ({ cid }) => [...(state().contributions.get(cid.toString())?.available ?? [])],
      onWhole: () => undefined,
    })
  }

  /** Serves until disposed. */
  serve(ledger: string): Disposable {
    const { mesh, logger } = this.#options
    const served = [
      mesh.handle(withdrawProtocol, ({ withdrawal }) => this.take(withdrawal)),
      mesh.subscribe(
        withdrawalTopic(ledger),
        ({ withdrawal }) =>
          void this.take(withdrawal).then((answer) => {
            if (answer.status === 'refused') logger.debug('withdrawal-not-taken', { code: answer.code })
          }),
        ({ withdrawal }) => gossipVerdict(withdrawal, (account) => this.#options.state().contributors.has(account)),
      ),
    ]
    return {
      [Symbol.dispose]: () => {
        for (const one of served) one[Symbol.dispose]()
      },
    }
  }

  /** In the log, or waiting on our disk for its place there, when it resolves with `noted`. Never rejects. */
  async take(bytes: Uint8Array): Promise<Answer> {
    const read = readWithdrawal(bytes)
    if (!read.ok) return no(read.code, read.message)
    const { manifest, subject, scope } = read.value
    const { state, write, kv, logger, signal } = this.#options
    if (this.#isLogged(bytes)) return { status: 'noted' }
    if (!state().contributors.has(subject)) return no('NOT_JOINED', 'this account never joined here; its keyholders take its withdrawal')
    if (isOneTooMany(state(), read.value)) return no('TOO_MANY', 'this account has logged as many withdrawals as one may')
    const key = `withdrawn/${manifest.toString()}/${subject}/${scopeText(scope)}`
    try {
      await kv.put(`${OWED}${key}`, bytes)
      this.#owed?.set(key, bytes)
      await write('consent.withdrawn', { withdrawal: bytes }, { key })
      return { status: 'noted' }
    } catch (error) {
      if (codeOf(error) === 'REPEATED') return { status: 'noted' }
      if (codeOf(error) === 'NOTHING_BROUGHT') {
        await this.#forget(key)
        return no('NOTHING_BROUGHT', 'this account has brought nothing into the log; its keyholders take its withdrawal')
      }
      if (codeOf(error) === 'TOO_MANY') {
        await this.#forget(key)
        return no('TOO_MANY', 'this account has logged as many withdrawals as one may')
      }
      if (!signal.aborted) logger.warn('withdrawal-not-logged', { code: codeOf(error) })
      return no(codeOf(error), 'the log does not take it now; say it again later')
    }
  }

  /**
   * What was noted and did not come into the log is written again: another command in the operator's name may have taken the entry's number, and the
   * outbox cannot tell whose entry has it. What the log refuses of one keeps no other from it; the last refusal is thrown at the end.
   */
  async settle(): Promise<void> {
    const { kv, write, isWaiting } = this.#options
    this.#owed ??= await readOwed(kv)
    let refusal: unknown
    for (const [key, withdrawal] of this.#owed) {
      if (this.#isLogged(withdrawal)) await this.#forget(key)
      else if (!isWaiting(key))
        await write('consent.withdrawn', { withdrawal }, { key }).catch(async (error: unknown) => {
          // there is nothing (any more) that it could end, or the log takes no more of this account
          if (codeOf(error) === 'NOTHING_BROUGHT' || codeOf(error) === 'TOO_MANY') await this.#forget(key)
          else refusal = error
        })
    }
    if (refusal !== undefined) throw refusal
  }

  async #forget(key: string): Promise<void> {
    await this.#options.kv.delete(`${OWED}${key}`)
    this.#owed?.delete(key)
  }

  #isLogged(withdrawal: Uint8Array): boolean {
    const read = readWithdrawal(withdrawal)
    if (!read.ok) return true
    return this.#options.state().withdrawals.covers(read.value)
  }

  /** Fetches the sealed chunks of what is in the covered part of the log, lets go of what was withdrawn, and alarms where keyholders lack. Call it after every advance. */
  tend(coveredSize: number): void {
    const { logger, signal } = this.#options
    this.#settling ??= this.#settle()
      .catch((error: unknown) => {
        if (!signal.aborted) logger.warn('pool-waits', { code: codeOf(error) })
      })
      .finally(() => {
        this.#settling = undefined
      })
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
    this.#alarm.look(this.#options.state(), this.#options.clock.now() / 1000, this.#options.silent?.())
  }

  async #settle(): Promise<void> {
    const { clock, state } = this.#options
    // first: one withdrawal that the log goes on refusing must not keep what others withdrew
    if (clock.now() >= this.#tidyAt) {
      this.#tidyAt = clock.now() + TIDY_MS
      await this.#ciphertext.tidy((cid) => {
        const one = state().contributions.get(cid.toString())
        return one !== undefined && isLive(one)
      })
    }
    await this.settle()
  }

  /** Sealed chunks are read by seated validators and by the assembler that a policy names. */
  mayRead(peer: string): boolean {
    return this.#mayRead(peer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#settling
    await this.#ciphertext[Symbol.asyncDispose]()
  }
}

async function readOwed(kv: Kv): Promise<Map<string, Uint8Array>> {
  const owed = new Map<string, Uint8Array>()
  for (const key of await kv.keys(OWED)) {
    const bytes = await kv.get(key)
    if (bytes !== undefined) owed.set(key.slice(OWED.length), bytes)
  }
  return owed
}

const scopeText = (scope: Withdrawal['scope']): string => (scope === 'all' ? 'all' : scope.toSorted().join('+'))
