/** Statistics of a pool by three aggregators over TCP: scorers give shares, the operator gathers, one drops out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { aggregateProtocol, type Mesh, openLibp2pMesh } from '../../core/mesh/index.ts'
import {
  dealCounts,
  FeatureCounter,
  gatherRound,
  giveShares,
  poolGroups,
  serveAggregate,
  signRound,
} from '../../dao/pool-statistics/index.ts'
import { isPaid, type Spending } from '../../dao/rewards/index.ts'
import { type CID, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { SeededBytes } from '../support/byte-source.ts'
import { fill, LEDGER, operator, stranger } from '../support/pool-world.ts'
import { realClock } from '../support/real-clock.ts'

const groups = poolGroups({ from: '2025-01', to: '2025-12' })
const aggregators = [70, 71, 72].map((byte) => keyFromSeed(fill(byte)))
const scorer = keyFromSeed(fill(73))
const spent: Spending[] = []
const stack = new AsyncDisposableStack()
const meshes = new Map<string, Mesh>()
let [gathering, scoring] = [] as unknown as [Mesh, Mesh]
let serving: Disposable[] = []
const people = 30
const manifestOf = (n: number): CID => rawCid(utf8(`person ${n}`))

beforeAll(async () => {
  const open = async (signer: Signer): Promise<Mesh> =>
    stack.use(await openLibp2pMesh({ signer, clock: realClock, listen: ['/ip4/127.0.0.1/tcp/0'], privateNetwork: true }))
  for (const signer of aggregators) {
    const mesh = await open(signer)
    meshes.set(signer.did, mesh)
    serving.push(
      serveAggregate({
        mesh,
        clock: realClock,
        signer,
        random: new SeededBytes(signer.did),
        dao: LEDGER,
        operator: () => operator.did,
        isPaid: ({ name, epsilonPpm }) => isPaid(spent, name, epsilonPpm),
        mayDeal: (account) => account === scorer.did,
      }),
    )
  }
  ;[gathering, scoring] = [await open(operator), await open(scorer)]
  for (const mesh of meshes.values()) for (const one of [gathering, scoring]) await one.connect(mesh.addresses())
})
afterAll(() => stack.disposeAsync())

function round(name: string, changes: object = {}): Uint8Array {
  const at = Math.floor(realClock.now() / 1000)
  const draft = {
    dao: LEDGER,
    name,
    groups,
    epsilonPpm: 1_000_000,
    minPeople: 20,
    aggregators: aggregators.map(({ did }) => did),
    at,
    expires: at + 600,
  }
  return signRound({ ...draft, ...changes }, operator)
}
const pay = (name: string, amount = 1_000_000): unknown => spent.push({ budget: `epsilon/2026/${name}`, amount: String(amount) })
async function give(bytes: Uint8Array, count = people): Promise<void> {
  for (let n = 0; n < count; n++) {
    const counter = new FeatureCounter(groups)
    counter.add({
      event: { id: '0'.repeat(32), type: 'Listen', time: '2025-03-09', actor: 'self', object: { kind: 'track' }, source: 'spotify' },
      qualityPpm: 5,
    })
    const shares = dealCounts({ round: bytes, manifest: manifestOf(n), vector: counter.vector() }, scorer, new SeededBytes(`deal ${n}`))
    expect((await giveShares(scoring, bytes, shares)).size).toBe(0)
  }
}
const missing = (code: string, of = aggregators) =>
  expect.objectContaining({ code: 'AGGREGATOR_MISSING', detail: { faults: Object.fromEntries(of.map(({ did }) => [did, code])) } }) as Error

describe('a round', () => {
  it('is summed when it was paid for, the same however often it is asked, and not for other people afterwards', async () => {
    const bytes = round('a')
    await give(bytes)
    await expect(gatherRound(gathering, bytes)).rejects.toEqual(missing('NOT_PAID'))
    pay('a')
    const statistics = await gatherRound(gathering, bytes)
    const all = statistics.groups.find(({ name }) => name === 'people')?.counts[0]
    expect(all == null || Math.abs(all - people) < 90).toBe(true)
    expect(statistics).toMatchObject({ noises: 3, minPeople: 20 })
    const first = aggregators[0] as Signer
    const ask = (contributions: CID[]) =>
      gathering.ask(meshes.get(first.did)?.peer as string, aggregateProtocol, { round: bytes, step: { what: 'sum', contributions } })
    const whole = Array.from({ length: people }, (_, n) => manifestOf(n))
    const again = await ask(whole)
    expect(again).toEqual(await ask(whole))
    expect(again).toMatchObject({ status: 'summed' })
    // the difference of two sums would be one person
    expect(await ask(whole.slice(1))).toMatchObject({ code: 'CLOSED' })
  })

  it('of fewer people than are counted gives nothing', async () => {
    const bytes = round('few')
    pay('few')
    await give(bytes, 19)
    await expect(gatherRound(gathering, bytes)).rejects.toEqual(missing('TOO_FEW_PEOPLE'))
  })

  it('is nobody’s but the operator’s and the drawn scorers’', async () => {
    const bytes = round('theirs')
    const [aggregator] = aggregators as [Signer]
    const ask = (mesh: Mesh, given: Uint8Array, what: 'list' | Uint8Array) =>
      mesh.ask(meshes.get(aggregator.did)?.peer as string, aggregateProtocol, {
        round: given,
        step: what === 'list' ? { what } : { what: 'give', shares: [what] },
      })
    expect(await ask(scoring, bytes, 'list')).toMatchObject({ code: 'NOT_CALLER' })
    expect(await ask(gathering, bytes.with(bytes.length - 9, 1), 'list')).toMatchObject({ status: 'refused' })
    expect(
      await ask(gathering, round('theirs', { aggregators: [...aggregators.slice(1), stranger].map(({ did }) => did) }), 'list'),
    ).toMatchObject({
      code: 'NOT_AGGREGATOR',
    })
    expect(await ask(gathering, round('old', { expires: 5 }), 'list')).toMatchObject({ code: 'EXPIRED' })
    const vector = new FeatureCounter(groups).vector()
    const [share] = dealCounts({ round: bytes, manifest: manifestOf(1), vector }, operator, new SeededBytes('x')) as [Uint8Array]
    expect(await ask(scoring, bytes, share)).toMatchObject({ code: 'NOT_CALLER' })
    expect(await ask(gathering, bytes, share)).toMatchObject({ code: 'NOT_DRAWN' })
  })

  it('ends when an aggregator drops out, and is begun anew with another', async () => {
    const bytes = round('gone')
    pay('gone')
    await give(bytes)
    serving[2]?.[Symbol.dispose]()
    serving = serving.slice(0, 2)
    await expect(gatherRound(gathering, bytes)).rejects.toMatchObject({
      code: 'AGGREGATOR_MISSING',
      detail: { faults: { [aggregators[2]?.did as string]: 'UNSUPPORTED_PROTOCOL' } },
    })
    const substitute = keyFromSeed(fill(74))
    const mesh = stack.use(
      await openLibp2pMesh({ signer: substitute, clock: realClock, listen: ['/ip4/127.0.0.1/tcp/0'], privateNetwork: true }),
    )
    for (const one of [gathering, scoring]) await one.connect(mesh.addresses())
    const role = {
      mesh,
      clock: realClock,
      signer: substitute,
      random: new SeededBytes('substitute'),
      dao: LEDGER,
      operator: () => operator.did,
    }
    using _served = serveAggregate({ ...role, isPaid: ({ name, epsilonPpm }) => isPaid(spent, name, epsilonPpm), mayDeal: () => true })
    const next = round('gone-2', { aggregators: [...aggregators.slice(0, 2), substitute].map(({ did }) => did) })
    await give(next)
    // another release of nearly the same counts: it costs as much again
    await expect(gatherRound(gathering, next)).rejects.toMatchObject({ code: 'AGGREGATOR_MISSING' })
    pay('gone-2')
    expect(await gatherRound(gathering, next)).toMatchObject({ noises: 3 })
  })
})
