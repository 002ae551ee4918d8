/** A role's home folder opened: keys, memory, ledger files, peer. What one process holds open at a time. */
import path from 'node:path'
import type { Kv, Logger } from '../../core/effects/index.ts'
import { noMeter } from '../../core/events/index.ts'
import { makeFolder, openHome } from '../../core/home/index.ts'
import { openKeyFile, type Signer } from '../../core/identity/index.ts'
import { openDiskKv } from '../../core/kv/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { openPeer } from '../../core/peer/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import { DiskFiles } from '../../dao/stores/index.ts'
import { keepHeapSmall } from './small-heap.ts'
import { systemClock } from './system.ts'

export interface RoleHome extends AsyncDisposable {
  folder: string
  identity: Signer
  key(name: string): Promise<Signer>
  kv: Kv
  files: DiskFiles
  mesh: Mesh
  storage: Storage
  logger: Logger
}

export interface RoleHomeOptions {
  home: string
  /** Multiaddrs; empty to listen nowhere. */
  listen: string[]
  /** Multiaddrs to tell others instead; none: those listened on. */
  announce?: string[]
  /** Loopback and container networks, where many peers share one address. */
  privateNetwork: boolean
  /** Whose home it is; the account in its key file when absent. */
  signer?: Signer
  /** What blocks may take, in bytes, in the public and in the private space each; without it what the disk has left. */
  maxBytes?: number | undefined
  logger: Logger
}

export async function openRoleHome(options: RoleHomeOptions): Promise<RoleHome> {
  const { home, listen, announce = [], privateNetwork, signer, maxBytes, logger } = options
  keepHeapSmall()
  const stack = new AsyncDisposableStack()
  try {
    const folder = await openHome(home)
    const keys = path.join(folder, 'keys')
    await makeFolder(keys)
    const key = (name: string): Promise<Signer> => openKeyFile(path.join(keys, `${name}.key`))
    const identity = signer ?? (await key('identity'))
    const kv = stack.use(await openDiskKv(path.join(folder, 'state')))
    const files = new DiskFiles(path.join(folder, 'log', 'files'))
    const peer = stack.use(
      await openPeer({
        signer: identity,
        home: folder,
        listen,
        ...(announce.length > 0 ? { announce } : {}),
        privateNetwork,
        ...(maxBytes === undefined ? {} : { maxBytes: { public: maxBytes, private: maxBytes } }),
        clock: systemClock,
        telemetry: { log: logger, meter: noMeter },
      }),
    )
    const { mesh, storage } = peer
    const owned = stack.move()
    return { folder, identity, key, kv, files, mesh, storage, logger, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
