/** A whole network in one process: for tests, for questions of "what if", for attacks. */
import '../core/disposal/index.ts'

export { changing, copycat, fabricating, forging, honest, lazy, Loot, vanishing } from './adversaries/index.ts'
export { SimMesh, type SimMeshOptions } from './mesh/index.ts'
export {
  type SimContributor,
  SimNetwork,
  type SimNetworkOptions,
  simulate,
  type SimulatedContributor,
  type SimulateOptions,
  type SimulateResult,
  type SimValidator,
} from './network/index.ts'
export { SimSite, type SimSiteOptions, SimWeb, type SimWebOptions } from './web/index.ts'
export { type LinkRules, type RunLimits, World, type WorldOptions } from './world/index.ts'
