export { SimNetwork, type SimContributor, type SimNetworkOptions, type SimValidator } from './sim-network.ts'
