/** Kubo, the reference implementation of IPFS, reads what we write and writes what we read. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateKey } from '../../core/identity/index.ts'
import { openPeer, type Peer } from '../../core/peer/index.ts'
import { putFile, readFile } from '../../core/storage/index.ts'
import { type Block, type CID, chunkFile, fileCid, parseCid, pbCid } from '../../schemas/wire/index.ts'
import { noise } from '../compliance/storage.ts'
import { realClock } from '../support/real-clock.ts'
import { sampleBatch } from '../unit/sample-batch.ts'
import { findKubo, type Kubo, startKubo } from './kubo.ts'

const program = await findKubo()
if (program === undefined) console.warn('Kubo is not there: its tests are left out, as SKIP_INTEROP=1 says.')

const all = <T>(items: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(items)
const soon = (): AbortSignal => AbortSignal.timeout(60_000)
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

function directory(files: { name: string; root: CID; size: number }[]): Block {
  const links = files.map(({ name, root, size }) => ({ Name: name, Hash: root, Tsize: size }))
  const bytes = dagPb.encode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links: links })
  return { cid: pbCid(bytes), bytes }
}

describe.skipIf(program === undefined)('Kubo', () => {
  let kubo: Kubo
  let peer: Peer
  const resources = new AsyncDisposableStack()
  const batch = sampleBatch(1500)
  beforeAll(async () => {
    kubo = resources.use(await startKubo(program as string))
    peer = resources.use(
      await openPeer({ signer: generateKey(), home: path.join(kubo.folder, 'home'), clock: realClock, privateNetwork: true }),
    )
    await kubo.ipfs('swarm', 'connect', peer.mesh.addresses()[0] as string)
    await peer.storage.public.put(batch.blocks)
    await peer.storage.public.pin(batch.manifestCid)
  })
  afterAll(() => resources.disposeAsync())

  it('fetches the two files of a sealed batch over bitswap, byte for byte', async () => {
    for (const { root, size } of [batch.records, batch.evidence]) {
      const ours = await readFile(peer.storage.public, root, size)
      expect(equal(await kubo.ipfs('cat', String(root)), ours)).toBe(true)
    }
    const stat = JSON.parse(String(await kubo.ipfs('files', 'stat', '--enc=json', `/ipfs/${batch.records.root}`))) as {
      Size: number
      Type: string
    }
    expect(stat).toMatchObject({ Size: batch.records.size, Type: 'file' })
  })

  it('fetches a directory over bitswap, and imports its CAR', async () => {
    const records = { name: 'records.jsonl.gz', root: batch.records.root, size: batch.records.size }
    const evidence = { name: 'evidence.warc.gz', root: batch.evidence.root, size: batch.evidence.size }
    const folder = directory([evidence, records])
    await peer.storage.public.put([folder])
    expect(String(await kubo.ipfs('ls', '--size=false', `/ipfs/${folder.cid}`)).split(/\s+/)).toEqual(
      expect.arrayContaining(['records.jsonl.gz', 'evidence.warc.gz']),
    )
    const file = path.join(kubo.folder, 'folder.car')
    await writeFile(file, peer.storage.public.exportCar(folder.cid))
    expect(String(await kubo.ipfs('dag', 'import', '--pin-roots', file))).toContain(String(folder.cid))
    const copy = path.join(kubo.folder, 'got')
    await kubo.ipfs('get', '-o', copy, `/ipfs/${folder.cid}`)
    expect(
      equal(
        await kubo.ipfs('cat', `/ipfs/${folder.cid}/records.jsonl.gz`),
        await readFile(peer.storage.public, records.root, records.size),
      ),
    ).toBe(true)
  })

  it('imports the CAR of a whole batch and reads its manifest', async () => {
    const file = path.join(kubo.folder, 'batch.car')
    await writeFile(file, peer.storage.public.exportCar(batch.manifestCid))
    await kubo.ipfs('dag', 'import', '--pin-roots=false', file)
    const manifest = JSON.parse(String(await kubo.ipfs('dag', 'get', String(batch.manifestCid)))) as Record<string, unknown>
    expect(manifest).toMatchObject({
      v: 1,
      count: 1500,
      contributor: batch.manifest.contributor,
      records: { '/': String(batch.records.root) },
    })
    expect(equal(await kubo.ipfs('cat', String(batch.manifest.index)), batch.indexBytes)).toBe(true)
  })

  it('cannot read the private space', async () => {
    const secret = chunkFile(noise(5000))
    await peer.storage.private.put(secret.blocks)
    await expect(kubo.ipfs('block', 'get', '--timeout=3s', String(secret.root))).rejects.toThrow(/timeout|deadline/i)
  })

  it.each([
    [0, 1 << 20],
    [1, 1 << 20],
    [(3 << 20) + 17, 1 << 20],
    [1024 * 1024, 1024],
    [1024 * 1024 + 1, 1024],
    [1_300_000, 1024],
  ])('gives a file of %i bytes in cuts of %i the CID that our profile gives it', async (size, chunk) => {
    const bytes = noise(size)
    const file = path.join(kubo.folder, 'file')
    await writeFile(file, bytes)
    const profile = ['--cid-version=1', '--raw-leaves', `--chunker=size-${chunk}`, '--max-file-links=1024']
    const added = String(await kubo.ipfs('add', '-Q', '--pin=false', ...profile, file)).trim()
    expect(added).toBe(String(chunkFile(bytes, chunk).root))
  })

  it('gives the same bytes another CID with its own defaults, as PROTOCOL says', async () => {
    const bytes = noise(3 << 20)
    const file = path.join(kubo.folder, 'file')
    await writeFile(file, bytes)
    expect(String(await kubo.ipfs('add', '-Q', '--only-hash', file)).trim()).not.toBe(String(fileCid(bytes)))
  })

  it('gives us what it holds over bitswap, and as a CAR', async () => {
    const bytes = noise(2_500_000)
    const file = path.join(kubo.folder, 'theirs')
    await writeFile(file, bytes)
    const root = parseCid(String(await kubo.ipfs('add', '-Q', '--cid-version=1', file)).trim())
    await peer.storage.retrieve(root, { signal: soon(), peers: [kubo.peer] })
    expect(equal(await readFile(peer.storage.public, root, bytes.length), bytes)).toBe(true)
    async function* car(): AsyncGenerator<Uint8Array> {
      yield await kubo.ipfs('dag', 'export', '--progress=false', String(root))
    }
    expect((await peer.storage.private.importCar(car())).map(String)).toEqual([String(root)])
    await peer.storage.private.pin(root)
  })

  it('fetches a file we put while it was waiting for it', async () => {
    const bytes = noise(700_000)
    const waiting = kubo.ipfs('cat', String(fileCid(bytes)))
    await putFile(peer.storage.public, bytes)
    expect(equal(await waiting, bytes)).toBe(true)
    expect((await all(peer.storage.public.pins())).length).toBe(1)
  })
})
