export { type DiskKv, openDiskKv } from './disk-kv.ts'
export { MemoryKv } from './memory-kv.ts'
