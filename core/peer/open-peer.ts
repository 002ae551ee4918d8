import { FatalError, toError } from '../errors/index.ts'
import { quiet, type Telemetry } from '../events/index.ts'
import { type Libp2pMeshOptions, type Mesh, openLibp2pConfig, openMeshOver } from '../mesh/index.ts'
import { type HeliaStorageOptions, openNetworkStorage, type Storage } from '../storage/index.ts'

/** `home` is a folder that this peer alone uses. */
export interface PeerOptions extends Omit<Libp2pMeshOptions, 'listen' | 'topics'>, Omit<HeliaStorageOptions, 'logger'> {
  /** Multiaddrs; by default a free port on the loopback address. Empty for a peer that only dials out. */
  listen?: string[]
  telemetry?: Telemetry
}

export interface Peer extends AsyncDisposable {
  readonly mesh: Mesh
  readonly storage: Storage
}

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

export async function composePeer(options: PeerOptions): Promise<Peer> {
  const { clock, telemetry = quiet, listen = [LOOPBACK] } = options
  await using stack = new AsyncDisposableStack()
  const network = await openLibp2pConfig({ ...options, listen })
  const { storage, libp2p } = await openNetworkStorage({ ...options, logger: telemetry.log, network }).catch((thrown: unknown) => {
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
