/** A DAO that somebody looks at may be silent, or stop in the middle: what is said of it differs. */
import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { generateKey } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { logProtocol, type Mesh, openLibp2pMesh } from '../../core/mesh/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { encodeCharter, localRules } from '../../dao/charter/index.ts'
import { MemoryFiles } from '../../dao/follower/index.ts'
import { MemoryLogStore } from '../../dao/log/index.ts'
import { Operator } from '../../dao/operator/index.ts'
import { eventually } from '../../tests/support/real-clock.ts'
import { learnDao } from './dao-facts.ts'
import { systemClock, systemEffects } from './system.ts'

const { signal } = new AbortController()
const listening = (): Promise<Mesh> =>
  openLibp2pMesh({ signer, clock: systemClock, listen: ['/ip4/127.0.0.1/tcp/0'], privateNetwork: true })
const signer = generateKey()

it('is learnt of, and is too slow where it goes on answering and nothing more of its log comes', async () => {
  await using mesh = await listening()
  const rules = localRules({ name: 'slow', operator: signer.did, contact: 'http://127.0.0.1/', seeds: ['http://127.0.0.1/'] })
  await using operator = await Operator.start({
    ...systemEffects,
    mesh,
    storage: new MemoryStorage(),
    files: new MemoryFiles(),
    kv: new MemoryKv(),
    logStore: new MemoryLogStore(),
    signer,
    logKey: generateKey(),
    charter: encodeCharter(rules).bytes,
    logger: silent,
    advance: false,
  })
  await eventually(() => operator.state.size === 1 && operator.sequencer.checkpoint() !== undefined)
  expect(await learnDao(mesh.addresses(), { logger: silent, signal })).toMatchObject({ ledger: operator.ledgerId, policy: undefined })
  let asked = 0
  const checkpoint = operator.sequencer.checkpoint() as string
  using _slow = mesh.handle(logProtocol, () => {
    asked++
    return Promise.resolve({ status: 'ok' as const, checkpoint, consistency: [], entries: [] })
  })
  await expect(learnDao(mesh.addresses(), { logger: silent, signal, patienceMs: 5000 })).rejects.toMatchObject({ code: 'TOO_SLOW' })
  expect(asked).toBeGreaterThan(1)
})

it('is unreachable where it accepts a connection and says nothing', async () => {
  await using mesh = await listening()
  await expect(learnDao(mesh.addresses(), { logger: silent, signal, patienceMs: 2000 })).rejects.toMatchObject({ code: 'DAO_UNREACHABLE' })
})
