/**
 * The tree of a release's contributions, in which each contributor finds itself and nobody else does: leaves are salted, sorted by their hash,
 * and filled up to a power of two with what looks the same, so that neither who nor how many is told.
 */
import {
  type CID,
  compareBytes,
  merkleLeafHash,
  merkleRootOfHashes,
  type PoolInclusion,
  type PoolRelease,
  sha256,
  utf8,
} from '../../schemas/wire/index.ts'
import { hashRanges, inclusionRanges, verifyInclusion } from '../log/index.ts'
import { fillingLeaf, leafSalt } from './derive.ts'

/** Fewer leaves than these no tree has. */
const LEAST_LEAVES = 32

const leafOf = (salt: Uint8Array, manifest: CID): Uint8Array => sha256(utf8('quern/pool-leaf/v1\0'), salt, manifest.bytes)

/** Leaf hashes, in the order of the tree. */
function leavesOf(secret: Uint8Array, manifests: readonly CID[]): Uint8Array[] {
  const leaves = manifests.map((manifest) => leafOf(leafSalt(secret, manifest), manifest))
  let size = LEAST_LEAVES
  while (size < leaves.length) size *= 2
  for (let i = 0; leaves.length < size; i++) leaves.push(fillingLeaf(secret, i))
  return leaves.map(merkleLeafHash).toSorted(compareBytes)
}

export function membershipRoot(secret: Uint8Array, manifests: readonly CID[]): { root: Uint8Array; size: number } {
  const hashes = leavesOf(secret, manifests)
  return { root: merkleRootOfHashes(hashes), size: hashes.length }
}

/** The proof for one contribution; undefined where it is not in the release. */
export async function proveMembership(
  { secret, release, manifests }: { secret: Uint8Array; release: CID; manifests: readonly CID[] },
  manifest: CID,
): Promise<PoolInclusion | undefined> {
  if (!manifests.some((one) => one.equals(manifest))) return undefined
  const hashes = leavesOf(secret, manifests)
  const salt = leafSalt(secret, manifest)
  const wanted = merkleLeafHash(leafOf(salt, manifest))
  const index = hashes.findIndex((hash) => compareBytes(hash, wanted) === 0)
  const size = hashes.length
  const path = await hashRanges(inclusionRanges(index, size), ({ level, index: at }) =>
    merkleRootOfHashes(hashes.slice(at * 2 ** level, (at + 1) * 2 ** level)),
  )
  return { v: 1, release, manifest, salt, index, size, path }
}

/** Whether the proof shows that its contribution is in the release with this manifest. */
export function isMember(proof: PoolInclusion, release: { cid: CID; value: Pick<PoolRelease, 'contributions'> }): boolean {
  const { root, size } = release.value.contributions
  if (!proof.release.equals(release.cid) || proof.size !== size) return false
  return verifyInclusion(proof.path, { leaf: merkleLeafHash(leafOf(proof.salt, proof.manifest)), index: proof.index, size, root })
}
