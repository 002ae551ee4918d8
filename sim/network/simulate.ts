/** A simulated network by numbers: what `quern sim` runs. The result is read from the ledger. */
import { silent } from '../../core/effects/index.ts'
import type { Check } from '../../schemas/wire/index.ts'
import { toHex } from '../../schemas/wire/index.ts'
import { leftOf } from '../../dao/ledger/index.ts'
import { splitLargestRemainder } from '../../dao/rewards/index.ts'
import { crawlGather } from '../../node/index.ts'
import { copycat, fabricating, forging, honest, lazy, Loot, vanishing } from '../adversaries/index.ts'
import { SimSite, SimWeb } from '../web/index.ts'
import { AGENT, type SimContributor, SimNetwork, type SimNetworkOptions, type SimValidator } from './sim-network.ts'

export interface SimulateOptions {
  seed: number
  /** Contributors in all; the adversaries are among them. */
  nodes: number
  validators: number
  epochs: number
  /** Records that one contributor may gather in an epoch; default 6. */
  pages?: number
  lazy?: number
  copycat?: number
  fabricating?: number
  forging?: number
  vanishing?: number
  /** No page changes by itself, so that nobody honest fails a test by chance. */
  isStill?: boolean
  /** Share of messages lost, 0 to 1. */
  loss?: number
  charter?: SimNetworkOptions['charter']
  /** Who contributes, instead of `nodes` and the numbers of each kind. */
  cast?: SimContributor[]
  /** What a validator by this name (`validator-1`, …) makes of its reports before it signs them. */
  tamper?: Record<string, NonNullable<SimValidator['tamper']>>
  /** Called when everyone is up: faults are scheduled here, on `network.world`. */
  onStart?: (network: SimNetwork) => void
  /** Called when an epoch is final; the network may be looked at and changed before the next one runs. */
  onEpoch?: (epoch: number, network: SimNetwork) => void
}

export interface SimulatedContributor {
  name: string
  kind: string
  account: string
  /** Sums over all epochs; `points` as the tables stated them when their epochs closed. */
  records: number
  points: string
  /** What later conduct left of them: capped by a credibility that fell before they vested, gone where fraud burnt them. */
  paid: string
  /** Of what is paid to all. */
  sharePpm: number
  /** After the last epoch. */
  credibilityPpm: number
  frauds: { epoch: number; check: Check; reason: string }[]
  note: string | null
}

export interface SimulateResult {
  seed: number
  epochs: number
  contributors: SimulatedContributor[]
  /** Root of each epoch's table. */
  roots: string[]
  entries: number
  invalid: number
  events: number
  worldMs: number
  /** Fingerprint of the whole history: equal for equal seeds. */
  digest: string
}

const PAGES = 6
/** A host has so many times the pages that one contributor gathers in an epoch, or leaseholders would soon seal what others sealed before. */
const PAGES_TIMES = 20
/**
 * The default of a charter, where local rules vest at once: a simulated network has all the epochs it wants, and without this bond a cheat that is
 * found out loses only what it has yet to earn.
 */
const VESTING_EPOCHS = 4
/** Each validator draws half of what a contributor may gather: drawing all of it, as the charter's default would of so few, leaves nothing secret about the draw. */
const drawsOf = (pages: number): number => Math.max(1, Math.ceil(pages / 2))
/** Milliseconds of the world that one epoch may take before the run is called stuck; far above what it needs. */
const EPOCH_LIMIT_MS = 12 * 3_600_000

/** Throws FatalError SIM_STUCK when an epoch does not close. */
export async function simulate(options: SimulateOptions): Promise<SimulateResult> {
  const { seed, nodes, epochs, pages = PAGES, loss = 0 } = options
  const kinds = new Map<string, string>()
  const contributors = options.cast ?? cast(options, kinds)
  const site = new SimSite({
    seed,
    hosts: Math.max(4, nodes * 2),
    pagesPerHost: [pages * PAGES_TIMES, pages * PAGES_TIMES + 40],
    words: [80, 400],
    isStill: options.isStill ?? false,
  })
  let shared: SimWeb | undefined
  const setup: SimNetworkOptions = {
    seed,
    loss,
    contributors,
    validators: Array.from({ length: options.validators }, (_, i) => validatorOf(`validator-${i + 1}`, options)),
    seeds: site.seeds,
    maxPages: pages,
    charter: { vestingEpochs: VESTING_EPOCHS, ...options.charter, testing: { draws: drawsOf(pages), ...options.charter?.testing } },
    web: (world, node) => {
      shared ??= new SimWeb({ clock: world.clock, site, userAgent: `${AGENT}/1 (+mailto:sim@example.org)` })
      return shared.view(node)
    },
    gather: (web, world) =>
      crawlGather({
        clock: world.clock,
        logger: silent,
        agentToken: AGENT,
        openWeb: async () => web,
      }),
  }
  await using network = await SimNetwork.start(setup)
  options.onStart?.(network)
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await network.runEpochs(epoch, EPOCH_LIMIT_MS)
    options.onEpoch?.(epoch, network)
  }
  return resultOf(network, kinds, options)
}

function validatorOf(name: string, { tamper }: SimulateOptions): SimValidator {
  return { name, tamper: tamper?.[name] }
}

function cast(options: SimulateOptions, kinds: Map<string, string>): SimContributor[] {
  const loot = new Loot()
  const all: SimContributor[] = []
  const add = (kind: string, count: number, make: (name: string) => SimContributor): void => {
    for (let i = 1; i <= count; i++) {
      const name = `${kind}-${i}`
      kinds.set(name, kind)
      all.push(make(name))
    }
  }
  const { lazy: l = 0, copycat: c = 0, fabricating: f = 0, forging: g = 0, vanishing: v = 0 } = options
  add('honest', Math.max(0, options.nodes - l - c - f - g - v), (name) => honest(name, loot))
  add('lazy', l, lazy)
  add('copycat', c, (name) => copycat(name, loot))
  add('fabricating', f, fabricating)
  add('forging', g, forging)
  add('vanishing', v, vanishing)
  return all
}

function resultOf(network: SimNetwork, kinds: ReadonlyMap<string, string>, { seed, epochs }: SimulateOptions): SimulateResult {
  const { state } = network
  const sums = new Map<string, { records: number; points: bigint; note: string | null }>()
  for (const result of network.results)
    for (const row of result.rows) {
      if (row.role !== 'contributor') continue
      const sum = sums.get(row.account) ?? { records: 0, points: 0n, note: null }
      sums.set(row.account, { records: sum.records + row.records, points: sum.points + BigInt(row.points), note: row.note ?? sum.note })
    }
  const paid = new Map([...state.contributors.values()].map(({ account, points }) => [account, sumOf([...points.values()].map(leftOf))]))
  const shares = splitLargestRemainder(
    1_000_000n,
    [...paid].map(([id, weight]) => ({ id, weight })),
  )
  const contributors = [...state.contributors.values()].map((contributor) => {
    const name = network.nameOf(contributor.account)
    const sum = sums.get(contributor.account) ?? { records: 0, points: 0n, note: null }
    return {
      name,
      kind: kinds.get(name) ?? 'cast',
      account: contributor.account,
      records: sum.records,
      points: sum.points.toString(),
      paid: (paid.get(contributor.account) ?? 0n).toString(),
      sharePpm: Number(shares.get(contributor.account) ?? 0n),
      credibilityPpm: contributor.credibility,
      frauds: state.frauds
        .filter((fraud) => fraud.valid && fraud.contributor === contributor.account)
        .map(({ check, reason, manifest }) => ({ epoch: state.batches.get(manifest.toString())?.epoch ?? 0, check, reason })),
      note: sum.note,
    }
  })
  return {
    seed,
    epochs,
    contributors: contributors.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    roots: network.results.map((result) => toHex(result.root)),
    entries: state.size,
    invalid: state.invalid.length,
    events: network.world.events,
    worldMs: network.world.ageMs,
    digest: network.digest(),
  }
}

const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, one) => sum + one, 0n)
