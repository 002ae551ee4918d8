/** One DAO's personal pool over real TCP on loopback: keyholders with tables on disk, a contributor, and whoever asks. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Clock, silent } from '../../core/effects/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { type DiskKv, openDiskKv } from '../../core/kv/index.ts'
import { type Mesh, openLibp2pMesh } from '../../core/mesh/index.ts'
import { signReceipt } from '../../dao/consent/index.ts'
import type { PoolView } from '../../dao/pool-access/index.ts'
import { type Sealed, sealContribution, type ToSeal } from '../../node/pool/seal/index.ts'
import { canonicalJson, type CID, type ConsentReceipt, type PoolKey } from '../../schemas/wire/index.ts'
import { type CountView, type Keyholder, openKeyholder, openShareTable, type ShareTable } from '../../validator/keyholder/index.ts'
import { fill, keyholders, LEDGER, operator, poolPolicy, receiptFor, rootSeed, subject } from './pool-world.ts'
import { realClock } from './real-clock.ts'

export interface HolderAtWork {
  signer: Signer
  mesh: Mesh
  table: ShareTable
  kv: DiskKv
  folder: string
  keyholder: Keyholder
}

export const BEACON = fill(42)
export const EPOCH = 7

/** Events as another room would hand them over: canonical JSON lines. */
export function eventLines(count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    canonicalJson({
      id: `e${i}f`.padEnd(32, '0'),
      type: 'Listen',
      time: `2025-${String(1 + (i % 12)).padStart(2, '0')}-03`,
      actor: 'self',
      object: { kind: 'song', name: `Song ${(i * 7919) % 1000}` },
      source: 'spotify',
    }),
  )
}

export class PoolNetwork implements AsyncDisposable {
  readonly holders: HolderAtWork[] = []
  readonly policy = poolPolicy(keyholders().map(({ did }) => did))
  readonly scorer = keyFromSeed(fill(60))
  /** How far the time of everybody here is ahead of the platform's. */
  aheadMs = 0
  readonly clock: Clock = { ...realClock, now: () => realClock.now() + this.aheadMs }
  contributor!: Mesh
  scoring!: Mesh
  assembling!: Mesh
  readonly #stack = new AsyncDisposableStack()
  /** What the ledger says; tests change it. */
  readonly state = {
    charter: true,
    beacons: new Map([[EPOCH, BEACON]]),
    scorers: new Set([this.scorer.did]),
    subjects: new Set([subject.did]),
    seated: new Set([this.scorer.did]),
    joined: new Set([subject.did]),
    poolKeys: new Map<string, PoolKey>(),
    revealed: new Set<string>(),
  }

  static async open(): Promise<PoolNetwork> {
    const network = new PoolNetwork()
    for (const signer of keyholders()) await network.#hold(signer)
    network.contributor = await network.dial(subject)
    network.scoring = await network.dial(network.scorer)
    network.assembling = await network.dial(operator)
    return network
  }

  get committee(): { k: number; members: string[] } {
    return this.policy.policy.committee
  }

  readonly view: PoolView = {
    ledger: LEDGER,
    operator: operator.did,
    policy: (cid: CID) => (this.state.charter && cid.equals(this.policy.cid) ? this.policy.policy : undefined),
    poolKey: (cid) => this.state.poolKeys.get(cid.toString()),
    hasJoined: (account) => this.state.joined.has(account),
    beacon: (epoch) => this.state.beacons.get(epoch),
    mayScore: (account) => this.state.scorers.has(account),
    isSubject: (account) => this.state.subjects.has(account),
    isRevealed: (manifest) => this.state.revealed.has(manifest.toString()),
    isSeated: (account) => this.state.seated.has(account) || this.committee.members.includes(account),
  }

  /** Nobody is counted here; what comes of parts of counts is all that is looked at. */
  readonly counts: CountView = {
    facts: () => undefined,
    isPaid: () => false,
    minPeople: () => 20,
  }

  async dial(signer: Signer): Promise<Mesh> {
    const mesh = this.#stack.use(await openLibp2pMesh({ signer, clock: realClock, listen: ['/ip4/127.0.0.1/tcp/0'], privateNetwork: true }))
    for (const holder of this.holders) await mesh.connect(holder.mesh.addresses())
    return mesh
  }

  seal(count: number, ownerSeed?: Uint8Array, mail?: ToSeal['mail']): Sealed {
    const policy = { cid: this.policy.cid, value: this.policy.policy }
    return sealContribution({
      lines: eventLines(count),
      dao: LEDGER,
      subject: subject.did,
      policy,
      schema: 'activity@1',
      from: '2025-01',
      to: '2025-12',
      ...(ownerSeed !== undefined && { ownerSeed }),
      ...(mail !== undefined && { mail }),
    })
  }

  receipt({ manifest }: Sealed, changes: Partial<ConsentReceipt> = {}): string {
    const given = this.now() - 60
    const mail = manifest.mail === undefined ? {} : { mail: true as const }
    return signReceipt(receiptFor(this.policy, manifest, { given, expires: given + 86_400 * 30, ...mail, ...changes }), subject)
  }

  now(): number {
    return Math.floor(this.clock.now() / 1000)
  }

  /** Starts a keyholder again over the same folder and store, as after a crash. */
  async restart(i: number): Promise<void> {
    const holder = this.holders[i] as HolderAtWork
    await holder.keyholder[Symbol.asyncDispose]()
    await holder.kv[Symbol.asyncDispose]()
    holder.kv = await openDiskKv(path.join(holder.folder, 'kv'))
    holder.table = await openShareTable(path.join(holder.folder, 'shares'), path.join(holder.folder, 'kek'))
    holder.keyholder = await this.#start(holder)
  }

  async #hold(signer: Signer): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), 'quern-keyholder-'))
    this.#stack.defer(() => rm(folder, { recursive: true }))
    const mesh = this.#stack.use(await openLibp2pMesh({ signer, clock: realClock, listen: ['/ip4/127.0.0.1/tcp/0'], privateNetwork: true }))
    const table = await openShareTable(path.join(folder, 'shares'), path.join(folder, 'kek'))
    const kv = await openDiskKv(path.join(folder, 'kv'))
    const keyholder = await this.#start({ signer, mesh, table, kv })
    this.holders.push({ signer, mesh, table, kv, folder, keyholder })
  }

  async #start({ signer, mesh, table, kv }: Pick<HolderAtWork, 'signer' | 'mesh' | 'table' | 'kv'>): Promise<Keyholder> {
    return openKeyholder({ mesh, clock: this.clock, signer, table, kv, view: this.view, counts: this.counts, logger: silent })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { keyholder, kv } of this.holders) {
      await keyholder[Symbol.asyncDispose]()
      await kv[Symbol.asyncDispose]()
    }
    await this.#stack.disposeAsync()
  }
}

export { rootSeed }
