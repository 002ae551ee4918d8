import type { Peer, PeerOptions } from './open-peer.ts'

export type { Peer, PeerOptions } from './open-peer.ts'

/**
 * One peer: a libp2p node with the mesh and bitswap over it, blocks and pins in its home folder. Nothing else composes either.
 * It dials nobody by itself: no bootstrappers, no gateways. Loads libp2p and Helia on first use.
 * Throws FatalError HOME_TOO_NEW, HOME_IN_USE, DISK_FULL, STORE_UNREADABLE, LISTEN_FAILED; whatever was open is closed again.
 */
export async function openPeer(options: PeerOptions): Promise<Peer> {
  const { composePeer } = await import('./open-peer.ts')
  return composePeer(options)
}
