import type { Clock } from '../effects/index.ts'
import { FatalError, toError } from '../errors/index.ts'
import { quiet, type Telemetry } from '../events/index.ts'
import type { Signer } from '../identity/index.ts'
import { type Mesh, openLibp2pConfig, openMeshOver } from '../mesh/index.ts'
import { openNetworkStorage, type Storage } from '../storage/index.ts'

export interface PeerOptions {
  signer: Signer
  /** Folder that this peer alone uses. */
  home: string
  /** Multiaddrs; by default a free port on the loopback address. Empty for a peer that only dials out. */
  listen?: string[]
  /** Multiaddrs to tell others instead of those listened on: behind a NAT or a container's port mapping. */
  announce?: string[]
  /** All peers may share one address: one machine, one compose network. */
  privateNetwork?: boolean
  /** Gossip topics of these ledgers are the only ones taken. */
  ledgers?: string[]
  clock: Clock
  telemetry?: Telemetry
  /** Quota of each space in bytes: more is refused. None by default; either way what is loose and old goes before the disk is full. */
  maxBytes?: { public?: number; private?: number }
}

export interface Peer extends AsyncDisposable {
  readonly mesh: Mesh
  readonly storage: Storage
}

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

export async function composePeer(options: PeerOptions): Promise<Peer> {
  const { signer, home, clock, telemetry = quiet, listen = [LOOPBACK], announce, privateNetwork, ledgers, maxBytes } = options
  await using stack = new AsyncDisposableStack()
  const network = await openLibp2pConfig({
    signer,
    clock,
    listen,
    ...(announce && { announce }),
    ...(privateNetwork !== undefined && { privateNetwork }),
    ...(ledgers && { ledgers }),
  })
  const { storage, libp2p } = await openNetworkStorage({
    home,
    clock,
    logger: telemetry.log,
    network,
    ...(maxBytes && { maxBytes }),
  }).catch((thrown: unknown) => {
    throw listenError(thrown, listen)
  })
  stack.use(storage)
  const mesh = stack.use(await openMeshOver({ node: libp2p, clock, telemetry }))
  const resources = stack.move()
  return { mesh, storage, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

/** libp2p's word for "no address could be listened on", in ours. */
function listenError(thrown: unknown, listen: string[]): Error {
  const error = toError(thrown)
  if (error.name !== 'UnsupportedListenAddressesError' && error.name !== 'NoValidAddressesError' && !/listen|EADDR/i.test(error.message))
    return error
  return new FatalError('LISTEN_FAILED', `cannot listen on ${listen.join(', ')}; is the port taken, or the address of another machine?`, {
    cause: thrown,
    detail: { listen },
  })
}
