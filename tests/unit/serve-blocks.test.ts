/** What a peer serves by `blocks` is what another one can fetch: whole DAGs of large leaves, and ledger files as large as they may be. */
import { expect, it } from 'vitest'
import { blocksProtocol, helloProtocol, type Mesh } from '../../core/mesh/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { World } from '../../sim/world/index.ts'
import { fetchDag } from '../../dao/batches/index.ts'
import { DaoLink, MAX_LEDGER_FILE_BYTES, MemoryFiles, serveBlocks } from '../../dao/follower/index.ts'
import { silent } from '../../core/effects/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { SimMesh } from '../../sim/mesh/index.ts'
import { chunkFile, cborCid, type CID, encode } from '../../schemas/wire/index.ts'
import { seeded } from './ledger-world.ts'

const signal = new AbortController().signal

async function scene() {
  const world = new World({ seed: 5 })
  const [server, client] = ['server', 'client'].map((name) => new SimMesh({ world, peer: seeded(name).peer, listen: true }))
  const storage = new MemoryStorage({ clock: world.clock, peer: server!.peer })
  const files = new MemoryFiles()
  serveBlocks({ mesh: server!, storage, files, mayRead: () => false })
  server!.handle(helloProtocol, async () => ({ role: 'dao' as const, ledger: 'some-ledger', peers: [] }))
  const link = await world.settle(
    DaoLink.open({
      mesh: client!,
      addresses: server!.addresses(),
      role: 'guest',
      kv: new MemoryKv(),
      clock: world.clock,
      logger: silent,
      signal,
    }),
  )
  return { world, server: server! as Mesh, client: client! as Mesh, storage, files, link }
}

it('gives every leaf of a file that is larger than one reply', async () => {
  const { world, server, client, storage } = await scene()
  const bytes = Uint8Array.from({ length: 14 << 20 }, (_, i) => (i * 31 + (i >> 20)) & 255)
  const { blocks, root } = chunkFile(bytes)
  await storage.public.put(blocks)
  const ask = async (cids: CID[]) => (await client.ask(server.peer, blocksProtocol, { cids }, { signal })).blocks
  const fetched = world.settle(
    (async () => {
      let sum = 0
      for await (const portion of fetchDag(ask, root, { maxBytes: 20 << 20, signal }))
        for (const block of portion) sum += block.bytes.byteLength
      return sum
    })(),
  )
  await expect(fetched).resolves.toBeGreaterThan(bytes.byteLength)
})

it('gives the largest fraud proof there may be', async () => {
  const { world, server, files, link } = await scene()
  const proof = encode(new Uint8Array(MAX_LEDGER_FILE_BYTES - 16))
  const cid = cborCid(proof)
  await files.write(cid, proof)
  const fetched = await world.settle(link.fileFrom(server.peer, cid))
  expect(fetched?.byteLength).toBe(proof.byteLength)
})
