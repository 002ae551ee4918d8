/** A receipt names as many peers as the charter's `replicas`, each of which holds the whole batch; before that there is none. */
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { verifyObject } from '../../core/envelope/index.ts'
import { type Logger, silent } from '../../core/effects/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { keyFromSeed } from '../../core/identity/index.ts'
import { blocksProtocol } from '../../core/mesh/index.ts'
import { type AskBlocks, batchRoots, fetchDag, fetchFile, loadBatch } from '../../dao/batches/index.ts'
import { crawlGather } from '../../node/index.ts'
import { batchReceipt, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { honest, SimMesh, SimNetwork, SimSite, SimWeb } from '../../sim/index.ts'

const AGENT = 'Quern-sim'
const CONTRIBUTORS = ['peer-1', 'peer-2', 'peer-3']
const VALIDATORS = ['validator-1', 'validator-2', 'validator-3', 'validator-4']
const MAX_BYTES = 1 << 28
const soon = (): AbortSignal => new AbortController().signal

async function start(seed: number, refused: string[]): Promise<SimNetwork> {
  const site = new SimSite({ seed, hosts: 8, pagesPerHost: [40, 60], words: [80, 200] })
  const listening: Logger = {
    ...silent,
    debug: (event, fields) => void (event === 'hold-refused' && refused.push(String(fields?.['code']))),
    child: () => listening,
  }
  return SimNetwork.start({
    seed,
    contributors: CONTRIBUTORS.map((name) => honest(name)),
    validators: VALIDATORS.map((name) => ({ name })),
    seeds: site.seeds,
    maxPages: 6,
    charter: { replicas: 3 },
    logger: (node) => (node === 'dao' ? listening : silent),
    web: (world, node) => new SimWeb({ clock: world.clock, site, userAgent: `${AGENT}/1 (+mailto:sim@example.org)` }).view(node),
    gather: (web, world) =>
      crawlGather({
        clock: world.clock,
        logger: silent,
        agentToken: AGENT,
        openWeb: async () => ({ get: (url, options) => web.get(url, options), [Symbol.asyncDispose]: async () => undefined }),
      }),
  })
}

/** Nothing more fits on a validator's disk; calling what it gives makes room. */
function fillDisk(network: SimNetwork, name: string): () => void {
  const { public: space } = network.homeOf(name).storage
  const pin = space.pin.bind(space)
  space.pin = () => Promise.reject(new FatalError('DISK_FULL', 'no space left'))
  return () => {
    space.pin = pin
  }
}

const receiptsOf = (network: SimNetwork): Uint8Array[] =>
  [...network.contributors.values()].flatMap(({ batches }) => batches.flatMap(({ receipt }) => (receipt === null ? [] : [receipt])))

it('acknowledges a batch when three hold it and not before, and then gives it whole without its contributor and without the DAO', async () => {
  const refused: string[] = []
  await using network = await start(21, refused)
  const { world } = network
  const [, second, third, ...more] = VALIDATORS.map((name) => fillDisk(network, name))
  expect(more).toHaveLength(1)

  // everybody's disk but the DAO's is full
  await network.runEpochs(1)
  expect(network.results[0]?.batches).toHaveLength(CONTRIBUTORS.length)
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused)).toEqual(new Set(['BLOCKS_UNREACHABLE']))
  expect(receiptsOf(network)).toEqual([])
  // one of them makes room: two hold, and three are wanted
  second?.()
  await network.runEpochs(2)
  expect(receiptsOf(network)).toEqual([])
  third?.()
  const first = (): { name: string; receipt: Uint8Array | null }[] =>
    [...network.contributors].map(([name, { batches }]) => ({ name, receipt: batches[0]?.receipt ?? null }))
  await world.run({ until: () => first().every(({ receipt }) => receipt !== null) })

  const holders = ['validator-2', 'validator-3']
  const given = receiptsOf(network).map((bytes) => {
    const verdict = verifyObject(batchReceipt, bytes, 'batch-receipt', 'by')
    if (!verdict.ok) throw new Error(`bad receipt: ${verdict.code}`)
    expect(verdict.value.by).toBe(network.state.operator)
    expect(verdict.value.replicas.map((account) => network.nameOf(account)).toSorted()).toEqual(['dao', ...holders])
    return verdict.value
  })
  expect(given.length).toBeGreaterThanOrEqual(CONTRIBUTORS.length)
  const batches = given.map(({ manifest }) => {
    const parsed = loadBatch((cid) => network.operator.files.read(cid), manifest)
    if (parsed === undefined) throw new Error('the DAO lacks the files of a batch that it acknowledged')
    return parsed
  })

  for (const name of ['dao', ...CONTRIBUTORS]) {
    network.crash(name)
    const { public: space } = network.homeOf(name).storage
    for (const { root } of await Array.fromAsync(space.pins())) await space.drop(root)
  }
  const stranger = new SimMesh({ world, peer: keyFromSeed(new Uint8Array(32).fill(9)).peer })
  for (const name of holders) {
    const peer = network.peerOf(name)
    await world.settle(stranger.connect([`/memory/${peer.slice(-8)}/p2p/${peer}`]))
    const ask: AskBlocks = async (cids) => (await stranger.ask(peer, blocksProtocol, { cids })).blocks
    for (const { manifest, index } of batches) {
      const records = await world.settle(fetchFile(ask, manifest.records, { maxBytes: MAX_BYTES, signal: soon() }))
      const lines = gunzipSync(records).toString('utf8').split('\n').slice(0, -1)
      expect(lines.map((line) => rawCid(utf8(line)).toString())).toEqual(index.rows.map(({ record }) => record.toString()))
      // whoever misses a block of the rest is told: BLOCK_UNAVAILABLE
      for (const root of batchRoots(manifest))
        await world.settle(Array.fromAsync(fetchDag(ask, root, { maxBytes: MAX_BYTES, signal: soon() })))
    }
  }
})
