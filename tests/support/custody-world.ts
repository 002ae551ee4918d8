/**
 * A DAO whose pool is looked after: its service and seven validators, the real roles, over TCP on loopback in one process. Five of them hold shares, the
 * others may take over. Everybody's time is the platform's and what the test adds to it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openReshares, systemEffects } from '../../cli/wiring/index.ts'
import { type Clock, type Kv, type Logger, silent } from '../../core/effects/index.ts'
import { signEntry, signObject } from '../../core/envelope/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { MemoryKv, openDiskKv } from '../../core/kv/index.ts'
import { type Mesh, openLibp2pMesh } from '../../core/mesh/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { encodeCharter, localRules } from '../../dao/charter/index.ts'
import { printNotice, signPolicy, signReceipt, subjectKey } from '../../dao/consent/index.ts'
import { askForKeys, openChunk } from '../../dao/custody/index.ts'
import { MemoryFiles } from '../../dao/follower/index.ts'
import { type LedgerState, seatedValidators } from '../../dao/ledger/index.ts'
import { MemoryLogStore } from '../../dao/log/index.ts'
import { Operator } from '../../dao/operator/index.ts'
import { decodeSilences, type Silence } from '../../dao/pool-custody/index.ts'
import { offerContribution, type Sealed, sealContribution } from '../../node/pool/seal/index.ts'
import { commitHash, encode, type EntryType, type Payload, sha256, u32, utf8 } from '../../schemas/wire/index.ts'
import { openShareTable, type ShareTable, Validator } from '../../validator/index.ts'
import { eventLines } from './pool-network.ts'
import { draftPolicy, receiptFor, trainer } from './pool-world.ts'
import { eventually, realClock } from './real-clock.ts'

const seeded = (name: string): Signer => keyFromSeed(sha256(utf8(`custody-world/${name}`)))
const LOOPBACK = '/ip4/127.0.0.1/tcp/0'
const HOLDERS = 5
const VALIDATORS = 7
const POLL_MS = 50

interface Running {
  mesh: Mesh
  stop(): Promise<void>
}

export class CustodyWorld implements AsyncDisposable {
  readonly names = Array.from({ length: VALIDATORS }, (_, i) => seeded(`validator-${i}`))
  readonly assembler = seeded('assembler')
  readonly policy: ReturnType<typeof signPolicy>
  /** What the DAO's service said of its pool, newest last. */
  readonly said: { event: string; fields: Record<string, unknown> }[] = []
  /** Called when all new members of a reshare are ready, and the log does not have it. */
  onPrepared: () => void = () => undefined
  operator!: Operator
  readonly tables = new Map<number, ShareTable>()
  #aheadMs = 0
  readonly clock: Clock = { ...realClock, now: () => realClock.now() + this.#aheadMs }
  readonly #genesis: Uint8Array
  readonly #stores = new Map<string, { kv: MemoryKv; files: MemoryFiles; logStore: MemoryLogStore }>()
  readonly #running = new Map<string, Running>()
  readonly #folder: string
  #listen = LOOPBACK
  #daoAddresses: string[] = []

  private constructor(folder: string) {
    this.#folder = folder
    const members = this.names.slice(0, HOLDERS).map(({ did }) => did)
    const draft = draftPolicy(members)
    const others = draft.recipients.filter(({ role }) => role !== 'assembler')
    this.policy = signPolicy(
      {
        ...draft,
        recipients: [...others, { role: 'keyholder', id: 'roster' }, { role: 'assembler', id: this.assembler.did }],
      },
      seeded('dao'),
    )
    const rules = localRules({
      name: 'custody',
      operator: seeded('dao').did,
      contact: 'http://127.0.0.1/',
      seeds: ['http://127.0.0.1/'],
      validators: VALIDATORS,
      contributors: 0,
      overrides: { consent: this.policy.cid },
    })
    this.#genesis = encodeCharter(rules).bytes
  }

  /** Everybody is seated, and the first epoch gathers. */
  static async open(): Promise<CustodyWorld> {
    const world = new CustodyWorld(await mkdtemp(path.join(tmpdir(), 'quern-custody-')))
    await world.startDao()
    for (let i = 0; i < VALIDATORS; i++) await world.startValidator(i)
    await eventually(() => seatedValidators(world.state).length === VALIDATORS)
    await world.advanceTo('gather')
    return world
  }

  get state(): LedgerState {
    return this.operator.state
  }

  /** Adds to everybody's time. */
  pass(seconds: number): void {
    this.#aheadMs += seconds * 1000
  }

  now(): number {
    return Math.floor(this.clock.now() / 1000)
  }

  /** Waits for what comes of itself as time passes: ten seconds of everybody's with each look. */
  async comes(holds: () => boolean): Promise<void> {
    await eventually(
      () => {
        this.pass(10)
        return holds()
      },
      undefined,
      50_000,
      100,
    )
  }

  /** Everybody's time goes on by so many hours, with somebody silent, and the service has asked its keyholders in each. */
  async hours(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.pass(3600)
      const from = this.now()
      await eventually(async () => {
        const silences = await this.#silences()
        return silences.length > 0 && silences.every(({ asked }) => asked >= from)
      })
    }
  }

  /** Reshares in the log. */
  get reshares(): number {
    return [...this.state.contributions.values()].reduce((sum, { generation }) => sum + generation, 0)
  }

  async startDao(): Promise<void> {
    const { kv, files, logStore } = this.#storesOf('dao')
    await files.write(this.policy.cid, this.policy.bytes)
    await files.write(this.policy.policy.notice.cid, utf8(printNotice(this.policy.policy)))
    const mesh = await openLibp2pMesh({ signer: seeded('dao'), clock: realClock, listen: [this.#listen], privateNetwork: true })
    this.#daoAddresses = mesh.addresses()
    this.#listen = (mesh.addresses()[0] as string).replace(/\/p2p\/.*$/, '')
    const note = (event: string, fields: Record<string, unknown> = {}): void => void this.said.push({ event, fields })
    const logger: Logger = { ...silent, debug: note, info: note, warn: note, child: () => logger }
    this.operator = await Operator.start({
      ...systemEffects,
      clock: this.clock,
      mesh,
      storage: new MemoryStorage(),
      files,
      kv,
      logStore,
      signer: seeded('dao'),
      logKey: seeded('dao/log'),
      charter: this.#genesis,
      logger,
      advance: false,
      pollMs: POLL_MS,
      reshares: () => this.#openReshares(),
    })
    const { operator } = this
    this.#running.set('dao', {
      mesh,
      stop: async () => {
        await operator[Symbol.asyncDispose]()
        await mesh[Symbol.asyncDispose]()
      },
    })
  }

  stopDao(): Promise<void> {
    return this.#stop('dao')
  }

  async startValidator(i: number): Promise<void> {
    const name = `validator-${i}`
    const { kv, files } = this.#storesOf(name)
    const identity = this.names[i] as Signer
    const mesh = await openLibp2pMesh({ signer: identity, clock: realClock, listen: [LOOPBACK], privateNetwork: true })
    let chains = 0
    const role = await Validator.start({
      ...systemEffects,
      clock: this.clock,
      mesh,
      storage: new MemoryStorage(),
      files,
      kv,
      keys: { identity, witness: seeded(`${name}/witness`), mirror: seeded(`${name}/mirror`), audit: seeded(`${name}/audit`) },
      openWeb: () => Promise.reject(new Error('nothing is tested here')),
      agentToken: 'Quern-test',
      logger: silent,
      dao: this.#daoAddresses,
      operator: name,
      secret: () => sha256(utf8(name), u32(chains++)),
      chainLength: 16,
      pool: async () => {
        const table = await openShareTable(path.join(this.#folder, name, 'shares'), path.join(this.#folder, name, 'kek'))
        this.tables.set(i, table)
        const state = await openDiskKv(path.join(this.#folder, name, 'state'))
        return { table, kv: state, [Symbol.asyncDispose]: () => state[Symbol.asyncDispose]() }
      },
      pollMs: POLL_MS,
    })
    this.#running.set(name, {
      mesh,
      stop: async () => {
        await role[Symbol.asyncDispose]()
        await mesh[Symbol.asyncDispose]()
      },
    })
  }

  stopValidator(i: number): Promise<void> {
    return this.#stop(`validator-${i}`)
  }

  /** The operator takes a seat away; the validator goes on running. */
  unseat(i: number): Promise<void> {
    const { did } = this.names[i] as Signer
    return this.operator.write('roster', { add: [], remove: [did] }, { key: `unseat/${did}` })
  }

  /** States phases until this one. */
  async advanceTo(phase: string): Promise<void> {
    await eventually(async () => {
      if (this.state.epoch?.phase === phase) return true
      await this.operator.advance()
      return this.state.epoch?.phase === phase
    })
  }

  /** So many people each give something to the pool, in the first epoch: revealed, and held by all keyholders. */
  async offer(people: number): Promise<Sealed[]> {
    const sealed: { one: Sealed; subject: Signer; salt: Uint8Array; commit: number }[] = []
    for (let i = 0; i < people; i++) {
      const subject = subjectKey(sha256(utf8(`person-${i}`)), this.operator.ledgerId)
      await this.#write(subject, 0, 'contributor.join', { contact: null, subject: true })
      const one = sealContribution({
        lines: eventLines(6),
        dao: this.operator.ledgerId,
        subject: subject.did,
        policy: { cid: this.policy.cid, value: this.policy.policy },
        schema: 'activity@1',
        from: '2025-01',
        to: '2025-12',
      })
      await this.#deposit(one, subject)
      const salt = sha256(utf8('commit'), one.cid.bytes)
      const commit = this.state.size
      await this.#write(subject, 1, 'contribution.commit', { epoch: 1, hash: commitHash(one.cid, salt, subject.did) })
      sealed.push({ one, subject, salt, commit })
    }
    await this.advanceTo('reveal')
    for (const { one, subject, salt, commit } of sealed) {
      const files = [encode(one.manifest), encode(one.index)]
      await this.#write(subject, 2, 'contribution.reveal', { epoch: 1, commit, manifest: one.cid, salt }, files)
    }
    return sealed.map(({ one }) => one)
  }

  /** The first chunk, opened with k of those who hold the shares as the log says; rejects as `askForKeys` does. */
  async firstChunk({ manifest, cid, blocks }: Sealed): Promise<string> {
    const { committee } = this.state.contributions.get(cid.toString()) as { committee: { k: number; members: string[] } }
    const at = this.now()
    const { did: by } = seeded('dao')
    const draft = { v: 1, dao: manifest.dao, name: 'r-1', purposes: ['ai:ModelTraining'], manifests: [cid] }
    const said = { ...draft, assembler: this.assembler.did, trainer: trainer.did, at, expires: at + 3600, by }
    await using mesh = await this.#dial(this.assembler)
    const { keys, context } = await askForKeys({
      mesh,
      clock: this.clock,
      signer: this.assembler,
      manifest,
      committee,
      indices: [0],
      role: 'assembler',
      purpose: 'ai:ModelTraining',
      epoch: 1,
      order: encode(signObject('release-order', said, seeded('dao'))),
    })
    return new TextDecoder().decode(openChunk((blocks[1] as { bytes: Uint8Array }).bytes, keys[0] as Uint8Array, context, 0))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#running.keys()].toReversed()) await this.#stop(name)
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #deposit(sealed: Sealed, subject: Signer): Promise<void> {
    const given = this.now() - 60
    const receipt = receiptFor(this.policy, sealed.manifest, {
      subject: subject.did,
      dao: this.operator.ledgerId,
      given,
      expires: given + 86_400 * 300,
    })
    await using mesh = await this.#dial(subject)
    const { committee } = this.policy.policy
    const offered = { mesh, clock: this.clock, sealed, receipt: signReceipt(receipt, subject), committee }
    // a keyholder reads in the log who has joined when it comes by there
    await eventually(async () => (await offerContribution(offered)).complete)
  }

  async #dial(signer: Signer): Promise<Mesh> {
    const mesh = await openLibp2pMesh({ signer, clock: realClock, listen: [], privateNetwork: true })
    for (const [name, running] of this.#running) if (name !== 'dao') await mesh.connect(running.mesh.addresses())
    return mesh
  }

  async #write<T extends EntryType>(signer: Signer, n: number, t: T, p: Payload<T>, files: Uint8Array[] = []): Promise<void> {
    const entry = signEntry({ t, p, n, a: signer.did } as Parameters<typeof signEntry>[0], this.operator.ledgerId, signer)
    const answer = await this.operator.submit(entry, files)
    if (answer.status !== 'receipt') throw new Error(`${t}: ${JSON.stringify(answer)}`)
    await eventually(() => (this.state.authors.get(signer.did) ?? 0) > n)
  }

  async #openReshares(): Promise<(Kv & AsyncDisposable) | undefined> {
    const kv = await openReshares(path.join(this.#folder, 'reshares'))
    if (kv === undefined) return undefined
    return {
      get: (key) => kv.get(key),
      keys: (prefix) => kv.keys(prefix),
      delete: (key) => kv.delete(key),
      put: async (key, value) => {
        await kv.put(key, value)
        this.onPrepared()
      },
      [Symbol.asyncDispose]: () => kv[Symbol.asyncDispose](),
    }
  }

  async #silences(): Promise<Silence[]> {
    const bytes = await this.#storesOf('dao').kv.get('keyholders-silent')
    return bytes === undefined ? [] : decodeSilences(bytes)
  }

  #storesOf(name: string): { kv: MemoryKv; files: MemoryFiles; logStore: MemoryLogStore } {
    const stores = this.#stores.get(name) ?? { kv: new MemoryKv(), files: new MemoryFiles(), logStore: new MemoryLogStore() }
    this.#stores.set(name, stores)
    return stores
  }

  async #stop(name: string): Promise<void> {
    const running = this.#running.get(name)
    this.#running.delete(name)
    await running?.stop()
  }
}
