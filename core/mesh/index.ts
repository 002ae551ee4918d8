export {
  type CallContext,
  defineProtocol,
  defineTopic,
  type Mesh,
  type Protocol,
  type ProtocolLimits,
  type Topic,
  type Verdict,
} from './mesh.ts'
export * from './protocols.ts'
