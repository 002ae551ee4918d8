import type { DiskKv } from './disk-kv.ts'

export type { DiskKv } from './disk-kv.ts'
export { MemoryKv } from './memory-kv.ts'

/** The durable Kv in `folder`; loads the store on first use. One process at a time: throws FatalError HOME_IN_USE otherwise. */
export async function openDiskKv(folder: string): Promise<DiskKv> {
  const { diskKvIn } = await import('./disk-kv.ts')
  return diskKvIn(folder)
}
