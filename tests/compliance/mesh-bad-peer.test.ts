/**
 * Peers that break the rules on the wire itself, below anything `Mesh` can say, against every protocol of the table:
 * whatever they do, an honest peer is served meanwhile and afterwards, and nothing of theirs stays behind.
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { varint } from 'multiformats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateKey } from '../../core/identity/index.ts'
import {
  defineTopic,
  encodeQuery,
  encodeReply,
  type Mesh,
  type MeshServices,
  openLibp2pConfig,
  openLibp2pMesh,
  openMeshOver,
  type Protocol,
} from '../../core/mesh/index.ts'
import { concatBytes, encode, peerMultihash, utf8 } from '../../schemas/wire/index.ts'
import { z } from 'zod'
import { sampled } from '../support/protocol-samples.ts'
import { eventually, realClock } from '../support/real-clock.ts'

const common = { clock: realClock, privateNetwork: true }
const listening = { listen: ['/ip4/127.0.0.1/tcp/0'] }

/** A node without a mesh on it: it says what the test makes it say. */
async function rawNode(listen = false): Promise<Libp2p<MeshServices>> {
  const node = await createLibp2p(await openLibp2pConfig({ ...common, signer: generateKey(), listen: listen ? listening.listen : [] }))
  await node.start()
  return node
}

function frame(bytes: Uint8Array, claimed = bytes.byteLength): Uint8Array {
  const prefix = new Uint8Array(varint.encodingLength(claimed))
  varint.encodeTo(claimed, prefix)
  return concatBytes(prefix, bytes)
}

/** The same protocols with less patience, so that the suite need not wait for minutes. */
const hurried = (protocol: Protocol): Protocol => ({ ...protocol, limits: { ...protocol.limits, timeoutMs: 3000 } })
const outcome = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'fine',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )
type Sample = (typeof sampled)[number]
const ended = (stream: Stream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.status !== 'open') resolve()
    else stream.addEventListener('close', () => resolve(), { once: true })
  })

describe('a server', () => {
  let server: Mesh
  let serverNode: Libp2p
  let good: Mesh
  let bad: Libp2p
  let connection: Connection
  const served = new Map<string, number>()
  let opened: AsyncDisposableStack

  beforeAll(async () => {
    opened = new AsyncDisposableStack()
    const node = await createLibp2p(await openLibp2pConfig({ ...common, ...listening, signer: generateKey() }))
    await node.start()
    serverNode = node
    opened.defer(() => node.stop())
    server = opened.use(await openMeshOver({ node, clock: realClock }))
    good = opened.use(await openLibp2pMesh({ ...common, signer: generateKey(), listen: [] }))
    await good.connect(server.addresses())
    bad = await rawNode()
    opened.defer(() => bad.stop())
    connection = await bad.dial(server.addresses().map((address) => multiaddr(address)))
    for (const { protocol, reply } of sampled)
      server.handle(hurried(protocol), async () => {
        served.set(protocol.id, (served.get(protocol.id) ?? 0) + 1)
        return reply
      })
  })
  afterAll(() => opened.disposeAsync())

  const open = (id: string): Promise<Stream> => connection.newStream(id, { maxOutboundStreams: 1000 })
  const leftOver = (id: string): number =>
    serverNode.getConnections(bad.peerId).flatMap(({ streams }) => streams.filter(({ protocol }) => protocol === id)).length
  const onEach = (body: (sample: Sample) => Promise<void>): Promise<void[]> => Promise.all(sampled.map(body))

  /** A bad turn: what is sent on a stream before it is left alone. Each must end by the server's doing. */
  const turns: [string, (stream: Stream, question: Uint8Array, limit: number) => void][] = [
    ['says nothing', () => {}],
    ['stops inside the length', (stream) => void stream.send(Uint8Array.of(0x80))],
    ['stops inside the frame', (stream, question) => void stream.send(frame(question).subarray(0, -1))],
    ['claims more than the limit', (stream, question, limit) => void stream.send(frame(question, limit + 1))],
    ['claims terabytes', (stream) => void stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01))],
    ['writes its length the long way', (stream) => void stream.send(Uint8Array.of(0x81, 0x00, 0xa0))],
    ['sends an empty frame', (stream) => void stream.send(Uint8Array.of(0))],
    ['sends garbage', (stream) => void stream.send(frame(Uint8Array.from({ length: 200 }, (_, i) => (i * 167) & 255)))],
    ['sends a byte too many', (stream, question) => void stream.send(concatBytes(frame(question), Uint8Array.of(0)))],
    ['hangs up at once', (stream) => stream.abort(new Error('bye'))],
    ['closes without a word', (stream) => void stream.close()],
    [
      'closes inside the frame',
      (stream, question) => {
        stream.send(frame(question).subarray(0, -1))
        void stream.close()
      },
    ],
  ]

  it.each(turns)('survives a peer that %s, on every protocol', async (_, turn) => {
    await onEach(async ({ protocol, query }) => {
      const { id, limits } = protocol
      const question = encodeQuery(protocol, query)
      const before = served.get(id) ?? 0
      const streams = await Promise.all(Array.from({ length: Math.min(4, limits.inboundStreams) }, () => open(id)))
      for (const stream of streams) turn(stream, question, limits.queryBytes)
      // served while the bad streams are open …
      await good.ask(server.peer, protocol, query)
      await Promise.all(streams.map(ended))
      await eventually(() => leftOver(id) === 0)
      // … and the bad peer itself once it behaves
      const honest = await open(id)
      honest.send(frame(question))
      await eventually(() => honest.status !== 'open' || honest.remoteWriteStatus === 'closed')
      await honest.close()
      expect((served.get(id) ?? 0) - before, id).toBeGreaterThanOrEqual(2)
    })
  })

  it('survives a flood of streams, and holds no more of them than it says', async () => {
    for (const { protocol, query } of sampled) {
      const { id, limits } = protocol
      const streams = await Promise.allSettled(Array.from({ length: 300 }, () => open(id)))
      const got = streams.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      await good.ask(server.peer, protocol, query)
      expect(leftOver(id), id).toBeLessThanOrEqual(2 * limits.inboundStreams + 8)
      for (const stream of got) stream.abort(new Error('bye'))
      await eventually(() => leftOver(id) === 0)
      expect(server.peers()).toContain(good.peer)
    }
  })

  it('survives a peer that asks and never reads', async () => {
    await onEach(async ({ protocol, query }) => {
      const { id, limits } = protocol
      const streams = await Promise.all(Array.from({ length: Math.min(4, limits.inboundStreams) }, () => open(id)))
      for (const stream of streams) {
        stream.pause()
        stream.send(frame(encodeQuery(protocol, query)))
      }
      expect(await outcome(good.ask(server.peer, protocol, query)), id).toBe('fine')
      for (const stream of streams) stream.abort(new Error('bye'))
      await eventually(() => leftOver(id) === 0)
    })
  })

  it('takes large frames in turn, within its budget, and small ones beside them', async () => {
    const [small, big] = sampled as [Sample, Sample]
    expect([small.protocol.id, big.protocol.id]).toEqual(['/quern/hello/1.0.0', '/quern/submit/1.0.0'])
    const patient = { ...big.protocol, limits: { ...big.protocol.limits, timeoutMs: 10_000 } }
    server.handle(patient, async () => big.reply)
    const streams = await Promise.all(Array.from({ length: 16 }, () => open(big.protocol.id)))
    const before = process.memoryUsage().arrayBuffers
    // each claims 18 MiB and sends one: two of them fit the budget of a peer, the others are paused
    for (const stream of streams) stream.send(frame(new Uint8Array(1 << 20), 18 << 20))
    const paused = (): number =>
      serverNode.getConnections(bad.peerId).flatMap((one) => one.streams.filter(({ readStatus }) => readStatus === 'paused')).length
    await eventually(() => paused() === 14)
    await good.ask(server.peer, small.protocol, small.query)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 << 20)
    for (const stream of streams) stream.abort(new Error('bye'))
    await eventually(() => leftOver(big.protocol.id) === 0)
    await good.ask(server.peer, big.protocol, big.query)
  })

  it('survives a peer that hangs up in the middle of everything', async () => {
    const doomed = await rawNode()
    const line = await doomed.dial(server.addresses().map((address) => multiaddr(address)))
    for (const { protocol, query } of sampled) {
      const stream = await line.newStream(protocol.id)
      stream.send(frame(encodeQuery(protocol, query)).subarray(0, -1))
    }
    line.abort(new Error('gone'))
    await doomed.stop()
    await eventually(() => !server.peers().includes(doomed.peerId.toString()))
    for (const { protocol, query } of sampled) expect(await outcome(good.ask(server.peer, protocol, query)), protocol.id).toBe('fine')
  })
})

describe('a caller', () => {
  let caller: Mesh
  let bad: Libp2p
  const answers = new Map<string, (stream: Stream) => void>()
  let opened: AsyncDisposableStack

  beforeAll(async () => {
    opened = new AsyncDisposableStack()
    bad = await rawNode(true)
    opened.defer(() => bad.stop())
    caller = opened.use(await openLibp2pMesh({ ...common, signer: generateKey(), listen: [] }))
    await caller.connect(bad.getMultiaddrs().map(String))
    for (const { protocol } of sampled)
      await bad.handle(protocol.id, (stream) => answers.get(protocol.id)?.(stream), { maxInboundStreams: 100 })
  })
  afterAll(() => opened.disposeAsync())

  const turns: [string, string, (stream: Stream, honest: Uint8Array, limit: number) => void][] = [
    ['never answers', 'CALL_TIMEOUT', () => {}],
    ['resets', 'CALL_RESET', (stream) => stream.abort(new Error('no'))],
    ['closes without a word', 'CALL_RESET', (stream) => void stream.close()],
    [
      'closes inside its answer',
      'CALL_RESET',
      (stream, honest) => {
        stream.send(honest.subarray(0, -1))
        void stream.close()
      },
    ],
    ['stops inside its answer', 'CALL_TIMEOUT', (stream, honest) => void stream.send(honest.subarray(0, -1))],
    ['claims too much', 'TOO_LARGE', (stream, honest, limit) => void stream.send(frame(honest, limit + 1))],
    ['answers garbage', 'BAD_REPLY', (stream) => void stream.send(frame(Uint8Array.of(0xff, 1, 2, 3)))],
    ['answers another question', 'BAD_REPLY', (stream) => void stream.send(frame(Uint8Array.of(0xa0)))],
    ['answers twice', 'BAD_FRAME', (stream, honest) => void stream.send(concatBytes(honest, honest))],
  ]

  it.each(turns)('is not held by a peer that %s, on any protocol', async (_, code, turn) => {
    const peer = bad.peerId.toString()
    await Promise.all(
      sampled.map(async ({ protocol, query, reply }) => {
        const honest = frame(encodeReply(protocol, reply))
        answers.set(protocol.id, (stream) => turn(stream, honest, protocol.limits.replyBytes))
        // more calls than slots: each must give its slot back
        const calls = Array.from({ length: protocol.limits.inboundStreams + 2 }, () =>
          outcome(caller.ask(peer, protocol, query, code === 'CALL_TIMEOUT' ? { timeoutMs: 1000 } : {})),
        )
        expect(new Set(await Promise.all(calls)), protocol.id).toEqual(new Set([code]))
        answers.set(protocol.id, (stream) => {
          stream.send(honest)
          void stream.close()
        })
        expect(await caller.ask(peer, protocol, query)).toEqual(reply)
      }),
    )
  })

  it('lets go of a stream that is left open behind the answer', async () => {
    const [{ protocol, query, reply }] = sampled as [Sample]
    answers.set(protocol.id, (stream) => void stream.send(frame(encodeReply(protocol, reply))))
    const streams = (): Stream[] => bad.getConnections().flatMap((one) => one.streams.filter((stream) => stream.protocol === protocol.id))
    expect(await caller.ask(bad.peerId.toString(), protocol, query)).toEqual(reply)
    expect(streams().length).toBe(1)
    await eventually(() => streams().length === 0)
  })

  it('notices that a connection is of no use any more, and can dial again', async () => {
    const [{ protocol, query, reply }] = sampled as [Sample]
    const peer = bad.peerId.toString()
    answers.set(protocol.id, (stream) => {
      stream.send(frame(encodeReply(protocol, reply)))
      void stream.close()
    })
    // "go away" on the muxer leaves the connection below it open on both sides
    for (const one of bad.getConnections()) (one as unknown as { muxer: { abort(error: Error): void } }).muxer.abort(new Error('go away'))
    await eventually(async () => (await outcome(caller.ask(peer, protocol, query))) === 'NOT_CONNECTED')
    await eventually(() => !caller.peers().includes(peer))
    await caller.connect(bad.getMultiaddrs().map(String))
    expect(await caller.ask(peer, protocol, query)).toEqual(reply)
  })
})

it('answers a caller that has everything to ask the moment it is connected', async () => {
  await using opened = new AsyncDisposableStack()
  const server = opened.use(await openLibp2pMesh({ ...common, ...listening, signer: generateKey() }))
  for (const { protocol, reply } of sampled) server.handle(protocol, async () => reply)
  const callers = await Promise.all(Array.from({ length: 8 }, () => openLibp2pMesh({ ...common, signer: generateKey(), listen: [] })))
  for (const caller of callers) opened.use(caller)
  const codes = await Promise.all(
    callers.map(async (caller) => {
      await caller.connect(server.addresses())
      const calls = sampled.flatMap(({ protocol, query }) =>
        Array.from({ length: protocol.limits.inboundStreams }, () => outcome(caller.ask(server.peer, protocol, query))),
      )
      return Promise.all(calls)
    }),
  )
  expect(new Set(codes.flat())).toEqual(new Set(['fine']))
})

describe('gossip', () => {
  const news = defineTopic({ name: '/quern/test/news/1', message: z.strictObject({ text: z.string().max(64) }), maxBytes: 128 })

  it('goes on among honest peers beside one that sends junk, floods subscriptions or oversizes', async () => {
    await using opened = new AsyncDisposableStack()
    const open = async (): Promise<Mesh> =>
      opened.use(await openLibp2pMesh({ ...common, ...listening, signer: generateKey(), topics: [news.name] }))
    const [hub, reader, author] = [await open(), await open(), await open()]
    const heard: string[] = []
    hub.subscribe(news, () => {})
    reader.subscribe(news, ({ text }) => heard.push(text))
    for (const mesh of [reader, author]) await mesh.connect(hub.addresses())
    const bad = await rawNode()
    opened.defer(() => bad.stop())
    const line = await bad.dial(hub.addresses().map((address) => multiaddr(address)))
    // RPC { subscriptions: [{ subscribe: true, topic }] } in protobuf, as many as will fit
    const subscription = (topic: string): Uint8Array => {
      const name = Buffer.from(topic)
      const inner = Buffer.concat([Uint8Array.of(0x08, 0x01, 0x12, name.byteLength), name])
      return Buffer.concat([Uint8Array.of(0x0a, inner.byteLength), inner])
    }
    const flood = Buffer.concat(Array.from({ length: 5000 }, (_, i) => subscription(`/quern/flood/${i}`)))
    for (const junk of [Uint8Array.of(0xff, 0xff, 0xff), flood, new Uint8Array(1 << 20)]) {
      const stream = await line.newStream('/meshsub/1.2.0')
      stream.send(frame(junk))
      await eventually(async () => {
        await author.publish(news, { text: `beside ${junk.byteLength}` })
        await realClock.sleep(50)
        return heard.includes(`beside ${junk.byteLength}`)
      })
      stream.abort(new Error('bye'))
    }
    expect(hub.peers()).toEqual(expect.arrayContaining([reader.peer, author.peer]))
  })

  it('that is forged costs its sender the hearing, though no judge ever sees it', async () => {
    await using opened = new AsyncDisposableStack()
    const heard: string[] = []
    const hub = opened.use(await openLibp2pMesh({ ...common, ...listening, signer: generateKey(), topics: [news.name] }))
    hub.subscribe(news, ({ text }) => heard.push(text))
    const node = await rawNode()
    opened.defer(() => node.stop())
    const bad = opened.use(await openMeshOver({ node, clock: realClock }))
    bad.subscribe(news, () => {})
    await bad.connect(hub.addresses())
    let round = 0
    const isHeard = async (): Promise<boolean> => {
      const text = `round ${++round}`
      await bad.publish(news, { text })
      await realClock.sleep(100)
      return heard.includes(text)
    }
    await eventually(isHeard)
    // RPC { publish: [{ from, data, seqno, topic, signature, key }] } with a signature of zeros, in somebody else's name
    const field = (tag: number, bytes: Uint8Array): Uint8Array => concatBytes(Uint8Array.of((tag << 3) | 2), frame(bytes))
    const somebody = generateKey()
    const forged = (n: number): Uint8Array =>
      field(
        2,
        concatBytes(
          field(1, peerMultihash(somebody.did)),
          field(2, encode({ text: `forged ${n}` })),
          field(3, new Uint8Array(8).fill(n)),
          field(4, utf8(news.name)),
          field(5, new Uint8Array(64)),
        ),
      )
    const stream = await (node.getConnections()[0] as Connection).newStream('/meshsub/1.2.0')
    for (let n = 1; n <= 5; n++) stream.send(frame(forged(n)))
    await eventually(async () => !(await isHeard()))
    expect(heard.filter((text) => text.startsWith('forged'))).toEqual([])
    stream.abort(new Error('bye'))
  })
})
