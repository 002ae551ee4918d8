/** Every question a peer of Quern may ask another. One value each; PROTOCOL.md prints this table. */
import { z } from 'zod'
import { bytesUpTo, cid, did, MAX_WITHDRAWAL_BYTES, PHASES, uint, validatorStatement } from '../../schemas/wire/index.ts'
import { defineProtocol, defineTopic } from './mesh.ts'
import { poolProtocols } from './pool-protocols.ts'

const KiB = 1024
const MiB = 1024 * KiB
const multiaddr = z.string().max(512)
const role = z.enum(['dao', 'contributor', 'validator', 'guest'])

/** First word on a new connection: which ledger, who are you, whom do you know. A validator may ask for its seat here. */
export const helloProtocol = defineProtocol({
  id: '/quern/hello/1.0.0',
  query: z.strictObject({
    role,
    ledger: z.string().max(128).nullable(),
    addresses: z.array(multiaddr).max(16),
    seat: validatorStatement.nullable(),
  }),
  reply: z.strictObject({
    role,
    ledger: z.string().max(128),
    /** Known peers of the ledger: the DAO names the roster's validators and where they listen. */
    peers: z.array(z.strictObject({ did, role, addresses: z.array(multiaddr).max(16) })).max(1024),
  }),
  limits: { queryBytes: 16 * KiB, replyBytes: 1 * MiB, timeoutMs: 15_000, inboundStreams: 8 },
})

/** Hands an entry to the sequencer, with the ledger files it names that only its author has yet (charter, report, fraud proof). */
export const submitProtocol = defineProtocol({
  id: '/quern/submit/1.0.0',
  query: z.strictObject({ entry: bytesUpTo(64_000), files: z.array(bytesUpTo(16 * MiB)).max(4) }),
  reply: z.discriminatedUnion('status', [
    /** DAG-CBOR of a submitReceipt. */
    z.strictObject({ status: z.literal('receipt'), receipt: bytesUpTo(1024) }),
    z.strictObject({ status: z.literal('refused'), code: z.string().max(64), message: z.string().max(512) }),
    /** From one whose term is over; nobody says it before roles take terms over. */
    z.strictObject({ status: z.literal('elsewhere') }),
  ]),
  limits: { queryBytes: 18 * MiB, replyBytes: 8 * KiB, timeoutMs: 60_000, inboundStreams: 16 },
})

/** Follows the log: the newest published checkpoint and entries from an index on, whole bundles at most. */
export const logProtocol = defineProtocol({
  id: '/quern/log/1.0.0',
  query: z.strictObject({
    from: uint,
    limit: z.int().min(0).max(1024),
    /** Size of the checkpoint we hold, for the consistency proof. */ old: uint,
  }),
  reply: z.discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('ok'),
      /** C2SP checkpoint note with its cosignatures. */
      checkpoint: z.string().max(64 * KiB),
      consistency: z.array(bytesUpTo(32)).max(64),
      entries: z.array(bytesUpTo(64_000)).max(1024),
    }),
    z.strictObject({ status: z.literal('empty') }),
  ]),
  limits: { queryBytes: 1 * KiB, replyBytes: 8 * MiB, timeoutMs: 30_000, inboundStreams: 16 },
})

/** C2SP tlog-witness `add-checkpoint` over the mesh: `body` is the HTTP body, the reply is status and body of the HTTP answer. */
export const witnessProtocol = defineProtocol({
  id: '/quern/witness/1.0.0',
  query: z.strictObject({ body: z.string().max(64 * KiB) }),
  reply: z.strictObject({ status: uint, body: z.string().max(16 * KiB) }),
  limits: { queryBytes: 80 * KiB, replyBytes: 32 * KiB, timeoutMs: 15_000, inboundStreams: 4 },
})

/**
 * Blocks by CID from the spaces that the caller may read; a block we lack, or may not show, is null. No fetch on miss. A ledger file that is one
 * object (a report, a fraud proof) may be larger than any block of a batch, and is asked for alone.
 */
export const blocksProtocol = defineProtocol({
  id: '/quern/blocks/1.0.0',
  query: z.strictObject({ cids: z.array(cid).min(1).max(256) }),
  reply: z.strictObject({ blocks: z.array(bytesUpTo(16 * MiB).nullable()).max(256) }),
  limits: { queryBytes: 32 * KiB, replyBytes: 17 * MiB, timeoutMs: 60_000, inboundStreams: 16 },
})

/** "Hold this revealed batch": from the DAO to a further replica. It answers when every block is pinned. */
export const holdProtocol = defineProtocol({
  id: '/quern/hold/1.0.0',
  query: z.strictObject({ manifest: cid, from: did }),
  reply: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('held') }),
    z.strictObject({ status: z.literal('refused'), code: z.string().max(64) }),
  ]),
  limits: { queryBytes: 1 * KiB, replyBytes: 1 * KiB, timeoutMs: 300_000, inboundStreams: 4 },
})

/** A contributor asks the DAO for the receipt of a revealed batch. */
export const receiptProtocol = defineProtocol({
  id: '/quern/receipt/1.0.0',
  query: z.strictObject({ manifest: cid }),
  reply: z.discriminatedUnion('status', [
    /** DAG-CBOR of a batchReceipt. */
    z.strictObject({ status: z.literal('receipt'), receipt: bytesUpTo(8 * KiB) }),
    z.strictObject({ status: z.literal('pending'), held: uint, wanted: uint }),
    z.strictObject({ status: z.literal('unknown') }),
  ]),
  limits: { queryBytes: 1 * KiB, replyBytes: 16 * KiB, timeoutMs: 15_000, inboundStreams: 4 },
})

/** "I have nothing more to do in this phase": lets the operator's service end it early. Politeness, not consensus: a phase also ends by its limits. */
export const readyProtocol = defineProtocol({
  id: '/quern/ready/1.0.0',
  query: z.strictObject({ epoch: uint, phase: z.enum(PHASES) }),
  reply: z.strictObject({ status: z.literal('noted') }),
  limits: { queryBytes: 1 * KiB, replyBytes: 1 * KiB, timeoutMs: 15_000, inboundStreams: 4 },
})

export const protocols = [
  helloProtocol,
  submitProtocol,
  logProtocol,
  witnessProtocol,
  blocksProtocol,
  holdProtocol,
  receiptProtocol,
  readyProtocol,
  ...poolProtocols,
] as const

/** New checkpoints, as their note text. */
export const checkpointTopic = (ledger: string) =>
  defineTopic({ name: `/quern/${ledger}/checkpoint/1`, message: z.strictObject({ note: z.string().max(32 * KiB) }), maxBytes: 48 * KiB })

/** One revealed batch, under 1 KiB. */
export const batchTopic = (ledger: string) =>
  defineTopic({
    name: `/quern/${ledger}/batch/1`,
    message: z.strictObject({ manifest: cid, contributor: did, count: uint }),
    maxBytes: 1 * KiB,
  })

/** A subject's withdrawal, for the keyholders and the DAO that it could not tell itself: DAG-CBOR of a withdrawal. */
export const withdrawalTopic = (ledger: string) =>
  defineTopic({
    name: `/quern/${ledger}/withdrawal/1`,
    message: z.strictObject({ withdrawal: bytesUpTo(MAX_WITHDRAWAL_BYTES) }),
    maxBytes: 3 * KiB,
  })
