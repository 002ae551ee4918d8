import { expect, it } from 'vitest'
import {
  batchLeaf,
  batchManifest,
  cborCid,
  chunkFile,
  commitHash,
  encode,
  fileFromLeaves,
  fromHex,
  leavesOf,
  merkleTreeHash,
  parse,
  parseCid,
  toHex,
  utf8,
} from '../../schemas/wire/index.ts'
import vectors from './batch.json' with { type: 'json' }

it.each(vectors.files)('lays $leaves leaves out as written down', ({ leaves, root, size, nodes }) => {
  const file = fileFromLeaves(leavesOf(Array.from({ length: leaves }, (_, i) => utf8(`record ${i}\n`))).leaves)
  expect({ root: String(file.root), size: file.size, nodes: file.blocks.length }).toEqual({ root, size, nodes })
})

it.each(vectors.profile)('names a file of $bytes bytes as written down', ({ bytes, root }) => {
  expect(String(chunkFile(new Uint8Array(bytes).fill(97)).root)).toBe(root)
})

it('commits to a batch as written down', () => {
  const { salt, contributor, rows, leaves, merkleRoot, manifest, manifestCid, commitHash: commit } = vectors.batch
  const built = rows.map((row, i) =>
    batchLeaf(fromHex(salt), contributor, i, { record: parseCid(row.record), contentDigest: fromHex(row.contentDigest) }),
  )
  expect(built.map(toHex)).toEqual(leaves)
  expect(toHex(merkleTreeHash(built))).toBe(merkleRoot)
  const parsed = parse(batchManifest, fromHex(manifest))
  expect(toHex(encode(parsed))).toBe(manifest)
  expect(toHex(parsed.merkleRoot)).toBe(merkleRoot)
  expect(String(cborCid(fromHex(manifest)))).toBe(manifestCid)
  expect(toHex(commitHash(parseCid(manifestCid), fromHex(salt), contributor))).toBe(commit)
})
