import { afterEach, expect, it, vi } from 'vitest'
import { RetryableError } from '../../core/errors/index.ts'
import { blocksProtocol } from '../../core/mesh/index.ts'
import { silent } from '../../core/effects/index.ts'
import type { Web } from '../../core/web/index.ts'
import { crawlGather, type Gather } from '../../node/index.ts'
import { batchRoots } from '../../dao/batches/index.ts'
import { SimMesh } from '../../sim/mesh/index.ts'
import { honest, type SimContributor, SimNetwork, SimSite, SimWeb } from '../../sim/index.ts'

const AGENT = 'Quern-sim'

/** Shows its batch to the validators and refuses the DAO, which holds neither its records nor what the ledger needs of them. */
const withholding = (name: string): SimContributor => ({
  name,
  gather: (own) => own,
  onProgress: ({ what }, network) => {
    if (what === 'published') network.world.network.block(network.peerOf('dao'), network.peerOf(name))
  },
})

afterEach(() => vi.restoreAllMocks())

const gatherOver = (web: Web, clock: SimNetwork['world']['clock']): Gather =>
  crawlGather({
    clock,
    logger: silent,
    agentToken: AGENT,
    openWeb: async () => ({ get: (url, options) => web.get(url, options), [Symbol.asyncDispose]: async () => undefined }),
  })

async function start(seed: number, third: SimContributor): Promise<SimNetwork> {
  const site = new SimSite({ seed, hosts: 8, pagesPerHost: [20, 30], words: [80, 200] })
  return SimNetwork.start({
    seed,
    contributors: [honest('honest-1'), honest('honest-2'), third],
    validators: ['validator-1', 'validator-2', 'validator-3', 'validator-4'].map((name) => ({ name })),
    seeds: site.seeds,
    maxPages: 8,
    web: (world, node) => new SimWeb({ clock: world.clock, site, userAgent: `${AGENT}/1 (+mailto:sim@example.org)` }).view(node),
    gather: (web, world) => gatherOver(web, world.clock),
  })
}

const points = (network: SimNetwork, name: string): bigint =>
  network.results
    .flatMap((result) => result.rows)
    .filter((row) => network.nameOf(row.account) === name)
    .reduce((sum, row) => sum + BigInt(row.points), 0n)

/** Everything that a release may come to need lies with the DAO. */
async function holdsAllThatCounted({ operator, state, world }: SimNetwork): Promise<boolean> {
  for (const { manifest, settled } of state.batches.values())
    for (const root of settled === null ? [] : batchRoots(manifest))
      if (!(await world.settle(operator.storage.public.isPinned(root)))) return false
  return true
}

it('a batch that is shown to the validators and never to the DAO comes to it by a validator, and counts', async () => {
  await using network = await start(7, withholding('withholding-1'))
  await network.runEpochs(2)
  expect(network.results.map((result) => result.final)).toEqual([true, true])
  for (const name of ['honest-1', 'honest-2', 'withholding-1']) expect(points(network, name), name).toBeGreaterThan(0n)
  expect(await holdsAllThatCounted(network)).toBe(true)
})

it('a batch that is shown to nobody as a whole counts nowhere, so no release can wait for it', async () => {
  const { ask } = SimMesh.prototype as { ask: SimMesh['ask'] }
  let network: SimNetwork | undefined
  vi.spyOn(SimMesh.prototype, 'ask').mockImplementation(function (this: SimMesh, ...args: Parameters<SimMesh['ask']>) {
    const [peer, protocol, query] = args
    const hidden = [...(network?.state.batches.values() ?? [])].map(({ manifest }) => manifest.evidence.toString())
    const isHidden =
      protocol.id === blocksProtocol.id &&
      peer === network?.peerOf('hiding-1') &&
      (query as { cids: { toString(): string }[] }).cids.some((cid) => hidden.includes(cid.toString()))
    return isHidden ? Promise.reject(new RetryableError('CALL_RESET', 'not this one')) : ask.apply(this, args)
  })
  await using started = await start(8, honest('hiding-1'))
  network = started
  await started.runEpochs(3)
  expect(started.results.map((result) => result.final)).toEqual([true, true, true])
  for (const name of ['honest-1', 'honest-2']) expect(points(started, name), name).toBeGreaterThan(0n)
  expect(points(started, 'hiding-1')).toBe(0n)
  const hidden = [...started.state.batches.values()].filter(({ contributor }) => started.nameOf(contributor) === 'hiding-1')
  expect(hidden.map(({ settled }) => settled)).toEqual(hidden.map(() => null))
  expect(hidden[0]?.dropped).toBe(true)
  expect(await holdsAllThatCounted(started)).toBe(true)
})
