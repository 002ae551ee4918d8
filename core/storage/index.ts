import type { Libp2p, ServiceMap } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'
import type { HeliaStorageOptions } from './helia-storage.ts'
import type { Storage } from './storage.ts'

export { MAX_BLOCK_BYTES, putFile, readFile, walkCids, walkDag } from './blocks.ts'
export { type Car, readCar, writeCar } from './car.ts'
export type { HeliaStorageOptions } from './helia-storage.ts'
export { MemoryStorage, type MemoryStorageOptions, MemorySwarm } from './memory-storage.ts'
export { GC_GRACE_MS, keepQuota, mustCollect, type QuotaOptions } from './quota.ts'
export type { Block, Hold, Pin, PinMetadata, RetrieveOptions, Space, Storage, Usage } from './storage.ts'

/**
 * Blocks and pins on disk, with no network: for tools that read what a peer left. Loads Helia on first use.
 * Throws FatalError HOME_TOO_NEW, HOME_IN_USE, DISK_FULL, STORE_UNREADABLE.
 */
export async function openOfflineStorage(options: HeliaStorageOptions): Promise<Storage> {
  const { openOffline } = await import('./helia-storage.ts')
  return openOffline(options)
}

/** The same with a libp2p node of its own and bitswap over it; `core/peer` puts the mesh on that node. */
export async function openNetworkStorage<S extends ServiceMap>(
  options: HeliaStorageOptions & { network: Libp2pOptions<S> },
): Promise<{ storage: Storage; libp2p: Libp2p<S> }> {
  const { openOnline } = await import('./helia-storage.ts')
  return openOnline(options)
}
