export { SimMesh, type SimMeshOptions } from './mesh/index.ts'
export { type LinkRules, type RunLimits, World, type WorldOptions } from './world/index.ts'
