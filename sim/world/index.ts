export { KEEP_ALIVE_MS, type LinkRules, Network, pair } from './network.ts'
export { seededRandom } from './random.ts'
export { type RunLimits, World, type WorldOptions } from './world.ts'
