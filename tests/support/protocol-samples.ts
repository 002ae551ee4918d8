/** One honest question and answer for every protocol of the table. */
import { keyFromSeed } from '../../core/identity/index.ts'
import { type Protocol, protocols } from '../../core/mesh/index.ts'
import { rawCid, utf8 } from '../../schemas/wire/index.ts'

const cid = rawCid(utf8('a block'))
const { did } = keyFromSeed(new Uint8Array(32).fill(7))
const ledger = `quern/${'a'.repeat(32)}`

const samples: Record<string, { query: unknown; reply: unknown }> = {
  '/quern/hello/1.0.0': {
    query: { role: 'contributor', ledger: null, addresses: [], seat: null },
    reply: { role: 'dao', ledger, peers: [{ did, role: 'validator', addresses: ['/ip4/127.0.0.1/tcp/1'] }] },
  },
  '/quern/submit/1.0.0': {
    query: { entry: utf8('entry'), files: [] },
    reply: { status: 'refused', code: 'BAD_SHAPE', message: 'no entry' },
  },
  '/quern/log/1.0.0': { query: { from: 0, limit: 256, old: 0 }, reply: { status: 'empty' } },
  '/quern/witness/1.0.0': { query: { body: 'old 0\n' }, reply: { status: 404, body: '' } },
  '/quern/blocks/1.0.0': { query: { cids: [cid] }, reply: { blocks: [utf8('a block')] } },
  '/quern/hold/1.0.0': { query: { manifest: cid, from: did }, reply: { status: 'held' } },
  '/quern/receipt/1.0.0': { query: { manifest: cid }, reply: { status: 'unknown' } },
  '/quern/deposit-key/1.0.0': { query: {}, reply: { key: utf8('key') } },
  '/quern/deposit/1.0.0': { query: { sealed: utf8('sealed') }, reply: { status: 'held', ack: utf8('ack') } },
  '/quern/pool-key/1.0.0': { query: { sealed: utf8('age file') }, reply: { status: 'held', ack: utf8('ack') } },
  '/quern/tokens/1.0.0': { query: { request: utf8('request') }, reply: { status: 'ok', answer: utf8('answer') } },
  '/quern/keyreq/1.0.0': { query: { request: utf8('request'), order: null }, reply: { status: 'ok', sealed: utf8('sealed') } },
  '/quern/owner-part/1.0.0': { query: { request: utf8('request'), order: null }, reply: { status: 'ok', sealed: utf8('sealed') } },
  '/quern/withdraw/1.0.0': { query: { withdrawal: utf8('withdrawal') }, reply: { status: 'noted' } },
  '/quern/access-log/1.0.0': { query: { request: utf8('request') }, reply: { status: 'ok', head: utf8('head'), lines: [] } },
  '/quern/reshare/1.0.0': {
    query: { order: utf8('order'), step: { what: 'take', parts: [utf8('one'), utf8('two')] } },
    reply: { status: 'done' },
  },
  '/quern/inclusion/1.0.0': { query: { request: utf8('request') }, reply: { status: 'absent' } },
  '/quern/aggregate/1.0.0': {
    query: { round: utf8('round'), step: { what: 'sum', said: [utf8('note')] } },
    reply: { status: 'said', bytes: utf8('partial') },
  },
  '/quern/ready/1.0.0': { query: { epoch: 1, phase: 'gather' }, reply: { status: 'noted' } },
}

/** Every protocol with its sample; throws for a protocol that was added without one. */
export const sampled = (protocols as readonly Protocol[]).map((protocol) => {
  const sample = samples[protocol.id]
  if (sample === undefined) throw new Error(`add a sample for ${protocol.id} to tests/support/protocol-samples.ts`)
  return { protocol, query: protocol.query.parse(sample.query), reply: protocol.reply.parse(sample.reply) }
})
