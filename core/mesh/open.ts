/** A mesh with a libp2p node of its own, for roles without storage and for tests. */
import { createLibp2p } from 'libp2p'
import type { Telemetry } from '../events/index.ts'
import { libp2pConfig, type Libp2pMeshOptions } from './libp2p-config.ts'
import { Libp2pMesh } from './libp2p-mesh.ts'
import type { Mesh } from './mesh.ts'

export async function openOwnMesh(options: Libp2pMeshOptions & { telemetry?: Telemetry }): Promise<Mesh> {
  const node = await createLibp2p(await libp2pConfig(options))
  await node.start()
  return new OwnMesh({ node, ...options })
}

class OwnMesh extends Libp2pMesh {
  readonly #node: { stop(): void | Promise<void> }

  constructor(init: ConstructorParameters<typeof Libp2pMesh>[0]) {
    super(init)
    this.#node = init.node
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    await this.#node.stop()
  }
}
