import { expect, it } from 'vitest'
import { chunk, PoolLedgerWorld } from '../../tests/unit/pool-ledger-world.ts'
import { pages } from '../../tests/unit/ledger-world.ts'
import { drawsFor } from '../../dao/ledger/index.ts'
import { partsOf } from './pool-testing.ts'

it('parts draws into rows of the web and chunks of the pool, and loses none', () => {
  const world = new PoolLedgerWorld()
  const [ann, bob] = world.contributors
  const person = world.person('one')
  world.advance('gather')
  const batches = [world.commit(ann!, pages('ann', 5)), world.commit(bob!, pages('empty', 1, { quality: 0 }))]
  const offered = world.offer(person, { rows: Array.from({ length: 50 }, () => chunk()) })
  world.advance('reveal')
  for (const [i, signer] of [ann!, bob!].entries()) world.reveal(signer, batches[i]!)
  world.show(offered)
  const manifests = batches.map(({ sealed }) => sealed.manifestCid)
  for (const validator of world.validators) world.available(validator, [...manifests, offered.cid])
  world.advance('beacon')
  for (const validator of world.validators) world.openBeacon(validator)
  world.advance('test')
  const [validator] = world.validators
  const draws = drawsFor(world.state, validator!.signer.did, world.samplePreimage(validator!))
  const { web, pool } = partsOf({ state: () => world.state }, draws)
  expect([...pool.keys()]).toEqual([offered.cid.toString()])
  expect(pool.get(offered.cid.toString())).toHaveLength(32)
  // who has nothing to draw from is tested in no time, as before
  expect(Object.fromEntries(web.map(({ contributor, picks }) => [contributor, picks.length]))).toEqual({
    [ann!.did]: 5,
    [bob!.did]: 0,
  })
  expect(draws.flatMap(({ picks }) => picks)).toHaveLength(37)
})
