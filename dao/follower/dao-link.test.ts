import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { helloProtocol } from '../../core/mesh/index.ts'
import { SimMesh, World } from '../../sim/index.ts'
import { seeded } from '../../tests/unit/ledger-world.ts'
import { DaoLink } from './index.ts'

/** A DAO that serves whatever ledger is said, and a home that comes to it, each time as a process begun anew. */
function scene() {
  const world = new World({ seed: 5 })
  let served = 'quern/first'
  const asked: (string | null)[] = []
  const dao = new SimMesh({ world, peer: seeded('dao').peer, listen: true })
  dao.handle(helloProtocol, ({ ledger }) => {
    asked.push(ledger)
    return Promise.resolve({ role: 'dao', ledger: served, peers: [] })
  })
  const mesh = new SimMesh({ world, peer: seeded('home').peer, listen: false })
  const kv = new MemoryKv()
  const open = (): Promise<DaoLink> =>
    world.settle(
      DaoLink.open({
        mesh,
        addresses: dao.addresses(),
        role: 'contributor',
        kv,
        clock: world.clock,
        logger: silent,
        signal: new AbortController().signal,
      }),
    )
  return { world, open, asked, serve: (ledger: string) => void (served = ledger) }
}

it('keeps the first ledger id it sees, and refuses another one at every later start until the first is served again', async () => {
  const { open, asked, serve } = scene()
  expect((await open()).ledgerId).toBe('quern/first')
  serve('quern/second')
  const refusal = { name: 'RefusedError', code: 'LEDGER_CHANGED', message: expect.stringMatching(/quern\/first.*quern\/second/) }
  await expect(open()).rejects.toMatchObject(refusal)
  // the refused one was not kept instead
  await expect(open()).rejects.toMatchObject(refusal)
  serve('quern/first')
  expect((await open()).ledgerId).toBe('quern/first')
  expect(asked).toHaveLength(4)
})

it('refuses a DAO that changes its ledger while we are there', async () => {
  const { world, open, serve } = scene()
  const link = await open()
  await world.settle(link.hello())
  serve('quern/second')
  await expect(world.settle(link.hello())).rejects.toMatchObject({ code: 'LEDGER_CHANGED' })
  expect(link.ledgerId).toBe('quern/first')
})
