/**
 * A whole network in one process: the real roles on a simulated mesh, in-memory stores and a simulated web, under one virtual clock.
 * One seed gives one history. Results are read from the ledger, like everybody else would.
 */
import { createHash } from 'node:crypto'
import { type Logger, silent } from '../../core/effects/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { MemoryStorage, MemorySwarm } from '../../core/storage/index.ts'
import type { Web } from '../../core/web/index.ts'
import { encodeCharter, localRules } from '../../dao/charter/index.ts'
import { MemoryFiles } from '../../dao/follower/index.ts'
import type { EpochResult, LedgerState } from '../../dao/ledger/index.ts'
import { MemoryLogStore } from '../../dao/log/index.ts'
import { Operator } from '../../dao/operator/index.ts'
import { Contributor, type Gather } from '../../node/index.ts'
import { type CharterInput, type Report, toHex } from '../../schemas/wire/index.ts'
import { Validator } from '../../validator/index.ts'
import { SimMesh } from '../mesh/index.ts'
import { type LinkRules, World } from '../world/index.ts'

export interface SimContributor {
  name: string
  /** What it does instead of honest gathering. */
  gather: (honest: Gather) => Gather
  /** Called when its batch was revealed: a vanishing peer leaves here. */
  afterReveal?: (network: SimNetwork, name: string) => void
  /** False for a home line: it dials out, nobody dials it. Default false, as at home. */
  listen?: boolean
}

export interface SimValidator {
  name: string
  tamper?: (report: Report) => Report
}

export interface SimNetworkOptions extends Partial<LinkRules> {
  seed: number
  contributors: SimContributor[]
  validators: SimValidator[]
  /** Honest gathering for one contributor, over its own view of the web. */
  gather: (web: Web, world: World) => Gather
  /** One view of the web per node. */
  web: (world: World, node: string) => Web
  seeds: string[]
  /** Records that one contributor may gather in an epoch. */
  maxPages?: number
  charter?: Partial<CharterInput>
  logger?: (node: string) => Logger
  chainLength?: number
}

const secretOf = (seed: number, name: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`quern-sim/${seed}/${name}`).digest())
const POLL_MS = 5000

interface RunningContributor {
  spec: SimContributor
  role: Contributor
  mesh: SimMesh
}

export class SimNetwork implements AsyncDisposable {
  readonly world: World
  readonly #options: SimNetworkOptions
  readonly #stack = new AsyncDisposableStack()
  readonly #swarm = new MemorySwarm()
  readonly contributors = new Map<string, RunningContributor>()
  readonly validators = new Map<string, Validator>()
  readonly names = new Map<string, string>()
  operator!: Operator

  private constructor(options: SimNetworkOptions) {
    this.#options = options
    const { seed, latencyMs, loss } = options
    this.world = new World({ seed, ...(latencyMs ? { latencyMs } : {}), ...(loss === undefined ? {} : { loss }) })
  }

  /** Everyone is up and connected when this resolves; no epoch has run. */
  static async start(options: SimNetworkOptions): Promise<SimNetwork> {
    const network = new SimNetwork(options)
    try {
      await network.#open()
    } catch (error) {
      await network[Symbol.asyncDispose]()
      throw error
    }
    return network
  }

  get state(): LedgerState {
    return this.operator.state
  }

  get results(): readonly EpochResult[] {
    return this.state.results
  }

  /** Runs until `epochs` are final, or throws FatalError TOO_LONG after `withinMs` of the world's time. */
  async runEpochs(epochs: number, withinMs = epochs * 6 * 3_600_000): Promise<void> {
    await this.world.run({ until: () => this.results.filter((result) => result.final).length >= epochs, withinMs })
  }

  /** A contributor dies at once: its mesh closes, its memory is gone. May be called from inside the world. */
  kill(name: string): void {
    const found = this.contributors.get(name)
    if (found === undefined) return
    void found.mesh[Symbol.asyncDispose]()
    void found.role[Symbol.asyncDispose]()
  }

  nameOf(account: string): string {
    return this.names.get(account) ?? account
  }

  /** Fingerprint of the history and of what it came to. */
  digest(): string {
    const hash = createHash('sha256').update(this.world.digest())
    for (const { root } of this.results) hash.update(toHex(root))
    return hash.digest('hex')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world.settle(this.#stack.disposeAsync())
  }

  async #open(): Promise<void> {
    const { seed, validators, contributors, charter = {}, seeds } = this.#options
    const dao = this.#node('dao')
    const rules = localRules({
      name: 'sim',
      operator: dao.signer.did,
      contact: 'https://sim.invalid/contact',
      seeds,
      validators: validators.length,
      contributors: contributors.length,
      nonce: seed.toString(16),
      delayMs: 100,
      ...(this.#options.maxPages === undefined ? {} : { maxPages: this.#options.maxPages }),
      overrides: charter,
    })
    this.operator = await this.#up(
      Operator.start({
        ...this.#shared('dao', dao),
        logStore: new MemoryLogStore(),
        signer: dao.signer,
        logKey: this.#key('dao/log-t0'),
        charter: encodeCharter(rules).bytes,
        pollMs: POLL_MS,
        intervalMs: 200,
      }),
    )
    const addresses = dao.mesh.addresses()
    for (const { name, tamper } of validators) {
      const node = this.#node(name)
      const keys = {
        identity: node.signer,
        witness: this.#key(`${name}/witness`),
        mirror: this.#key(`${name}/mirror`),
        audit: this.#key(`${name}/audit`),
      }
      let chains = 0
      const role = Validator.start({
        ...this.#shared(name, node),
        keys,
        openWeb: async () => this.#options.web(this.world, name),
        dao: addresses,
        operator: name,
        secret: () => secretOf(seed, `${name}/chain/${chains++}`),
        chainLength: this.#options.chainLength ?? 64,
        pollMs: POLL_MS,
        ...(tamper ? { tamper } : {}),
      })
      this.validators.set(name, await this.#up(role))
    }
    for (const spec of contributors) {
      const node = this.#node(spec.name, spec.listen ?? false)
      const honest = this.#options.gather(this.#options.web(this.world, spec.name), this.world)
      const role = Contributor.start({
        ...this.#shared(spec.name, node),
        signer: node.signer,
        dao: addresses,
        gather: spec.gather(honest),
        pollMs: POLL_MS,
        onProgress: ({ what }) => {
          if (what === 'published') spec.afterReveal?.(this, spec.name)
        },
      })
      this.contributors.set(spec.name, { spec, role: await this.#up(role), mesh: node.mesh })
    }
  }

  async #up<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
    return this.#stack.use(await this.world.settle(starting))
  }

  #key(name: string): Signer {
    return keyFromSeed(secretOf(this.#options.seed, name))
  }

  #node(name: string, listen = true): { signer: Signer; mesh: SimMesh } {
    const signer = this.#key(name)
    this.names.set(signer.did, name)
    return { signer, mesh: this.#stack.use(new SimMesh({ world: this.world, peer: signer.peer, listen })) }
  }

  #shared(name: string, { mesh }: { mesh: SimMesh }) {
    return {
      clock: this.world.clock,
      random: this.world.randomOf(name),
      mesh,
      storage: new MemoryStorage({ clock: this.world.clock, peer: mesh.peer, swarm: this.#swarm }),
      files: new MemoryFiles(),
      kv: new MemoryKv(),
      logger: this.#options.logger?.(name) ?? silent,
    }
  }
}
