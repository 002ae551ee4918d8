/** Slowness costs whom it belongs to: hosts and contributors that answer so late that one of them alone would fill the whole test phase. */
import { afterEach, expect, it, vi } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { RetryableError } from '../../core/errors/index.ts'
import { blocksProtocol } from '../../core/mesh/index.ts'
import type { Web } from '../../core/web/index.ts'
import { crawlGather, type Gather } from '../../node/index.ts'
import { SimMesh } from '../../sim/mesh/index.ts'
import { type SimContributor, SimNetwork, SimSite, SimWeb } from '../../sim/index.ts'
import type { World } from '../../sim/world/index.ts'

const AGENT = 'Quern-sim'
const PAGES = 8
/** Just below what core/web allows one request. */
const DRIP_MS = 59_000

const gatherOver = (web: Web, world: World): Gather =>
  crawlGather({
    clock: world.clock,
    logger: silent,
    agentToken: AGENT,
    openWeb: async () => ({ get: (url, options) => web.get(url, options), [Symbol.asyncDispose]: async () => undefined }),
  })

/** Honest, and gathers only from hosts that `takes` says. */
const picky = (name: string, takes: (host: string) => boolean): SimContributor => ({
  name,
  gather: (own) => (job) => own({ ...job, mine: (url) => takes(new URL(url).hostname), leased: (url) => takes(new URL(url).hostname) }),
})

async function play(
  seed: number,
  slow: (host: string) => boolean,
  { dripMs, onStart }: { dripMs: number; onStart?: (network: SimNetwork) => void },
): Promise<SimNetwork> {
  const site = new SimSite({ seed, hosts: 9, pagesPerHost: [20, 30], words: [80, 200] })
  const fast = (host: string): boolean => !slow(host)
  const webs = new Map<World, SimWeb>()
  const network = await SimNetwork.start({
    seed,
    contributors: [picky('honest-1', fast), picky('honest-2', fast), picky('slow-1', slow)],
    validators: ['validator-1', 'validator-2', 'validator-3', 'validator-4'].map((name) => ({ name })),
    seeds: site.seeds,
    maxPages: PAGES,
    charter: { value: { hostContributors: 0, hostEpochs: 0, hostRecords: 1_000_000_000, offLeasePpm: 1_000_000 } },
    web: (world, node) => {
      const web =
        webs.get(world) ??
        new SimWeb({
          clock: world.clock,
          site,
          // the true page, in the end
          override: (url, view) =>
            dripMs > 0 && view.startsWith('validator') && slow(url.hostname)
              ? {
                  latencyMs: dripMs,
                  headers: [['Content-Type', 'text/html; charset=utf-8']],
                  body: site.page(url.hostname, url.pathname, 'slow') ?? '',
                }
              : undefined,
        })
      webs.set(world, web)
      return web.view(node)
    },
    gather: gatherOver,
  })
  onStart?.(network)
  await network.runEpochs(1)
  return network
}

const rowOf = (network: SimNetwork, name: string) =>
  network.results[0]?.rows.find((row) => row.role === 'contributor' && network.nameOf(row.account) === name)

afterEach(() => vi.restoreAllMocks())

it('hosts that take a minute for each page cost who gathered from them, and nobody else', async () => {
  await using network = await play(21, (host) => /^h[0-2]\./.test(host), { dripMs: DRIP_MS })
  for (const name of ['honest-1', 'honest-2']) expect(rowOf(network, name), name).toMatchObject({ records: PAGES, note: null })
  for (const name of ['honest-1', 'honest-2']) expect(BigInt(rowOf(network, name)?.points ?? 0), name).toBeGreaterThan(0n)
  expect(rowOf(network, 'slow-1')).toMatchObject({ records: PAGES, points: '0', note: 'void T1' })
  // every validator reported, in time
  expect(network.results[0]?.rows.filter((row) => row.role === 'validator').map((row) => row.note)).toEqual([null, null, null, null])
})

it('a contributor that lets validators wait for every block is tested on the DAO’s copy, and nobody waits for it', async () => {
  const { ask } = SimMesh.prototype as { ask: SimMesh['ask'] }
  let network: SimNetwork | undefined
  vi.spyOn(SimMesh.prototype, 'ask').mockImplementation(async function (this: SimMesh, ...args: Parameters<SimMesh['ask']>) {
    const [peer, protocol, , options] = args
    const stalls = protocol.id === blocksProtocol.id && network?.state.epoch?.phase === 'test' && peer === network.peerOf('slow-1')
    if (!stalls || network === undefined) return ask.apply(this, args)
    const waitMs = options?.timeoutMs ?? protocol.limits.timeoutMs
    await network.world.clock.sleep(waitMs, options?.signal)
    throw new RetryableError('TIMEOUT', 'no answer in time')
  })
  await using played = await play(22, (host) => host.startsWith('h0.'), { dripMs: 0, onStart: (started) => (network = started) })
  for (const name of ['honest-1', 'honest-2', 'slow-1']) expect(rowOf(played, name), name).toMatchObject({ records: PAGES, note: null })
  expect(played.results[0]?.rows.filter((row) => row.role === 'validator').map((row) => row.note)).toEqual([null, null, null, null])
})
