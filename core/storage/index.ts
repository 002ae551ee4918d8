export { MAX_BLOCK_BYTES, putFile, readFile, walkDag } from './blocks.ts'
export { type Car, readCar, writeCar } from './car.ts'
export { MemoryStorage, type MemoryStorageOptions, MemorySwarm } from './memory-storage.ts'
export type { Block, Pin, PinMetadata, Space, Storage, Usage } from './storage.ts'
