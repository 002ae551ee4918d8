/** What one peer loses stops nobody else, and nothing else of its own: scenes on a simulated network. */
import { afterEach, expect, it, vi } from 'vitest'
import type { Report } from '../../schemas/wire/index.ts'
import { honest } from '../../sim/adversaries/index.ts'
import { SimNetwork, type SimNetworkOptions } from '../../sim/network/index.ts'
import { SimSite, SimWeb } from '../../sim/web/index.ts'
import { crawlGather } from '../../node/index.ts'
import { receiptProtocol } from '../../core/mesh/index.ts'
import { RetryableError } from '../../core/errors/index.ts'
import { SimMesh } from '../../sim/mesh/index.ts'
import { silent } from '../../core/effects/index.ts'

const AGENT = 'Quern-sim'

function setup(seed: number): SimNetworkOptions {
  const site = new SimSite({ seed, hosts: 6, pagesPerHost: [40, 60], words: [80, 200] })
  let web: SimWeb | undefined
  return {
    seed,
    contributors: ['ann', 'bob'].map((name) => honest(name)),
    validators: [1, 2, 3, 4].map((i) => ({ name: `validator-${i}` })),
    seeds: site.seeds,
    maxPages: 6,
    web: (world, node) => {
      web ??= new SimWeb({ clock: world.clock, site, userAgent: `${AGENT}/1 (+mailto:sim@example.org)` })
      return web.view(node)
    },
    gather: (view, world) =>
      crawlGather({
        clock: world.clock,
        logger: silent,
        agentToken: AGENT,
        openWeb: async () => ({ get: (url, options) => view.get(url, options), [Symbol.asyncDispose]: async () => undefined }),
      }),
  }
}

it('closes an epoch whose table suspends so many validators that those who stay are no quorum of its roster', async () => {
  const options = setup(11)
  const careless = (report: Report): Report => (report.epoch === 1 ? { ...report, contributions: [] } : report)
  for (const validator of options.validators.slice(0, 2)) validator.tamper = careless
  await using network = await SimNetwork.start({ ...options, charter: { validatorRules: { strikes: 1 } } })
  await network.runEpochs(1)
  expect([...network.state.validators.values()].filter((seat) => seat.active)).toHaveLength(2)
  // contributors fold lightly, and learn of a suspension only when the epoch is final: they must be able to follow that far
  await network.runEpochs(2)
  expect(network.results[1]?.rows.filter((row) => row.role === 'contributor').map((row) => row.points !== '0')).toEqual([true, true])
})

afterEach(() => vi.restoreAllMocks())

it('goes on gathering while the receipt of an earlier batch is not to be had', async () => {
  const { ask } = SimMesh.prototype as { ask: SimMesh['ask'] }
  vi.spyOn(SimMesh.prototype, 'ask').mockImplementation(function (this: SimMesh, ...args: Parameters<SimMesh['ask']>) {
    if (args[1].id === receiptProtocol.id) return Promise.reject(new RetryableError('CALL_RESET', 'not now'))
    return ask.apply(this, args)
  })
  await using network = await SimNetwork.start(setup(12))
  await network.runEpochs(2)
  expect(network.results[1]?.rows.filter((row) => row.role === 'contributor').map((row) => row.records > 0)).toEqual([true, true])
})
