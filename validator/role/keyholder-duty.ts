/**
 * The duty of a keyholder: while a charter names us among those of its pool, we take shares, answer for keys, obey withdrawals, from the people
 * themselves, from gossip and from the log, and keep the sealed chunks in the private space.
 */
import type { Kv } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { withdrawalTopic } from '../../core/mesh/index.ts'
import { PoolCiphertext } from '../../dao/batches/index.ts'
import { gossipVerdict } from '../../dao/consent/index.ts'
import { CustodyAlarm, poolReaders } from '../../dao/follower/index.ts'
import { isLive, reshares } from '../../dao/ledger/index.ts'
import { isKeyholder, type PoolView, poolView } from '../../dao/pool-access/index.ts'
import { type CID, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { type Keyholder, openKeyholder, type ShareTable } from '../keyholder/index.ts'
import { countView } from './count-view.ts'
import type { Desk } from './desk.ts'

/** Where a validator keeps shares: opened when it becomes a keyholder. */
export interface PoolHome extends AsyncDisposable {
  table: ShareTable
  kv: Kv
}

const MOST_IN_ONE_ENTRY = 512
const TIDY_MS = 3_600_000
/** A share table that does not open is tried again, not at every step. */
const OPEN_AGAIN_MS = 30_000

export class KeyholderDuty implements AsyncDisposable {
  readonly #desk: Desk
  readonly #open: () => Promise<PoolHome>
  readonly #stack = new AsyncDisposableStack()
  #view: PoolView | undefined
  #keyholder: Keyholder | undefined
  readonly #ciphertext: PoolCiphertext
  readonly #mayRead: (peer: string) => boolean
  #round: Promise<void> | undefined
  /** Withdrawals of the log that were heard. */
  #heard = 0
  #tidyAt = 0
  #openAt = 0
  /** Of each contribution that was reshared, the generation that was followed. */
  readonly #generations = new Map<string, number>()
  readonly #alarm: CustodyAlarm
  /** Contributions that came, were renewed or went since the last round. */
  readonly #changed = new Map<string, CID>()

  constructor(desk: Desk, open: () => Promise<PoolHome>) {
    this.#desk = desk
    this.#open = open
    const { mesh, storage, clock, files, logger } = desk.options
    this.#alarm = new CustodyAlarm(logger.child('keyholder'))
    this.#mayRead = poolReaders({ state: () => desk.state(), files })
    this.#ciphertext = new PoolCiphertext({
      mesh,
      storage,
      clock,
      signal: desk.signal,
      logger: logger.child('pool'),
      file: (cid) => files.read(cid),
      others: ({ cid, manifest }) => {
        const { committee } = desk.state().contributions.get(cid.toString()) ?? this.#view?.policy(manifest.policy) ?? {}
        return [desk.link.did, ...(committee?.members ?? [])]
      },
      isRevealed: (cid) => desk.state().contributions.has(cid.toString()),
      onWhole: () => desk.wake(),
    })
  }

  /** Whether we hold a share of this contribution and all of its sealed chunks. */
  serves(manifest: CID): boolean {
    return this.#keyholder?.holds(manifest) === true && this.#ciphertext.isWhole(manifest)
  }

  /** Sealed chunks are read by those who may have to open some of them, and by nobody else. */
  mayRead(peer: string): boolean {
    return this.#mayRead(peer)
  }

  /** Does beside the steps what is due. Call it after every advance. */
  tend(): void {
    const { state, options, signal } = this.#desk
    if (state().size === 0 || signal.aborted) return
    this.#round ??= this.#act()
      .catch((error: unknown) => {
        if (signal.aborted) return
        this.#openAt = options.clock.now() + OPEN_AGAIN_MS
        options.logger.error('keyholder-waits', { code: codeOf(error) })
      })
      .finally(() => {
        this.#round = undefined
      })
  }

  /** Says in one entry which revealed contributions we hold a share and all sealed chunks of. Call it while reveals may come. */
  async confirm(epoch: number): Promise<void> {
    const { state, me, outbox, say } = this.#desk
    const good = [...state().contributions.values()]
      .filter((one) => one.epoch === epoch && isLive(one) && !one.available.has(me) && this.serves(one.manifestCid))
      .map(({ manifestCid }) => manifestCid)
      .toSorted((a, b) => (a.toString() < b.toString() ? -1 : 1))
      .slice(0, MOST_IN_ONE_ENTRY)
    const key = `available/${epoch}/pool/${toHex(sha256(utf8(good.map(String).join('+'))))}`
    if (good.length === 0 || outbox.has(key)) return
    await outbox.write('contribution.available', { epoch, manifests: good }, { key })
    say('available', epoch, good.length)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#round
    await this.#ciphertext[Symbol.asyncDispose]()
    await this.#stack.disposeAsync()
  }

  async #act(): Promise<void> {
    const { state, options, me } = this.#desk
    this.#view ??= poolView({ state, files: options.files })
    if (this.#keyholder === undefined) {
      if (options.clock.now() < this.#openAt || !isKeyholder(me, this.#view, state())) return
      await this.#begin(this.#view)
    }
    const keyholder = this.#keyholder as unknown as Keyholder
    const { withdrawals } = state()
    // another fold may have fewer, where the seats were learnt anew: then all are heard again
    if (withdrawals.count < this.#heard) this.#heard = 0
    const news = withdrawals.since(this.#heard)
    this.#heard = withdrawals.count
    if (news.length > 0) await keyholder.hear(news)
    for (const one of reshares(state())) {
      const key = one.manifest.toString()
      if (this.#generations.get(key) === one.generation) continue
      await keyholder.follow(one)
      this.#generations.set(key, one.generation)
    }
    this.#alarm.look(state(), options.clock.now() / 1000)
    if (options.clock.now() >= this.#tidyAt) {
      this.#tidyAt = options.clock.now() + TIDY_MS
      await keyholder.tidy()
      await this.#ciphertext.tidy((cid) => keyholder.holds(cid))
      this.#lookAgain(keyholder)
    }
    await this.#follow(keyholder)
    this.#ciphertext.tend()
  }

  /** Serves from here on; what the log has withdrawn by now is gone before. */
  async #begin(view: PoolView): Promise<void> {
    const { options, state } = this.#desk
    const { mesh, clock, keys, logger } = options
    // what was opened is closed again where the rest fails: the next try opens it anew
    await using stack = new AsyncDisposableStack()
    const home = stack.use(await this.#open())
    const withdrawals = state().withdrawals.since(0)
    const keyholder = await openKeyholder({
      ...home,
      mesh,
      clock,
      signer: keys.identity,
      view,
      counts: countView({ state, files: options.files }),
      logger: logger.child('keyholder'),
      logged: withdrawals,
      reshared: reshares(state()),
      onChange: (cid) => {
        this.#changed.set(cid.toString(), cid)
        this.#desk.wake()
      },
    })
    stack.use(keyholder)
    await this.#ciphertext.tidy((cid) => keyholder.holds(cid))
    this.#heard = withdrawals.length
    this.#tidyAt = clock.now() + TIDY_MS
    this.#lookAgain(keyholder)
    stack.use(
      mesh.subscribe(
        withdrawalTopic(state().id),
        ({ withdrawal }) =>
          void keyholder.obey(withdrawal).catch((error: unknown) => logger.warn('withdrawal-waits', { code: codeOf(error) })),
        ({ withdrawal }) => gossipVerdict(withdrawal, (account) => view.hasJoined(account)),
      ),
    )
    this.#stack.use(stack.move())
    this.#keyholder = keyholder
    logger.info('keyholder', { shares: home.table.size, generation: home.table.generation })
  }

  /** What is held and not all here: one after the other, so that what is settled takes no room. */
  #lookAgain(keyholder: Keyholder): void {
    for (const cid of keyholder.held()) if (!this.#ciphertext.isWhole(cid)) this.#changed.set(cid.toString(), cid)
  }

  async #follow(keyholder: Keyholder): Promise<void> {
    const failed: unknown[] = []
    const changed = [...this.#changed]
    this.#changed.clear()
    for (const [key, cid] of changed) {
      try {
        const held = await keyholder.contribution(cid)
        if (held === undefined) await this.#ciphertext.drop(cid)
        else this.#ciphertext.want(held)
      } catch (error) {
        // looked at again in the next round: what is withdrawn must not stay here
        this.#changed.set(key, cid)
        failed.push(error)
      }
    }
    if (failed.length > 0) throw failed[0]
  }
}
