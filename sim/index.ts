export { SimMesh, type SimMeshOptions } from './mesh/index.ts'
export { type HostClass, type SimAnswer, type SimHost, SimSite, type SimSiteOptions, SimWeb, type SimWebOptions } from './web/index.ts'
export { type LinkRules, type RunLimits, World, type WorldOptions } from './world/index.ts'
