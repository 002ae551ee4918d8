import { generateKey, keyFromSeed } from '../../core/identity/index.ts'
import { type Mesh, openLibp2pMesh } from '../../core/mesh/index.ts'
import { sha256, utf8 } from '../../schemas/wire/index.ts'
import { SimMesh, World } from '../../sim/index.ts'
import { realClock } from '../support/real-clock.ts'
import { meshCompliance } from './mesh.ts'

meshCompliance('Libp2pMesh', (scenario) => async () => {
  await using opened = new AsyncDisposableStack()
  const open = async ({ listen = true } = {}): Promise<Mesh> =>
    opened.use(
      await openLibp2pMesh({
        signer: generateKey(),
        clock: realClock,
        listen: listen ? ['/ip4/127.0.0.1/tcp/0'] : [],
        privateNetwork: true,
      }),
    )
  await scenario({ clock: realClock, open })
})

meshCompliance('SimMesh', (scenario) => async () => {
  const world = new World({ seed: 11 })
  let count = 0
  const open = async ({ listen = true } = {}): Promise<Mesh> =>
    new SimMesh({ world, listen, peer: keyFromSeed(sha256(utf8(`peer ${count++}`))).peer })
  await world.settle(scenario({ clock: world.clock, open }))
})
