/**
 * The keyholder: takes shares, gives partials, shreds. Every answer is judged by pure functions from what is known at that moment; what is
 * promised is on disk before it is said.
 */
import { randomBytes } from 'node:crypto'
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { refusal, signObject, verifyObject } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  accessLogProtocol,
  aggregateProtocol,
  depositKeyProtocol,
  depositProtocol,
  keyreqProtocol,
  type Mesh,
  poolKeyProtocol,
  reshareProtocol,
  tokensProtocol,
  withdrawProtocol,
} from '../../core/mesh/index.ts'
import { readWithdrawal } from '../../dao/consent/index.ts'
import { accessRequest, type CID, encode, peerFromDid, type PoolManifest } from '../../schemas/wire/index.ts'
import { AccessLog } from './access-log.ts'
import { CountDesk, type CountView } from './count-desk.ts'
import { DepositDesk } from './deposit-desk.ts'
import { DepositKeys } from './deposit-keys.ts'
import { answerKeyRequest } from './key-desk.ts'
import { PaperBox, type Papers } from './papers.ts'
import { PoolKeyDesk } from './pool-key-desk.ts'
import { answered, refusalOf, said, type Said } from './replies.ts'
import { ReshareDesk } from './reshare-desk.ts'
import type { ShareRow } from './share-row.ts'
import type { ShareTable } from './share-table.ts'
import { Shredder } from './shredder.ts'
import { TokenDesk } from './token-desk.ts'
import { Turns } from './turns.ts'
import { type PoolView, requestFault } from '../../dao/pool-access/index.ts'
import { type LoggedWithdrawal, Withdrawals } from './withdrawals.ts'

export interface KeyholderOptions {
  mesh: Mesh
  clock: Clock
  signer: Signer
  table: ShareTable
  /** Durable: papers, tombstones, access log. */
  kv: Kv
  view: PoolView
  /** What statistics ask of the ledger; left out, this keyholder takes part in none. */
  counts?: CountView
  logger: Logger
  /** Shares held at most; beyond it deposits are refused. */
  maxShares?: number
  /** Withdrawals that the log holds already: obeyed before anything is served. */
  logged?: readonly LoggedWithdrawal[]
  /** Changes of committee that the log holds already: followed before anything is served, or dropped for being old. */
  reshared?: readonly LoggedReshare[]
  /** A share came, was renewed, or went: ask `holds` which. */
  onChange?: (manifest: CID) => void
}

/** A change of committee as the fold of the log knows it: everybody's signatures were checked there. */
export interface LoggedReshare {
  manifest: CID
  /** The one that began with it. */
  generation: number
  order: Uint8Array
  ready: readonly Uint8Array[]
}

/** A contribution of which a share is held. */
export interface HeldContribution {
  cid: CID
  manifest: PoolManifest
}

const DAY_SECONDS = 86_400

export class Keyholder implements AsyncDisposable {
  readonly #options: KeyholderOptions
  readonly #papers: PaperBox
  readonly #access: AccessLog
  readonly #withdrawals: Withdrawals
  readonly #shredder: Shredder
  readonly #turns = new Turns()
  readonly #keys: DepositKeys
  readonly #reshares: ReshareDesk
  #counting: CountDesk | undefined
  readonly #stack = new AsyncDisposableStack()

  private constructor(options: KeyholderOptions, withdrawals: Withdrawals) {
    this.#options = options
    this.#withdrawals = withdrawals
    this.#papers = new PaperBox(options.kv)
    this.#access = new AccessLog(options.kv)
    const { onChange } = options
    this.#shredder = new Shredder({ ...options, ledger: options.view.ledger, papers: this.#papers, ...(onChange && { onGone: onChange }) })
    this.#keys = new DepositKeys({ ...options, ledger: options.view.ledger })
    const own = { papers: this.#papers, keys: this.#keys, withdrawals, shredder: this.#shredder, turns: this.#turns }
    this.#reshares = new ReshareDesk({ ...options, ...own })
  }

  /** Serves from now on; first finishes what a crash left between a withdrawal and its acknowledgement. */
  static async start(options: KeyholderOptions): Promise<Keyholder> {
    const withdrawals = await Withdrawals.open(options.kv)
    for (const one of options.logged ?? []) withdrawals.learn(one)
    const keyholder = new Keyholder(options, withdrawals)
    for (const one of options.reshared ?? []) await keyholder.follow(one)
    await keyholder.tidy()
    keyholder.#serve()
    return keyholder
  }

  /** What is due: withdrawn and expired shares shredded, and the table's key rotated at least once a day. Call it every hour or so. */
  async tidy(): Promise<void> {
    const { table } = this.#options
    await this.#shredder.finish()
    const now = this.#now()
    const looked = table.due(now)
    const due = looked.filter(({ expires }) => expires <= now)
    for (const row of looked) if (row.expires > now) await this.#reshares.dropDue(row.manifest)
    for (const manifest of this.#withdrawals.manifests) {
      const row = table.get(manifest)
      if (row !== undefined && (await this.#isOverOrUnread(row))) due.push(row)
    }
    const manifests = due.map(({ manifest }) => manifest)
    if (due.length > 0) await this.#shredOver(manifests)
    else if (now - this.#shredder.rotatedAt >= DAY_SECONDS) await this.#shredder.rotate()
    // last: whatever it meets keeps nothing from being shredded
    await this.#counting?.tidy()
  }

  /** Whether a share of this contribution is held and in force. */
  holds(manifest: CID): boolean {
    return this.#options.table.get(manifest)?.current === true
  }

  /** What is held of it; undefined where nothing is, or its papers are lost. */
  async contribution(cid: CID): Promise<HeldContribution | undefined> {
    const row = this.#options.table.get(cid)
    const papers = row?.current === true ? await this.#papersOf(row) : undefined
    return papers && { cid, manifest: papers.manifest }
  }

  /** Every contribution of which a share is held, by its manifest's CID, read one after the other. */
  *held(): Generator<CID> {
    for (const { current, manifest } of this.#options.table.rows()) if (current) yield manifest
  }

  /** Withdrawals that the log holds: what reaches a keyholder that was away when its contributor told the others. */
  async hear(withdrawals: readonly LoggedWithdrawal[]): Promise<void> {
    for (const withdrawal of withdrawals) this.#withdrawals.learn(withdrawal)
    // one rotation of the table's key for all of them
    await this.#shredOver(withdrawals.map(({ manifest }) => manifest).filter((one) => this.#options.table.get(one) !== undefined))
  }

  /** Changes over as the log says, or lets go of a share that is not part of the committee any more. */
  async follow({ manifest, generation, order, ready }: LoggedReshare): Promise<void> {
    const row = this.#options.table.get(manifest)
    if (row === undefined || (row.current && row.held.generation >= generation)) return
    await this.#reshares.follow({ order, ready })
    this.#options.onChange?.(manifest)
  }

  /** Read again in their turn: a renewal may have come meanwhile. */
  #shredOver(manifests: readonly CID[]): Promise<void> {
    return this.#turns.run([...manifests], async () => {
      const over: ShareRow[] = []
      for (const manifest of manifests) {
        const row = this.#options.table.get(manifest)
        if (row !== undefined && (row.expires <= this.#now() || (await this.#isOverOrUnread(row)))) over.push(row)
      }
      if (over.length > 0) await this.#shredder.shred(over)
    })
  }

  #serve(): void {
    const { mesh, clock, signer, view, table, kv, counts, maxShares = 1_000_000 } = this.#options
    const [papers, access, withdrawals, shredder, keys] = [this.#papers, this.#access, this.#withdrawals, this.#shredder, this.#keys]
    const desk = new DepositDesk({
      clock,
      signer,
      view,
      table,
      papers,
      keys,
      withdrawals,
      shredder,
      turns: this.#turns,
      maxShares,
    })
    const poolKeys = new PoolKeyDesk({ clock, signer, view, table, keys })
    const tokens = new TokenDesk({
      clock,
      ledger: view.ledger,
      held: (key) => poolKeys.held(key),
      hasJoined: (account) => view.hasJoined(account),
      isSeated: (account) => view.isSeated(account),
    })
    const changed = (manifest: CID): void => this.#options.onChange?.(manifest)
    const use = (served: Disposable): void => void this.#stack.use(served)
    use(mesh.handle(depositKeyProtocol, async () => ({ key: await keys.current() })))
    use(
      mesh.handle(depositProtocol, ({ sealed }) =>
        answered(desk.take(sealed), ({ manifest, ack }) => {
          changed(manifest)
          return { status: 'held' as const, ack }
        }),
      ),
    )
    use(
      mesh.handle(reshareProtocol, (query) =>
        answered(this.#reshares.answer(query), ({ reply, manifest }) => {
          if (reply.status === 'done') changed(manifest)
          return reply
        }),
      ),
    )
    const keyDesk = { clock, view, table, papers, access, withdrawals }
    use(
      mesh.handle(keyreqProtocol, ({ request, order }, { peer }) =>
        answered(answerKeyRequest(keyDesk, { bytes: request, order, peer }), ({ sealed }) => ({ status: 'ok' as const, sealed })),
      ),
    )
    use(mesh.handle(poolKeyProtocol, ({ sealed }) => answered(poolKeys.take(sealed), ({ ack }) => ({ status: 'held' as const, ack }))))
    use(
      mesh.handle(tokensProtocol, ({ request }, { peer }) =>
        answered(
          Promise.resolve().then(() => tokens.answer(request, peer)),
          ({ answer }) => ({ status: 'ok' as const, answer }),
        ),
      ),
    )
    if (counts !== undefined) {
      const { ledger, operator } = view
      const random = { bytes: (length: number): Uint8Array => new Uint8Array(randomBytes(length)) }
      const counting = new CountDesk({ clock, signer, random, ledger, operator, view: counts, table, papers, kv, withdrawals })
      this.#counting = counting
      use(
        mesh.handle(aggregateProtocol, (query, { peer, signal }) =>
          answered(counting.answer(query, peer, signal), ({ bytes }) => ({ status: 'said' as const, bytes })),
        ),
      )
    }
    use(mesh.handle(withdrawProtocol, ({ withdrawal }) => this.#withdraw(withdrawal).catch((thrown: unknown) => said(refusalOf(thrown)))))
    use(
      mesh.handle(accessLogProtocol, ({ request }, { peer }) =>
        this.#accessLog(request, peer).catch((thrown: unknown) => said(refusalOf(thrown))),
      ),
    )
  }

  /** A withdrawal that came by another way than its protocol: gossip. What it may say and what becomes of it are the same. */
  async obey(bytes: Uint8Array): Promise<void> {
    await this.#withdraw(bytes)
  }

  async #withdraw(bytes: Uint8Array): Promise<{ status: 'shredded'; ack: Uint8Array } | { status: 'noted' } | Said> {
    const read = readWithdrawal(bytes)
    if (!read.ok) return said(read)
    const { manifest, subject } = read.value
    const row = this.#options.table.get(manifest)
    // a withdrawal is remembered whatever state our papers are in
    const theirs = row === undefined ? undefined : await this.#subjectOf(row).catch((thrown: unknown) => ({ thrown }))
    const matched = row !== undefined && (typeof theirs !== 'string' || theirs === subject)
    if (!(await this.#withdrawals.add(read.value, matched)))
      return said(refusal('FULL', 'too many withdrawals of unknown contributions; ask the DAO to log it'))
    if (typeof theirs === 'object') throw theirs.thrown
    // looked for again: a deposit may have ended while the withdrawal was written
    if (this.#options.table.get(manifest) !== undefined)
      await this.#turns.run([manifest], async () => {
        const still = this.#options.table.get(manifest)
        if (still !== undefined && (await this.#isOver(still))) await this.#shredder.shred([still])
      })
    // one that the disk stopped half-way is carried to its end now
    if ((await this.#shredder.goneOf(manifest)) === undefined) await this.#shredder.finish()
    const gone = await this.#shredder.goneOf(manifest)
    // of whoever else says so nothing is ended, and nothing is told
    return gone === undefined || (gone.subject ?? subject) !== subject ? { status: 'noted' } : { status: 'shredded', ack: gone.ack }
  }

  async #accessLog(bytes: Uint8Array, peer: string): Promise<{ status: 'ok'; head: Uint8Array; lines: Uint8Array[] } | Said> {
    const { table, view, signer } = this.#options
    const read = verifyObject(accessRequest, bytes, 'access-request', 'by')
    if (!read.ok) return said(read)
    const { manifest, by, from } = read.value
    // it names no keyholder: another one, asked by the subject, could repeat it here
    if (peerFromDid(by) !== peer) return said(refusal('NOT_YOURS', 'a request is carried by its author'))
    const now = this.#now()
    const row = table.get(manifest)
    const held = row?.current === true
    // who read it stays to be asked when the share is gone
    const subject = row === undefined ? await this.#shredder.subjectOf(manifest) : await this.#subjectOf(row)
    if (requestFault({ request: read.value, ledger: view.ledger, now }) !== undefined || typeof subject !== 'string')
      return said(refusal('UNKNOWN', 'no share of this contribution is or was held here, or the request is not of now'))
    if (subject !== by) return said(refusal('NOT_YOURS', 'only its subject reads this log'))
    const { lines, head } = await this.#access.state(manifest)
    const statement = { v: 1, dao: view.ledger, manifest, held, lines, head, at: now, by: signer.did }
    return { status: 'ok', head: encode(signObject('access-head', statement, signer)), lines: await this.#access.read(manifest, from, 256) }
  }

  /** Undefined where the papers are lost. Throws what the disk says. */
  async #subjectOf(row: ShareRow): Promise<string | undefined> {
    const papers = await this.#papersOf(row)
    return papers?.manifest.subject
  }

  async #papersOf(row: ShareRow): Promise<Papers | undefined> {
    return this.#papers.get(row.manifest, row.paperKey).catch((thrown: unknown) => {
      if (codeOf(thrown) === 'PAPERS_LOST') return undefined
      throw thrown
    })
  }

  /** One row that cannot be read now keeps no other from being tidied. */
  async #isOverOrUnread(row: ShareRow): Promise<boolean> {
    return this.#isOver(row).catch((thrown: unknown) => {
      this.#options.logger.warn('keyholder.unread', { manifest: String(row.manifest), code: codeOf(thrown) })
      return false
    })
  }

  /** Asked where a withdrawal is known. Without its papers a share answers nobody, and whose it was cannot be asked any more: it goes. */
  async #isOver(row: ShareRow): Promise<boolean> {
    const papers = await this.#papersOf(row)
    if (papers === undefined) return true
    const { manifest } = papers
    return this.#withdrawals.ends(row.manifest, manifest.subject, this.#options.view.policy(manifest.policy))
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}
