import { expect, it } from 'vitest'
import { sha256, utf8 } from '../../schemas/wire/index.ts'
import { LeafIndex } from './leaf-index.ts'

const leaf = (i: number): Uint8Array => sha256(utf8(`leaf ${i}`))

it('finds every leaf again while it grows, and no other', () => {
  const leaves = new LeafIndex()
  for (let i = 0; i < 20_000; i++) leaves.add(leaf(i), i)
  expect(leaves.size).toBe(20_000)
  for (let i = 0; i < 20_000; i++) if (leaves.get(leaf(i)) !== i) throw new Error(`leaf ${i} is at ${leaves.get(leaf(i))}`)
  expect(leaves.get(leaf(20_000))).toBeUndefined()
})

it('keeps the first index of a leaf', () => {
  const leaves = new LeafIndex()
  leaves.add(leaf(1), 0)
  leaves.add(leaf(1), 9)
  expect(leaves.get(leaf(1))).toBe(0)
  expect(leaves.size).toBe(1)
})

it('copes with leaves that all want one slot', () => {
  const leaves = new LeafIndex()
  const crowded = Array.from({ length: 3000 }, (_, i) => new Uint8Array([0, 0, 0, 7, ...leaf(i).subarray(4)]))
  for (const [i, each] of crowded.entries()) leaves.add(each, i)
  expect(crowded.every((each, i) => leaves.get(each) === i)).toBe(true)
})
