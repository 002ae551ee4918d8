/** What vanished stays owed and holds up nothing that can be had. */
import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { MemoryFiles, serveBlocks } from '../../dao/follower/index.ts'
import { Replicas } from '../../dao/operator/replicas.ts'
import { SimMesh } from '../../sim/mesh/index.ts'
import { World } from '../../sim/world/index.ts'
import { LedgerWorld, pages, seeded } from './ledger-world.ts'

it('pulls the batch of a living contributor behind any number of vanished ones', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `contributor-${i}`)
  const ledger = new LedgerWorld({ validators: 0, contributors: names })
  ledger.advanceTo('gather')
  const committed = ledger.contributors.map((signer, i) => ({ signer, ...ledger.commit(signer, pages(`p${i}`, 2)) }))
  ledger.advance('reveal')
  for (const one of committed) ledger.reveal(one.signer, one)

  const world = new World({ seed: 3 })
  const operator = seeded('operator')
  const dao = new SimMesh({ world, peer: operator.peer, listen: true })
  const living = committed.at(-1)!
  const home = new SimMesh({ world, peer: living.signer.peer, listen: true })
  const own = new MemoryStorage({ clock: world.clock, peer: home.peer })
  await own.public.put(living.sealed.blocks)
  serveBlocks({ mesh: home, storage: own, mayRead: () => false })
  const stop = new AbortController()
  await world.settle(home.connect(dao.addresses(), { signal: stop.signal }))
  const files = new MemoryFiles()
  const storage = new MemoryStorage({ clock: world.clock, peer: dao.peer })
  const replicas = new Replicas({
    mesh: dao,
    storage,
    files,
    kv: new MemoryKv(),
    signer: operator,
    clock: world.clock,
    logger: silent,
    signal: stop.signal,
    state: () => ledger.state,
    onHeld: () => undefined,
  })
  for (let step = 0; step < 8; step++) {
    replicas.tend(ledger.state.size)
    await world.settle(world.clock.sleep(1000))
  }
  expect(files.read(living.sealed.manifest.index)).toBeDefined()
  expect(await world.settle(replicas.receipt(living.sealed.manifestCid))).toBeInstanceOf(Uint8Array)
  stop.abort()
})
