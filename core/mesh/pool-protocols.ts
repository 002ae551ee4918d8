/** What contributors, keyholders, scorers and assemblers of personal pools ask each other. Signed objects travel as their DAG-CBOR bytes. */
import { z } from 'zod'
import { AGGREGATORS, bytesUpTo, MAX_LIST_BYTES, MAX_ORDER_BYTES, MAX_ROUND_BYTES, MAX_WITHDRAWAL_BYTES } from '../../schemas/wire/index.ts'
import { defineProtocol } from './mesh.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** An age file around one keyholder's part of a contribution. */
const sealedPart = bytesUpTo(224 * KiB)
const refused = z.strictObject({ status: z.literal('refused'), code: z.string().max(64), message: z.string().max(512) })

/** A keyholder's key of the day, to which deposits are sealed: DAG-CBOR of a depositKey. */
export const depositKeyProtocol = defineProtocol({
  id: '/quern/deposit-key/1.0.0',
  query: z.strictObject({}),
  reply: z.strictObject({ key: bytesUpTo(4 * KiB) }),
  limits: { queryBytes: 1 * KiB, replyBytes: 8 * KiB, timeoutMs: 15_000, inboundStreams: 4 },
})

/** Hands a keyholder its share; the answer is a depositAck once the share is verified and on disk. May come twice. */
export const depositProtocol = defineProtocol({
  id: '/quern/deposit/1.0.0',
  query: z.strictObject({ sealed: sealedPart }),
  reply: z.discriminatedUnion('status', [z.strictObject({ status: z.literal('held'), ack: bytesUpTo(1 * KiB) }), refused]),
  limits: { queryBytes: 256 * KiB, replyBytes: 4 * KiB, timeoutMs: 60_000, inboundStreams: 4 },
})

/** Asks for partials: a keyRequest, and of an assembler its releaseOrder. The answer is an age file to the request's `reply`. */
export const keyreqProtocol = defineProtocol({
  id: '/quern/keyreq/1.0.0',
  query: z.strictObject({ request: bytesUpTo(4 * KiB), order: bytesUpTo(MAX_ORDER_BYTES).nullable() }),
  reply: z.discriminatedUnion('status', [z.strictObject({ status: z.literal('ok'), sealed: bytesUpTo(16 * KiB) }), refused]),
  limits: { queryBytes: 72 * KiB, replyBytes: 20 * KiB, timeoutMs: 60_000, inboundStreams: 4 },
})

/**
 * The same of the owner, whose part a chunk key takes besides under `committee+owner`. Owners' nodes listen nowhere and are connected to their DAO:
 * it carries the question there and the answer back, and can read neither key nor chunk. The time is a person's, who may be asked.
 */
export const ownerPartProtocol = defineProtocol({
  id: '/quern/owner-part/1.0.0',
  query: keyreqProtocol.query,
  reply: keyreqProtocol.reply,
  limits: { queryBytes: 72 * KiB, replyBytes: 20 * KiB, timeoutMs: 150_000, inboundStreams: 16 },
})

/** Hands a keyholder its share of the pool's key: a poolKeyPart, sealed to its key of the day. The answer is a poolKeyAck. May come twice. */
export const poolKeyProtocol = defineProtocol({
  id: '/quern/pool-key/1.0.0',
  query: z.strictObject({ sealed: bytesUpTo(16 * KiB) }),
  reply: z.discriminatedUnion('status', [z.strictObject({ status: z.literal('held'), ack: bytesUpTo(1 * KiB) }), refused]),
  limits: { queryBytes: 20 * KiB, replyBytes: 4 * KiB, timeoutMs: 30_000, inboundStreams: 2 },
})

/** Asks for a pool's tokens: a tokenRequest in, a tokenAnswer out. Blinded, so nothing of it is sealed. */
export const tokensProtocol = defineProtocol({
  id: '/quern/tokens/1.0.0',
  query: z.strictObject({ request: bytesUpTo(2 * KiB) }),
  reply: z.discriminatedUnion('status', [z.strictObject({ status: z.literal('ok'), answer: bytesUpTo(2 * KiB) }), refused]),
  limits: { queryBytes: 4 * KiB, replyBytes: 4 * KiB, timeoutMs: 30_000, inboundStreams: 2 },
})

/** A withdrawal. `shredded` carries a shredAck; `noted`: nothing is held under it, or only optional purposes went; it is remembered all the same. */
export const withdrawProtocol = defineProtocol({
  id: '/quern/withdraw/1.0.0',
  query: z.strictObject({ withdrawal: bytesUpTo(MAX_WITHDRAWAL_BYTES) }),
  reply: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('shredded'), ack: bytesUpTo(1 * KiB) }),
    z.strictObject({ status: z.literal('noted') }),
    refused,
  ]),
  limits: { queryBytes: 4 * KiB, replyBytes: 4 * KiB, timeoutMs: 60_000, inboundStreams: 4 },
})

/** Who asked for what of a contribution: for its subject alone (GDPR Article 15). An accessRequest in, accessLines and a signed accessHead out. */
export const accessLogProtocol = defineProtocol({
  id: '/quern/access-log/1.0.0',
  query: z.strictObject({ request: bytesUpTo(1 * KiB) }),
  reply: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('ok'), head: bytesUpTo(1 * KiB), lines: z.array(bytesUpTo(2 * KiB)).max(256) }),
    refused,
  ]),
  limits: { queryBytes: 2 * KiB, replyBytes: 1 * MiB, timeoutMs: 30_000, inboundStreams: 2 },
})

/**
 * The steps of a reshare, told by whoever carries its order: old members deal (sealed to the new members' keys of the day, in order of seats),
 * new ones take, and all change over when every new member said that it is ready.
 */
export const reshareProtocol = defineProtocol({
  id: '/quern/reshare/1.0.0',
  query: z.strictObject({
    order: bytesUpTo(8 * KiB),
    step: z.discriminatedUnion('what', [
      z.strictObject({
        what: z.literal('deal'),
        keys: z
          .array(bytesUpTo(4 * KiB))
          .min(2)
          .max(32),
      }),
      z.strictObject({ what: z.literal('take'), parts: z.array(sealedPart).min(2).max(16) }),
      z.strictObject({
        what: z.literal('commit'),
        ready: z
          .array(bytesUpTo(1 * KiB))
          .min(2)
          .max(32),
      }),
    ]),
  }),
  reply: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('dealt'), parts: z.array(sealedPart).min(2).max(32) }),
    z.strictObject({ status: z.literal('ready'), ready: bytesUpTo(1 * KiB) }),
    z.strictObject({ status: z.literal('done') }),
    refused,
  ]),
  limits: { queryBytes: 4 * MiB, replyBytes: 8 * MiB, timeoutMs: 120_000, inboundStreams: 2 },
})

/** A subject asks the operator for the proof that it is in a release: an inclusionRequest in, a poolInclusion out. */
export const inclusionProtocol = defineProtocol({
  id: '/quern/inclusion/1.0.0',
  query: z.strictObject({ request: bytesUpTo(1 * KiB) }),
  reply: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('in'), proof: bytesUpTo(4 * KiB) }),
    z.strictObject({ status: z.literal('absent') }),
    refused,
  ]),
  limits: { queryBytes: 2 * KiB, replyBytes: 8 * KiB, timeoutMs: 15_000, inboundStreams: 4 },
})

/**
 * A round of a pool's statistics, told to each aggregator by the account that the round names: what it holds (`list`), that it has summed what all
 * three lists allow (`ready`), its sum with noise (`sum`), its signature under what the sums give (`sign`). `said` is what the three answered to
 * the step before.
 */
export const aggregateProtocol = defineProtocol({
  id: '/quern/aggregate/1.0.0',
  query: z.strictObject({
    round: bytesUpTo(MAX_ROUND_BYTES),
    step: z.strictObject({ what: z.enum(['list', 'ready', 'sum', 'sign']), said: z.array(bytesUpTo(MAX_LIST_BYTES)).max(AGGREGATORS) }),
  }),
  reply: z.discriminatedUnion('status', [z.strictObject({ status: z.literal('said'), bytes: bytesUpTo(MAX_LIST_BYTES) }), refused]),
  limits: { queryBytes: 13 * MiB, replyBytes: 5 * MiB, timeoutMs: 60_000, inboundStreams: 2 },
})

export const poolProtocols = [
  depositKeyProtocol,
  depositProtocol,
  keyreqProtocol,
  ownerPartProtocol,
  poolKeyProtocol,
  tokensProtocol,
  withdrawProtocol,
  accessLogProtocol,
  reshareProtocol,
  inclusionProtocol,
  aggregateProtocol,
] as const
