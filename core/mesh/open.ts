/** A mesh with a libp2p node of its own, for roles without storage and for tests. */
import { createLibp2p } from 'libp2p'
import type { Clock } from '../effects/index.ts'
import type { Telemetry } from '../events/index.ts'
import { libp2pConfig, type Libp2pMeshOptions } from './libp2p-config.ts'
import { Libp2pMesh } from './libp2p-mesh.ts'
import type { Mesh } from './mesh.ts'

export async function openOwnMesh(options: Libp2pMeshOptions & { telemetry?: Telemetry }): Promise<Mesh> {
  const node = await createLibp2p(await libp2pConfig(options))
  await node.start()
  return new OwnMesh({ node, ...options })
}

/** A connection that does not close is given up after this long: whoever stops wants to end. */
const CLOSE_MS = 10_000

class OwnMesh extends Libp2pMesh {
  readonly #node: { stop(): void | Promise<void> }
  readonly #clock: Clock

  constructor(init: ConstructorParameters<typeof Libp2pMesh>[0]) {
    super(init)
    this.#node = init.node
    this.#clock = init.clock
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    const closed = new AbortController()
    const given = this.#clock.sleep(CLOSE_MS, closed.signal).catch(() => undefined)
    await Promise.race([this.#node.stop(), given]).finally(() => closed.abort())
  }
}
