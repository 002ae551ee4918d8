/** What operators see of the mesh. Labels: protocol (our own table), outcome, verdict; peers go to the log. */
import { codeOf, toError } from '../errors/index.ts'
import { counter, gauge, histogram, SECONDS, type Telemetry } from '../events/index.ts'
import type { Protocol, Topic, Verdict } from './mesh.ts'

const asked = histogram('quern_ask_seconds', 'Time of calls to other peers, by outcome code.', SECONDS, ['protocol', 'outcome'])
const served = histogram('quern_serve_seconds', 'Time of calls served, by outcome code.', SECONDS, ['protocol', 'outcome'])
const gossip = counter('quern_gossip_total', 'Gossip messages received, by verdict.', ['topic', 'verdict'])
const peers = gauge('quern_peers', 'Peers connected.')

interface CallEvent {
  protocol: Protocol
  peer: string
  ms: number
  /** What ended it; absent when it went well. */
  error?: unknown
}

export function callEnded({ log, meter }: Telemetry, { protocol, peer, ms, error }: CallEvent): void {
  const outcome = error === undefined ? 'ok' : codeOf(error)
  meter.observe(asked, ms / 1000, { protocol: protocol.id, outcome })
  log.debug('mesh.asked', { protocol: protocol.id, peer, ms, outcome })
}

export function callServed({ log, meter }: Telemetry, { protocol, peer, ms, error }: CallEvent): void {
  const outcome = error === undefined ? 'ok' : codeOf(error)
  meter.observe(served, ms / 1000, { protocol: protocol.id, outcome })
  const fields = { protocol: protocol.id, peer, ms, outcome }
  // our own handler failed: somebody should look; what peers do wrong is their business
  if (outcome === 'INTERNAL' || outcome === 'BAD_REPLY' || outcome === 'REPLY_TOO_LARGE')
    log.error('mesh.handler-failed', { ...fields, error: toError(error).message })
  else log.debug('mesh.served', fields)
}

/** A peer has more calls under way than the protocol allows. */
export function callRefused({ log, meter }: Telemetry, { protocol, peer }: { protocol: Protocol; peer: string }): void {
  meter.observe(served, 0, { protocol: protocol.id, outcome: 'BUSY' })
  log.debug('mesh.refused', { protocol: protocol.id, peer })
}

export function gossipJudged({ log, meter }: Telemetry, { topic, from, verdict }: { topic: Topic; from: string; verdict: Verdict }): void {
  // the ledger id is part of the name and stays out of the label
  meter.add(gossip, { topic: topic.name.split('/').at(-2) ?? '', verdict })
  if (verdict === 'reject') log.warn('mesh.gossip-rejected', { topic: topic.name, from })
}

export function peerChanged(
  { log, meter }: Telemetry,
  { peer, connected, count }: { peer: string; connected: boolean; count: number },
): void {
  meter.set(peers, count)
  log.info(connected ? 'mesh.peer-connected' : 'mesh.peer-disconnected', { peer, peers: count })
}
