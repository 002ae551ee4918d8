export { type SimContributor, SimNetwork, type SimNetworkOptions, type SimValidator } from './sim-network.ts'
export { type SimulatedContributor, simulate, type SimulateOptions, type SimulateResult } from './simulate.ts'
