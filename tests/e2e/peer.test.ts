import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLibp2p } from 'libp2p'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { generateKey } from '../../core/identity/index.ts'
import { blocksProtocol, openLibp2pConfig } from '../../core/mesh/index.ts'
import { openPeer, type Peer, type PeerOptions } from '../../core/peer/index.ts'
import { putFile, readFile } from '../../core/storage/index.ts'
import { type AskBlocks, fetchDag, parseBatchFiles, readRow } from '../../dao/batches/index.ts'
import { type CID, cborCid, chunkFile, utf8 } from '../../schemas/wire/index.ts'
import { block, codeOf, node, noise } from '../compliance/storage.ts'
import { eventually, realClock } from '../support/real-clock.ts'
import { sampleBatch, sampleRecord } from '../unit/sample-batch.ts'

let folder: string
let peers: Peer[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-peer-'))
  peers = []
})
afterEach(async () => {
  await Promise.all(peers.map((one) => one[Symbol.asyncDispose]()))
  await rm(folder, { recursive: true, force: true })
})

async function peer(name: string, options: Partial<PeerOptions> = {}): Promise<Peer> {
  const opened = await openPeer({
    signer: generateKey(),
    home: path.join(folder, name),
    clock: realClock,
    privateNetwork: true,
    ...options,
  })
  peers.push(opened)
  return opened
}
const soon = (): AbortSignal => AbortSignal.timeout(60_000)

it('moves a public DAG over bitswap, and never a private one', async () => {
  const [a, b] = [await peer('a'), await peer('b')]
  const bytes = noise(3_500_000)
  const file = await putFile(a.storage.public, bytes)
  const secret = chunkFile(noise(1000))
  await a.storage.private.put(secret.blocks)
  await b.mesh.connect(a.mesh.addresses())
  await b.storage.retrieve(file, { signal: soon(), peers: [a.mesh.peer] })
  expect(Buffer.compare(await readFile(b.storage.public, file, bytes.length), bytes)).toBe(0)
  expect(await codeOf(b.storage.retrieve(secret.root, { signal: soon(), peers: [a.mesh.peer] }))).toBe('RETRIEVE_FAILED')
})

it('retrieves over a connection that the other side opened, from whoever is connected', async () => {
  const [server, home] = [await peer('server'), await peer('home', { listen: [] })]
  expect(home.mesh.addresses()).toEqual([])
  const file = await putFile(home.storage.public, noise(100_000))
  await home.mesh.connect(server.mesh.addresses())
  await eventually(() => server.mesh.peers().includes(home.mesh.peer))
  await server.storage.retrieve(file, { signal: soon() })
  expect(await readFile(server.storage.public, file, 100_000)).toEqual(noise(100_000))
})

it('goes on with another provider when one is gone or lacks a block', async () => {
  const [whole, half, gone, reader] = [await peer('whole'), await peer('half'), await peer('gone'), await peer('reader')]
  const file = chunkFile(noise(6_000_000))
  await whole.storage.public.put(file.blocks)
  await half.storage.public.put(file.blocks.slice(-1))
  for (const other of [whole, half, gone]) await reader.mesh.connect(other.mesh.addresses())
  const order = [gone.mesh.peer, half.mesh.peer, whole.mesh.peer]
  await gone[Symbol.asyncDispose]()
  peers = peers.filter((one) => one !== gone)
  await reader.storage.retrieve(file.root, { signal: soon(), peers: order })
  expect(await reader.storage.public.has(file.root)).toBe(true)
  await reader.storage.public.pin(file.root)
  expect(await codeOf(reader.storage.retrieve(block('nowhere').cid, { signal: soon(), peers: order }))).toBe('RETRIEVE_FAILED')
})

it('is not held up by a peer that takes every question and answers none', async () => {
  const config = await openLibp2pConfig({ signer: generateKey(), clock: realClock, listen: ['/ip4/127.0.0.1/tcp/0'], privateNetwork: true })
  const silent = await createLibp2p(config)
  await using closing = new AsyncDisposableStack()
  closing.defer(() => silent.stop())
  await silent.handle('/ipfs/bitswap/1.2.0', async (stream) => {
    for await (const _ of stream) continue
  })
  await silent.start()
  // ten seconds of patience for one block, run at forty times the speed
  const hasty = { ...realClock, deadline: (ms: number) => AbortSignal.timeout(ms / 40) }
  const [whole, reader] = [await peer('whole'), await peer('reader', { clock: hasty })]
  const file = await putFile(whole.storage.public, noise(3_000_000))
  await reader.mesh.connect(silent.getMultiaddrs().map(String))
  await reader.mesh.connect(whole.mesh.addresses())
  await reader.storage.retrieve(file, { signal: soon(), peers: [String(silent.peerId), whole.mesh.peer] })
  expect(await readFile(reader.storage.public, file, 3_000_000)).toHaveLength(3_000_000)
})

it('takes no more than it was told to expect, and no block that is not what its codec says', async () => {
  const [a, b] = [await peer('a'), await peer('b')]
  const file = await putFile(a.storage.public, noise(3_000_000))
  const nonsense = { cid: cborCid(utf8('\xff\xff')), bytes: utf8('\xff\xff') }
  await a.storage.public.put([nonsense])
  await b.mesh.connect(a.mesh.addresses())
  expect(await codeOf(b.storage.retrieve(file, { signal: soon(), maxBytes: 1_500_000 }))).toBe('TOO_LARGE')
  expect(await codeOf(b.storage.retrieve(nonsense.cid, { signal: soon() }))).toBe('NOT_A_NODE')
})

it('publishes a sealed batch: read by request while private, by anyone when public', async () => {
  const [contributor, validator] = [await peer('contributor'), await peer('validator')]
  const batch = sampleBatch(5)
  await contributor.storage.private.put(batch.blocks)
  await contributor.storage.private.pin(batch.manifestCid)
  contributor.mesh.handle(blocksProtocol, async ({ cids }) => ({
    blocks: await Promise.all(cids.map(async (cid) => (await contributor.storage.private.get(cid)) ?? null)),
  }))
  await contributor.mesh.connect(validator.mesh.addresses())
  await eventually(() => validator.mesh.peers().includes(contributor.mesh.peer))
  const ask: AskBlocks = async (cids: CID[], signal) =>
    (await validator.mesh.ask(contributor.mesh.peer, blocksProtocol, { cids }, { signal })).blocks
  const files = parseBatchFiles(batch.manifestBytes, batch.indexBytes, batch.sketches)
  expect((await readRow(ask, files, 3, soon())).opened).toEqual({ ok: true, record: sampleRecord(3).record })
  for await (const blocks of fetchDag(ask, batch.manifestCid, { maxBytes: 1 << 20, signal: soon() }))
    await validator.storage.private.put(blocks)
  await validator.storage.private.pin(batch.manifestCid)

  await contributor.storage.publish(batch.manifestCid)
  await validator.storage.retrieve(batch.manifestCid, { signal: soon(), peers: [contributor.mesh.peer] })
  await validator.storage.public.pin(batch.manifestCid)
  expect((await readFile(validator.storage.public, batch.records.root, 1 << 20)).length).toBe(batch.records.size)
})

it('closes what it had opened when it cannot listen, and the home is free again', async () => {
  const first = await peer('first')
  const [taken] = first.mesh.addresses()
  const listen = [(taken ?? '').replace(/\/p2p\/.*/, '')]
  expect(await codeOf(peer('second', { listen }))).toBe('LISTEN_FAILED')
  const second = await peer('second')
  expect(await codeOf(peer('second'))).toBe('HOME_IN_USE')
  expect(second.mesh.addresses().length).toBeGreaterThan(0)
})

it('is the same peer with the same pins after a restart', async () => {
  const signer = generateKey()
  const first = await peer('again', { signer })
  const top = node({ kept: block('kept').cid })
  await first.storage.public.put([top, block('kept')])
  await first.storage.public.pin(top.cid)
  const name = first.mesh.peer
  await first[Symbol.asyncDispose]()
  peers = []
  const second = await peer('again', { signer })
  expect(second.mesh.peer).toBe(name)
  expect(await second.storage.public.isPinned(top.cid)).toBe(true)
})
