import { importer } from 'ipfs-unixfs-importer'
import { MemoryBlockstore } from 'blockstore-core'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { expect, it } from 'vitest'
import { digestFile } from './digest.ts'
import { directoryOf } from './tree.ts'

it('names a folder as the reference importer does', async () => {
  const files = [
    { path: 'data/train-00000-of-00002.parquet', content: Buffer.alloc(3_500_000, 'a') },
    { path: 'data/train-00001-of-00002.parquet', content: Buffer.alloc(10, 'b') },
    { path: 'manifest.json', content: Buffer.from('{}') },
    { path: 'README.md', content: Buffer.from('hello') },
  ]
  const entries = []
  for (const { path, content } of files) {
    const pieces = [content.subarray(0, 7), content.subarray(7)]
    const { cid, blockBytes } = await digestFile(pieces)
    entries.push({ path, cid, blockBytes })
  }
  const options = {
    cidVersion: 1 as const,
    rawLeaves: true,
    wrapWithDirectory: true,
    chunker: fixedSize({ chunkSize: 1 << 20 }),
    layout: balanced({ maxChildrenPerNode: 1024 }),
    reduceSingleLeafToSelf: true,
  }
  let last: unknown
  for await (const entry of importer(files, new MemoryBlockstore(), options)) last = entry.cid
  expect(directoryOf(entries).root.toString()).toBe(String(last))
})

it('gives the raw CID of no bytes for an empty file', async () => {
  const { cid, bytes, sha256 } = await digestFile([])
  expect([cid.toString(), bytes, sha256]).toEqual([
    'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
    0,
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  ])
})
