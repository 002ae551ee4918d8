import type { Libp2pOptions } from 'libp2p'
import type { Telemetry } from '../events/index.ts'
import type { Libp2pMeshOptions, MeshServices } from './libp2p-config.ts'
import type { Libp2pMeshInit } from './libp2p-mesh.ts'
import type { Mesh } from './mesh.ts'

export { type AskAgain, askAgain, patienceMs } from './ask-again.ts'
export { deadlineOf, untilAborted } from './deadline.ts'
export type { Libp2pMeshOptions, MeshServices } from './libp2p-config.ts'
export type { Libp2pMeshInit } from './libp2p-mesh.ts'
export {
  type CallContext,
  defineProtocol,
  defineTopic,
  type Mesh,
  type Protocol,
  type ProtocolLimits,
  type Topic,
  type Verdict,
} from './mesh.ts'
export { decodeMessage, decodeQuery, decodeReply, encodeMessage, encodeQuery, encodeReply } from './messages.ts'
export * from './pool-protocols.ts'
export * from './protocols.ts'
export { Busy, SlotsPerPeer } from './slots.ts'
export { GOSSIP, Standing } from './standing.ts'

/** Options for a libp2p node that can carry a mesh: TCP, noise, yamux, identify, ping, gossipsub as `services.pubsub`. Loads libp2p. */
export async function openLibp2pConfig(options: Libp2pMeshOptions): Promise<Libp2pOptions<MeshServices>> {
  const { libp2pConfig } = await import('./libp2p-config.ts')
  return libp2pConfig(options)
}

/** A mesh over a node that runs already; closing the mesh leaves the node running. Loads libp2p. */
export async function openMeshOver(init: Libp2pMeshInit): Promise<Mesh> {
  const { Libp2pMesh } = await import('./libp2p-mesh.ts')
  return new Libp2pMesh(init)
}

/** A mesh with a node of its own, stopped with it. Loads libp2p. */
export async function openLibp2pMesh(options: Libp2pMeshOptions & { telemetry?: Telemetry }): Promise<Mesh> {
  const { openOwnMesh } = await import('./open.ts')
  return openOwnMesh(options)
}
