import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import type { Web } from '../../core/web/index.ts'
import { crawlGather, type Gather } from '../../node/index.ts'
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

it('closes an epoch although a contributor shows its batch to the validators and never to the DAO', async () => {
  const site = new SimSite({ seed: 7, hosts: 8, pagesPerHost: [20, 30], words: [80, 200] })
  const gatherOver = (web: Web, clock: SimNetwork['world']['clock']): Gather =>
    crawlGather({
      clock,
      logger: silent,
      agentToken: AGENT,
      openWeb: async () => ({ get: (url, options) => web.get(url, options), [Symbol.asyncDispose]: async () => undefined }),
    })
  await using network = await SimNetwork.start({
    seed: 7,
    contributors: [honest('honest-1'), honest('honest-2'), withholding('withholding-1')],
    validators: ['validator-1', 'validator-2', 'validator-3', 'validator-4'].map((name) => ({ name })),
    seeds: site.seeds,
    maxPages: 8,
    web: (world, node) => new SimWeb({ clock: world.clock, site, userAgent: `${AGENT}/1 (+mailto:sim@example.org)` }).view(node),
    gather: (web, world) => gatherOver(web, world.clock),
  })
  await network.runEpochs(2)
  expect(network.results.map((result) => result.final)).toEqual([true, true])
  const points = (name: string): bigint =>
    network.results
      .flatMap((result) => result.rows)
      .filter((row) => network.nameOf(row.account) === name)
      .reduce((sum, row) => sum + BigInt(row.points), 0n)
  expect(points('honest-1')).toBeGreaterThan(0n)
  expect(points('honest-2')).toBeGreaterThan(0n)
})
