export { SimMesh, type SimMeshOptions } from './sim-mesh.ts'
