/**
 * A whole network in one process: the real roles on a simulated mesh, in-memory stores and a simulated web, under one virtual clock.
 * One seed gives one history. Results are read from the ledger, like everybody else would.
 */
import { createHash } from 'node:crypto'
import { type Logger, silent } from '../../core/effects/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import { MemorySwarm } from '../../core/storage/index.ts'
import type { Web } from '../../core/web/index.ts'
import { encodeCharter, localRules } from '../../dao/charter/index.ts'
import type { EpochResult, LedgerState } from '../../dao/ledger/index.ts'
import { Operator } from '../../dao/operator/index.ts'
import { Contributor, type ContributorProgress, type Gather } from '../../node/index.ts'
import { type CharterInput, type Report, toHex } from '../../schemas/wire/index.ts'
import { Validator } from '../../validator/index.ts'
import { World } from '../world/index.ts'
import { type Home, homeOf, type Life, liveIn } from './home.ts'

export interface SimContributor {
  name: string
  /** What it does instead of honest gathering. */
  gather: (honest: Gather) => Gather
  /** Called at each of its steps: a vanishing peer leaves here. */
  onProgress?: (progress: ContributorProgress, network: SimNetwork) => void
}

export interface SimValidator {
  name: string
  tamper?: ((report: Report) => Report) | undefined
}

export interface SimNetworkOptions {
  seed: number
  /** Share of messages lost, 0 to 1. */
  loss?: number
  contributors: SimContributor[]
  validators: SimValidator[]
  /** Honest gathering for one contributor, over its own view of the web. */
  gather: (web: Web, world: World) => Gather
  /** One view of the web per node. */
  web: (world: World, node: string) => Web
  seeds: string[]
  /** Records that one contributor may gather in an epoch. */
  maxPages?: number
  /** What the seeds' hosts are known to ask for; see `localRules`. */
  crawlDelayMs?: number
  charter?: Partial<CharterInput>
  /** Of each node; silent when absent. */
  logger?: (node: string) => Logger
}

const secretOf = (seed: number, name: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`quern-sim/${seed}/${name}`).digest())
const POLL_MS = 5000

interface Node {
  home: Home
  life: Life | undefined
  role: AsyncDisposable | undefined
  start: (life: Life) => Promise<AsyncDisposable>
}

/** The product token under which everybody in a simulated network asks. */
export const AGENT = 'Quern-sim'

export class SimNetwork implements AsyncDisposable {
  readonly world: World
  readonly #options: SimNetworkOptions
  readonly #swarm = new MemorySwarm()
  readonly #nodes = new Map<string, Node>()
  readonly contributors = new Map<string, Contributor>()
  readonly validators = new Map<string, Validator>()
  readonly names = new Map<string, string>()
  operator!: Operator

  private constructor(options: SimNetworkOptions) {
    this.#options = options
    const { seed, loss = 0 } = options
    this.world = new World({ seed, loss })
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

  /** Runs until `epochs` are final, or throws FatalError SIM_STUCK after `withinMs` of the world's time. */
  async runEpochs(epochs: number, withinMs = epochs * 6 * 3_600_000): Promise<void> {
    await this.world.run({ until: () => this.results.filter((result) => result.final).length >= epochs, withinMs })
  }

  /** The process of `dao`, a validator or a contributor is killed: nothing more is written, its connections break. May be called from inside the world. */
  crash(name: string): void {
    const node = this.#node(name)
    node.life?.crash()
    void node.role?.[Symbol.asyncDispose]()
    node.life = node.role = undefined
  }

  /** Starts a crashed node's process again over what it kept. Resolves, as the world runs on, when it is up: never await it from inside the world's run. */
  async restart(name: string): Promise<void> {
    const node = this.#node(name)
    if (node.life !== undefined) throw new InvalidInputError('ALREADY_UP', `${name} has not crashed`)
    await this.#boot(node)
  }

  /** Peer id of `dao`, a validator or a contributor: what `world.network` knows it by. */
  peerOf(name: string): string {
    return this.#node(name).home.signer.peer
  }

  /** What `dao`, a validator or a contributor keeps; it outlives the node's process. */
  homeOf(name: string): Home {
    return this.#node(name).home
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
    const ending = [...this.#nodes.values()].toReversed().map(async ({ role, life }) => {
      await role?.[Symbol.asyncDispose]()
      await life?.mesh[Symbol.asyncDispose]()
    })
    await this.world.settle(Promise.all(ending))
  }

  async #open(): Promise<void> {
    const { seed, validators, contributors, charter = {}, seeds } = this.#options
    const operator = this.#key('dao')
    const rules = localRules({
      name: 'sim',
      operator: operator.did,
      contact: 'https://sim.invalid/contact',
      seeds,
      validators: validators.length,
      contributors: contributors.length,
      nonce: seed.toString(16),
      delayMs: 100,
      crawlDelayMs: this.#options.crawlDelayMs,
      ...(this.#options.maxPages === undefined ? {} : { maxPages: this.#options.maxPages }),
      overrides: charter,
    })
    const genesis = encodeCharter(rules).bytes
    await this.#add('dao', true, async (home, life) => {
      this.operator = await Operator.start({
        ...this.#shared(home, life),
        logStore: life.logStore,
        signer: home.signer,
        logKey: this.#key('dao/log-t0'),
        charter: genesis,
        pollMs: POLL_MS,
        intervalMs: 1000,
      })
      return this.operator
    })
    for (const spec of validators) await this.#add(spec.name, true, (home, life) => this.#startValidator(spec, home, life))
    // contributors are at home: they dial out, nobody dials them
    for (const spec of contributors) await this.#add(spec.name, false, (home, life) => this.#startContributor(spec, home, life))
  }

  async #startValidator({ name, tamper }: SimValidator, home: Home, life: Life): Promise<Validator> {
    let chains = 0
    const role = await Validator.start({
      ...this.#shared(home, life),
      keys: {
        identity: home.signer,
        witness: this.#key(`${name}/witness`),
        mirror: this.#key(`${name}/mirror`),
        audit: this.#key(`${name}/audit`),
      },
      openWeb: async () => this.#options.web(this.world, name),
      agentToken: AGENT,
      dao: this.#daoAddresses,
      operator: name,
      secret: () => secretOf(this.#options.seed, `${name}/chain/${chains++}`),
      chainLength: 64,
      pollMs: POLL_MS,
      ...(tamper ? { tamper } : {}),
    })
    this.validators.set(name, role)
    return role
  }

  async #startContributor(spec: SimContributor, home: Home, life: Life): Promise<Contributor> {
    const honest = this.#options.gather(this.#options.web(this.world, spec.name), this.world)
    const role = await Contributor.start({
      ...this.#shared(home, life),
      signer: home.signer,
      dao: this.#daoAddresses,
      gather: spec.gather(honest),
      pollMs: POLL_MS,
      onProgress: (progress) => spec.onProgress?.(progress, this),
    })
    this.contributors.set(spec.name, role)
    return role
  }

  async #add(name: string, listen: boolean, start: (home: Home, life: Life) => Promise<AsyncDisposable>): Promise<void> {
    const signer = this.#key(name)
    this.names.set(signer.did, name)
    const home = homeOf(this.world, this.#swarm, { name, signer, listen })
    const node: Node = { home, life: undefined, role: undefined, start: (life) => start(home, life) }
    this.#nodes.set(name, node)
    await this.world.settle(this.#boot(node))
  }

  async #boot(node: Node): Promise<void> {
    const life = liveIn(this.world, node.home)
    node.life = life
    const role = await node.start(life)
    // killed while it was starting
    if (node.life !== life) return void role[Symbol.asyncDispose]()
    node.role = role
  }

  get #daoAddresses(): string[] {
    const { peer } = this.#key('dao')
    return [`/memory/${peer.slice(-8)}/p2p/${peer}`]
  }

  #key(name: string): Signer {
    return keyFromSeed(secretOf(this.#options.seed, name))
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new InvalidInputError('NO_SUCH_NODE', `nobody is called ${name} here`)
    return node
  }

  #shared({ name, storage, files, random }: Home, { mesh, kv }: Life) {
    return { clock: this.world.clock, random, mesh, storage, files, kv, logger: this.#options.logger?.(name) ?? silent }
  }
}
