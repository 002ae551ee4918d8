export { deadlineOf } from './deadline.ts'
export { GOSSIP } from './gossip-rules.ts'
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
export { decodeMessage, decodeQuery, decodeReply, encodeMessage, encodeQuery, encodeReply } from './messages.ts'
export * from './protocols.ts'
export { Busy, SlotsPerPeer } from './slots.ts'
