export { ByteLru, Lru } from '../../schemas/cache/index.ts'
