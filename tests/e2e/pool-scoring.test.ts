/** A validator opens what the beacon drew of a contribution, over TCP on loopback: ciphertext by allow-list, keys from keyholders, the judge in memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Logger, silent } from '../../core/effects/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { printNotice } from '../../dao/consent/index.ts'
import { keyFromSecret, poolContext, randomScalar, sampledChunks, sealChunk } from '../../dao/custody/index.ts'
import { serveBlocks } from '../../dao/follower/index.ts'
import { offerContribution, pinContribution, type Sealed } from '../../node/pool/seal/index.ts'
import { FINEST_RULES } from '../../schemas/activity/index.ts'
import { cborCid, type DrawResult, encode, type EventRules, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { scoreContribution } from '../../validator/scoring/index.ts'
import { BEACON, EPOCH, PoolNetwork } from '../support/pool-network.ts'
import { subject } from '../support/pool-world.ts'

let network: PoolNetwork
const storage = new MemoryStorage()
let readers = new Set<string>()
const serving: Disposable[] = []
beforeAll(async () => {
  network = await PoolNetwork.open()
  await network.assembling.connect(network.scoring.addresses())
  serving.push(serveBlocks({ mesh: network.assembling, storage, mayRead: (peer) => readers.has(peer) }))
  readers = new Set([network.scoring.peer])
})
afterAll(async () => {
  for (const one of serving) one[Symbol.dispose]()
  await network[Symbol.asyncDispose]()
})

async function offered(sealed: Sealed): Promise<Sealed> {
  const { policy, bytes, cid } = network.policy
  await pinContribution(storage, sealed, { cid, value: policy, bytes, notice: utf8(printNotice(policy)) })
  const receipt = network.receipt(sealed)
  const { complete } = await offerContribution({
    mesh: network.contributor,
    clock: network.clock,
    sealed,
    receipt,
    committee: network.committee,
  })
  expect(complete).toBe(true)
  return sealed
}

async function scoring(
  { cid, manifest, index }: Sealed,
  rows = sampledChunks(BEACON, cid, manifest.chunks.length),
  shareMs = 300_000,
  rules: EventRules = FINEST_RULES,
) {
  const told: unknown[] = []
  const logger: Logger = { ...silent, info: (_event, detail) => void told.push(detail) }
  const { results } = await scoreContribution({
    mailTerms: undefined,
    contribution: { manifestCid: cid, contributor: subject.did, committee: network.committee },
    manifest,
    index,
    rules,
    rows,
    epoch: EPOCH,
    mesh: network.scoring,
    signer: network.scorer,
    dao: network.assembling.peer,
    clock: network.clock,
    logger,
    shareMs,
    signal: new AbortController().signal,
  })
  return { results, rows, told }
}
const checks = (results: DrawResult[]) => [...new Set(results.map(({ check }) => check))]

describe('a contribution', () => {
  it('passes in all 32 chunks that were drawn, and in no others', async () => {
    const sealed = await offered(network.seal(400))
    const { results, rows } = await scoring(sealed)
    expect(rows).toHaveLength(32)
    expect(results.map(({ row }) => row)).toEqual(rows)
    expect(checks(results)).toEqual([null])
    // a chunk that the beacon did not draw: its keys are not given, whoever asks
    const undrawn = sealed.manifest.chunks.findIndex((_, i) => !rows.includes(i))
    const curious = await scoring(sealed, [undrawn], 12_000)
    expect(checks(curious.results)).toEqual(['D2'])
    expect(curious.told).toEqual([expect.objectContaining({ check: 'D2', code: 'NOT_ENOUGH_KEYHOLDERS' })])
  })

  it('fails where its chunks are not what was dealt keys for: garbage under a secret that nobody shares', async () => {
    const sealed = network.seal(20)
    const [secret, context] = [randomScalar(), poolContext(sealed.commitments[0] as Uint8Array, sealed.salt)]
    const bad = sealChunk(utf8('{}\n'), keyFromSecret(secret, context, 0), context, 0)
    const manifest = { ...sealed.manifest, chunks: [rawCid(bad), ...sealed.manifest.chunks.slice(1)] }
    const cid = cborCid(encode(manifest))
    const blocks = [{ cid, bytes: encode(manifest) }, { cid: rawCid(bad), bytes: bad }, ...sealed.blocks.slice(2)]
    const { results, told } = await scoring(await offered({ ...sealed, manifest, cid, blocks }))
    expect(told).toEqual([expect.objectContaining({ row: 0, check: 'D1', code: 'CHUNK_UNREADABLE' })])
    expect(results.filter(({ pass }) => !pass).map(({ row }) => row)).toEqual([0])
  })

  it('fails where the index says more than the chunks hold', async () => {
    const sealed = await offered(network.seal(20))
    const index = { ...sealed.index, rows: sealed.index.rows.map((row, i) => (i === 3 ? { ...row, tokens: 5000 } : row)) }
    const { results } = await scoring({ ...sealed, index })
    expect(results.filter(({ pass }) => !pass)).toEqual([expect.objectContaining({ row: 3, check: 'D1' })])
  })

  it('fails where its events say more than the pool takes', async () => {
    const { results, told } = await scoring(await offered(network.seal(10)), undefined, undefined, { ...FINEST_RULES, fields: ['text'] })
    expect(checks(results)).toEqual(['D7'])
    expect(told[0]).toMatchObject({ code: 'FIELD_NOT_TAKEN' })
  })

  it('fails where its bytes are not to be had, by whose fault ever', async () => {
    const sealed = await offered(network.seal(10))
    readers.clear()
    const { results, told } = await scoring(sealed)
    readers.add(network.scoring.peer)
    expect(checks(results)).toEqual(['D2'])
    expect(told[0]).toMatchObject({ code: 'CHUNK_UNREACHABLE' })
  })

  it('fails where fewer keyholders answer than it takes, and its consent is what they look at', async () => {
    const sealed = await offered(network.seal(10))
    network.state.scorers.clear()
    const { results, told } = await scoring(sealed, undefined, 12_000)
    network.state.scorers.add(network.scorer.did)
    expect(checks(results)).toEqual(['D2'])
    expect(told[0]).toMatchObject({ code: 'NOT_ENOUGH_KEYHOLDERS' })
  })
})
