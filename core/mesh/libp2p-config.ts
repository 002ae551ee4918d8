/** How a libp2p node of Quern is built. Every option here has its reason in docs/decisions/libp2p-options.md. */
import { createTopicScoreParams } from '@chainsafe/libp2p-gossipsub/score'
import { type GossipSub, type GossipSubComponents, type GossipsubOpts, gossipsub, StrictSign } from '@chainsafe/libp2p-gossipsub'
import { identify } from '@libp2p/identify'
import type { ServiceMap } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Libp2pOptions } from 'libp2p'
import type { Clock } from '../effects/index.ts'
import { openLibp2pKey, type Signer } from '../identity/index.ts'
import { batchTopic, checkpointTopic, withdrawalTopic } from './protocols.ts'
import { GOSSIP, Standing } from './standing.ts'

export interface Libp2pMeshOptions {
  signer: Signer
  clock: Clock
  /** Multiaddrs to listen on; empty for a peer that only dials out. */
  listen: string[]
  /** Multiaddrs to tell others instead of those listened on: behind a NAT or a container's port mapping. */
  announce?: string[]
  /** All peers may share one address (one machine, one compose network): no penalty for it, no limit on connections per second and host. */
  privateNetwork?: boolean
  /** Topics of these ledgers are the only ones taken. Unknown before the first hello: then topics are bounded by number instead. */
  ledgers?: string[]
  /** Further topics, beside those of the ledgers. */
  topics?: string[]
}

export interface MeshServices extends ServiceMap {
  pubsub: GossipSub
}

/** Faults counted for the gossipsub instance that asks for the score. */
const standings = new WeakMap<object, Standing>()

/** The standing that feeds this gossipsub's application score; undefined when it was built elsewhere. */
export function standingOf(pubsub: GossipSub): Standing | undefined {
  return standings.get(pubsub)
}

/** Options for `createLibp2p`, or for Helia's `withLibp2pLight`. Add transports, a datastore or services as needed. */
export async function libp2pConfig(options: Libp2pMeshOptions): Promise<Libp2pOptions<MeshServices>> {
  const { signer, listen, announce = [], privateNetwork = false } = options
  return {
    privateKey: await openLibp2pKey(signer),
    addresses: { listen, ...(announce.length > 0 ? { announce } : {}) },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: 512, maxOutboundStreams: 512, maxEarlyStreams: 512 })],
    connectionManager: privateNetwork
      ? { maxConnections: 1000, inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 1000 }
      : {},
    connectionMonitor: { pingInterval: 30_000, pingTimeout: { minTimeout: 30_000, maxTimeout: 60_000 } },
    services: { identify: identify(), ping: ping(), pubsub: gossipService(options) },
  }
}

function gossipService({
  clock,
  privateNetwork = false,
  ledgers = [],
  topics = [],
}: Libp2pMeshOptions): (components: GossipSubComponents) => GossipSub {
  const standing = new Standing(clock)
  const known = [
    ...ledgers.flatMap((ledger) => [checkpointTopic, batchTopic, withdrawalTopic].map((topic) => topic(ledger).name)),
    ...topics,
  ]
  const options: Partial<GossipsubOpts> = {
    globalSignaturePolicy: StrictSign,
    fallbackToFloodsub: false,
    emitSelf: false,
    floodPublish: true,
    doPX: false,
    allowPublishToZeroTopicPeers: true,
    ...(known.length > 0 ? { allowedTopics: known } : {}),
    maxTopicBytesPerPeer: 32 << 10,
    maxInboundDataLength: 512 << 10,
    maxOutboundBufferSize: 4 << 20,
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: 256,
      maxIhaveMessageIDs: 1024,
      maxIwantMessageIDs: 1024,
      maxControlMessages: 64,
      maxIdontwantMessageIDs: 256,
      maxPeerInfos: 0,
    },
    scoreThresholds: { graylistThreshold: GOSSIP.graylist },
    scoreParams: {
      appSpecificScore: (peer) => standing.score(peer),
      appSpecificWeight: 1,
      ...(privateNetwork ? { IPColocationFactorWeight: 0 } : {}),
      topics: Object.fromEntries(known.map((topic) => [topic, quietTopic()])),
    },
    seenTTL: GOSSIP.seenMs,
  }
  const create = gossipsub(options)
  return (components) => {
    const pubsub = create(components)
    standings.set(pubsub, standing)
    return pubsub
  }
}

/**
 * Our topics carry a message a minute: the parameters that reward or punish by message rate (P1 to P3) would only punish silence,
 * so they are off. P4 stays, for messages whose signature is bad: they never reach our own judges.
 */
const quietTopic = (): ReturnType<typeof createTopicScoreParams> =>
  createTopicScoreParams({
    topicWeight: 1,
    timeInMeshWeight: 0,
    firstMessageDeliveriesWeight: 0,
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    invalidMessageDeliveriesWeight: GOSSIP.rejectWeight,
    invalidMessageDeliveriesDecay: 0.99,
  })
