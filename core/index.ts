/** What every peer is made of; knows no role, no dataset, no epoch. Heavy packages load when something is opened. */
import './disposal/index.ts'

export * from './effects/index.ts'
export * from './envelope/index.ts'
export * from './errors/index.ts'
export * from './events/index.ts'
export * from './home/index.ts'
export * from './identity/index.ts'
export * from './kv/index.ts'
export * from './mesh/index.ts'
export * from './peer/index.ts'
export * from './storage/index.ts'
export * from './web/index.ts'
