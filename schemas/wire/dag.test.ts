import * as dagCbor from '@ipld/dag-cbor'
import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { importBytes, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { describe, expect, it } from 'vitest'
import { DAG_WIDTH, LEAF_BYTES } from './batch.ts'
import { type CID, cborCid, concatBytes, encode, rawCid, utf8 } from './bytes.ts'
import { type Block, chunkFile, fileCid, fileFromLeaves, leavesOf, linksOf, readDag } from './dag.ts'

const getter = (blocks: Block[]) => {
  const map = new Map(blocks.map((block) => [block.cid.toString(), block.bytes]))
  return (cid: CID): Promise<Uint8Array | undefined> => Promise.resolve(map.get(cid.toString()))
}
const noise = (length: number, seed: number): Uint8Array => {
  const out = new Uint8Array(length)
  for (let i = 0; i < length; i++) out[i] = (i * 31 + (i >> 8) * seed + seed) & 0xff
  return out
}

/** The reference: ipfs-unixfs-importer given our cuts as its chunker. */
async function imported(groups: Uint8Array[], width = DAG_WIDTH): Promise<CID> {
  async function* cut(): AsyncGenerator<Uint8Array> {
    for (const group of groups) for (let at = 0; at < group.length; at += LEAF_BYTES) yield group.subarray(at, at + LEAF_BYTES)
  }
  const options = { cidVersion: 1, rawLeaves: true, layout: balanced({ maxChildrenPerNode: width }), chunker: cut } as const
  for await (const entry of importer([{ content: groups }], new MemoryBlockstore(), options)) return entry.cid
  throw new Error('the importer gave nothing')
}

describe('fileFromLeaves', () => {
  it.each([1, 2, DAG_WIDTH - 1, DAG_WIDTH, DAG_WIDTH + 1, 2 * DAG_WIDTH + 1])('lays %i leaves out as the importer does', async (count) => {
    const groups = Array.from({ length: count }, (_, i) => utf8(`record ${i}\n`))
    const { leaves, blocks } = leavesOf(groups)
    const file = fileFromLeaves(leaves)
    expect(String(file.root)).toBe(String(await imported(groups)))
    expect(await readDag(getter([...blocks, ...file.blocks]), file.root, 1 << 20)).toEqual(concatBytes(...groups))
  })

  it.each([26, 27, 28, 81, 82, 250])('lays %i leaves out in deep trees of width 3 as the importer does', async (count) => {
    const groups = Array.from({ length: count }, (_, i) => Uint8Array.of(i))
    expect(String(fileFromLeaves(leavesOf(groups).leaves, 3).root)).toBe(String(await imported(groups, 3)))
  })

  it('cuts a long group every MiB, and keeps every group at its own leaves', async () => {
    const groups = [noise(10, 1), noise(LEAF_BYTES, 2), noise(2 * LEAF_BYTES + 1, 3), noise(1, 4)]
    const { leaves, ranges } = leavesOf(groups)
    expect(ranges).toEqual([
      [0, 1],
      [1, 1],
      [2, 3],
      [5, 1],
    ])
    expect(leaves.map(([, size]) => size)).toEqual([10, LEAF_BYTES, LEAF_BYTES, LEAF_BYTES, 1, 1])
    expect(String(fileFromLeaves(leaves).root)).toBe(String(await imported(groups)))
  })

  it('gives the leaf itself for a file of one leaf, and the raw CID of no bytes for the empty file', () => {
    const { leaves } = leavesOf([utf8('alone')])
    expect(fileFromLeaves(leaves)).toMatchObject({ root: rawCid(utf8('alone')), blocks: [], size: 5 })
    expect(String(fileFromLeaves([]).root)).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
    expect(String(fileCid(new Uint8Array()))).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
  })
})

describe('chunkFile', () => {
  it.each([1, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 5 * LEAF_BYTES + 77])(
    'is the importer with 1 MiB chunks for %i bytes',
    async (size) => {
      const bytes = noise(size, 7)
      const reference = await importBytes(bytes, new MemoryBlockstore(), {
        cidVersion: 1,
        rawLeaves: true,
        layout: balanced({ maxChildrenPerNode: DAG_WIDTH }),
        chunker: fixedSize({ chunkSize: LEAF_BYTES }),
      })
      const file = chunkFile(bytes)
      expect(String(file.root)).toBe(String(reference.cid))
      expect(await readDag(getter(file.blocks), file.root, size)).toEqual(bytes)
    },
  )

  it('pins the profile: 3 MB of the letter a', () => {
    expect(String(fileCid(new Uint8Array(3_000_000).fill(97)))).toMatchInlineSnapshot(
      `"bafybeig3tekvo6icfwhptbbtr5vlcn77vkjfsz4t2zpb7prqrhqgwrtwei"`,
    )
  })

  it('gives back any bytes at any cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 600 }), async (bytes, chunk) => {
        const file = chunkFile(bytes, chunk)
        expect(file.size).toBe(bytes.length)
        expect(file.blocks.at(-1)?.cid).toEqual(file.root)
        expect(await readDag(getter(file.blocks), file.root, 5000)).toEqual(bytes)
      }),
    )
  })
})

describe('readDag refuses', () => {
  const bytes = noise(4000, 3)
  const file = chunkFile(bytes, 1000)
  const code = (get: Parameters<typeof readDag>[0], root = file.root, max = 4000) =>
    readDag(get, root, max).then(
      () => 'read',
      (error: { code: string }) => error.code,
    )

  it('a missing block', async () => expect(await code(getter(file.blocks.slice(1)))).toBe('BLOCK_MISSING'))
  it('bytes that are not what the CID names', async () =>
    expect(await code(async (cid) => (await getter(file.blocks)(cid))?.map((byte) => byte ^ 1))).toBe('CID_MISMATCH'))
  it('more than the limit, before it reads the leaves', async () => {
    let asked = 0
    const counted = (cid: CID): Promise<Uint8Array | undefined> => {
      asked++
      return getter(file.blocks)(cid)
    }
    expect(await code(counted, file.root, 3999)).toBe('TOO_LARGE')
    expect(asked).toBe(1)
  })
  it('a leaf of another size than its parent says', async () => {
    const leaf = rawCid(bytes)
    const lying = fileFromLeaves([
      [leaf, 10],
      [leaf, 10],
    ])
    expect(await code(getter([...lying.blocks, { cid: leaf, bytes }]), lying.root)).toBe('NOT_A_FILE')
  })
  it('a tree of nothing, at its first node', async () => {
    const nothing = rawCid(new Uint8Array())
    const tree = fileFromLeaves([
      [nothing, 0],
      [nothing, 0],
    ])
    expect(await code(getter([...tree.blocks, { cid: nothing, bytes: new Uint8Array() }]), tree.root)).toBe('NOT_A_FILE')
  })
  it('a block that is no file', async () => {
    const block = encode({ no: 'file' })
    expect(await code(getter([{ cid: cborCid(block), bytes: block }]), cborCid(block))).toBe('NOT_A_FILE')
  })
})

describe('linksOf', () => {
  it('follows links of every codec we know, but not history', () => {
    const a = rawCid(utf8('a'))
    const b = rawCid(utf8('b'))
    const bytes = dagCbor.encode({ list: [a, { deep: b }], prev: rawCid(utf8('before')), previous: rawCid(utf8('before')), n: null })
    expect(linksOf({ cid: cborCid(bytes), bytes }).map(String)).toEqual([a, b].map(String))
    const file = chunkFile(noise(3000, 1), 1000)
    expect(linksOf(file.blocks.at(-1) as Block)).toHaveLength(3)
    expect(linksOf({ cid: a, bytes: utf8('a') })).toEqual([])
  })
  it('refuses bytes that are not what their codec says', () => {
    expect(() => linksOf({ cid: cborCid(utf8('\xff\xff')), bytes: utf8('\xff\xff') })).toThrow(/not what its codec says/)
  })
})
