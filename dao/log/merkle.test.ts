import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import {
  CompactRange,
  consistencyRanges,
  EMPTY_ROOT,
  foldRight,
  inclusionRanges,
  leafHash,
  nodeHash,
  type Range,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
  wholeNodes,
} from './merkle.ts'

/** RFC 6962 2.1, word for word: the definition that everything else is held against. */
function mth(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0] as Uint8Array
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)))
}

const leaves = Array.from({ length: 301 }, (_, i) => leafHash(utf8(`entry ${i}`)))
const memo = new Map<string, Uint8Array>()
const hashOf = ([from, to]: Range): Uint8Array => {
  const key = `${from}-${to}`
  const known = memo.get(key) ?? rootOfLeaves(leaves.slice(from, to))
  memo.set(key, known)
  return known
}
const rootAt = (size: number): Uint8Array => hashOf([0, size])

describe('the tree', () => {
  it('hashes as RFC 6962 defines, at every size', () => {
    expect(toHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    const range = new CompactRange()
    for (let size = 0; size <= 300; size++) {
      expect(toHex(range.root())).toBe(toHex(mth(leaves.slice(0, size))))
      range.append(leaves[size] as Uint8Array)
    }
  })

  it('has the roots of the certificate transparency test tree', () => {
    // inputs and roots of the reference implementation's Merkle tree test
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    const hashes = inputs.map((hex) => leafHash(new Uint8Array(Buffer.from(hex, 'hex'))))
    for (const [i, root] of roots.entries()) expect(toHex(rootOfLeaves(hashes.slice(0, i + 1)))).toBe(root)
  })

  it('goes on from stored peaks', () => {
    for (const size of [0, 1, 2, 3, 127, 128, 200]) {
      const range = new CompactRange(
        size,
        wholeNodes([0, size]).map(({ level, index }) => hashOf([index * 2 ** level, (index + 1) * 2 ** level])),
      )
      for (let i = size; i < 300; i++) range.append(leaves[i] as Uint8Array)
      expect(range.root()).toEqual(rootAt(300))
    }
  })

  it('folds any range from whole subtrees', () => {
    for (let to = 1; to <= 70; to++)
      expect(foldRight(wholeNodes([0, to]).map(({ level, index }) => hashOf([index * 2 ** level, (index + 1) * 2 ** level])))).toEqual(
        rootAt(to),
      )
  })
})

describe('inclusion', () => {
  it('holds for every entry of every size up to 300, and for no other index, size or leaf', () => {
    const wrong: string[] = []
    for (let size = 1; size <= 300; size++) {
      const root = rootAt(size)
      for (let index = 0; index < size; index++) {
        const proof = inclusionRanges(index, size).map(hashOf)
        const leaf = leaves[index] as Uint8Array
        const holds = (claim: object, path = proof): boolean => verifyInclusion(path, { leaf, index, size, root, ...claim })
        if (!holds({})) wrong.push(`inclusion of ${index} in ${size}`)
        if ((size + index) % 5 !== 0) continue
        const lies = [
          holds({ index: (index + 1) % size === index ? size : (index + 1) % size }),
          holds({ leaf: leaves[300] }),
          holds({}, [...proof, root]),
          proof.length > 0 && holds({}, proof.slice(1)),
        ]
        if (lies.some(Boolean)) wrong.push(`a false claim about ${index} in ${size} held: ${lies}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it.each([
    [-1, 5],
    [5, 5],
    [0.5, 5],
    [Number.NaN, 5],
    [0, Number.POSITIVE_INFINITY],
  ])('refuses index %d of size %d', (index, size) => {
    expect(verifyInclusion([], { leaf: leaves[0] as Uint8Array, index, size, root: rootAt(5) })).toBe(false)
  })
})

describe('consistency', () => {
  it('holds for every pair of sizes up to 300, and not for a longer, shorter or shifted claim', () => {
    const wrong: string[] = []
    for (let size = 0; size <= 300; size++)
      for (let oldSize = 0; oldSize <= size; oldSize++) {
        const proof = consistencyRanges(oldSize, size).map(hashOf)
        const truth = { oldSize, oldRoot: rootAt(oldSize), size, root: rootAt(size) }
        if (!verifyConsistency(proof, truth)) wrong.push(`consistency of ${oldSize} and ${size}`)
        if ((size + oldSize) % 5 !== 0) continue
        const lies = [
          verifyConsistency([...proof, truth.root], truth),
          proof.length > 0 && verifyConsistency(proof.slice(1), truth),
          proof.length > 0 && verifyConsistency(proof.slice(0, -1), truth),
          oldSize !== 0 && verifyConsistency(proof, { ...truth, oldRoot: leaves[300] as Uint8Array }),
          oldSize !== 0 && verifyConsistency(proof, { ...truth, root: leaves[300] as Uint8Array }),
          verifyConsistency(proof, { ...truth, oldSize: size + 1 }),
        ]
        if (lies.some(Boolean)) wrong.push(`a false claim about ${oldSize} and ${size} held: ${lies}`)
      }
    expect(wrong).toEqual([])
  })

  it('follows from the empty tree without a proof, whose root must be the empty one', () => {
    const truth = { oldSize: 0, oldRoot: EMPTY_ROOT, size: 9, root: rootAt(9) }
    expect(verifyConsistency([], truth)).toBe(true)
    expect(verifyConsistency([rootAt(9)], truth)).toBe(false)
    expect(verifyConsistency([], { ...truth, oldRoot: rootAt(9) })).toBe(false)
    expect(verifyConsistency([], { ...truth, size: 0 })).toBe(false)
  })
})

describe('any flipped bit', () => {
  const flip = (bytes: Uint8Array, bit: number): Uint8Array => bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
  const proofs = fc.tuple(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat(), fc.nat(255))

  it('breaks an inclusion proof', () => {
    fc.assert(
      fc.property(proofs, ([size, some, where, bit]) => {
        const index = some % size
        const proof = inclusionRanges(index, size).map(hashOf)
        const claim = { leaf: leaves[index] as Uint8Array, index, size, root: rootAt(size) }
        const at = where % proof.length
        expect(verifyInclusion(proof.with(at, flip(proof[at] as Uint8Array, bit)), claim)).toBe(false)
        expect(verifyInclusion(proof, { ...claim, root: flip(claim.root, bit) })).toBe(false)
        expect(verifyInclusion(proof, { ...claim, leaf: flip(claim.leaf, bit) })).toBe(false)
      }),
    )
  })

  it('breaks a consistency proof', () => {
    fc.assert(
      fc.property(proofs, ([size, some, where, bit]) => {
        const oldSize = 1 + (some % (size - 1))
        const proof = consistencyRanges(oldSize, size).map(hashOf)
        const claim = { oldSize, oldRoot: rootAt(oldSize), size, root: rootAt(size) }
        const at = where % proof.length
        expect(verifyConsistency(proof.with(at, flip(proof[at] as Uint8Array, bit)), claim)).toBe(false)
        expect(verifyConsistency(proof, { ...claim, root: flip(claim.root, bit) })).toBe(false)
        expect(verifyConsistency(proof, { ...claim, oldRoot: flip(claim.oldRoot, bit) })).toBe(false)
      }),
    )
  })
})

it('splits trees far beyond 32 bits', () => {
  const size = 2 ** 45 + 12_345
  expect(inclusionRanges(2 ** 45 + 3, size)).toHaveLength(15)
  expect(consistencyRanges(2 ** 44, size).every(([from, to]) => from < to && to <= size)).toBe(true)
})
