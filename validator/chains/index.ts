export { CHAIN_LENGTH, HashChain, openChain } from './hash-chain.ts'
