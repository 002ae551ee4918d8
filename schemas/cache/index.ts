export { ByteLru } from './byte-lru.ts'
export { Lru } from './lru.ts'
