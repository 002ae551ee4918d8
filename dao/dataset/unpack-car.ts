import { createReadStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError, ProofError } from '../../core/errors/index.ts'
import { readCar } from '../../core/storage/index.ts'
import { type CID, equalBytes, matchesCid } from '../../schemas/wire/index.ts'
import { MAX_RELEASE_MANIFEST_BYTES, type ReleaseManifest } from '../release/index.ts'
import { parseManifest, readLimited, refuseExisting } from './read-release.ts'
import { unpackTree } from './unpack.ts'

/** Unpacks a CAR file of a release; every block is checked against its CID on the way. Throws as `fetchRelease`, and RejectedMessageError BAD_CAR. */
export async function unpackReleaseCar({
  car,
  release,
  out,
}: {
  car: string
  release?: CID
  out: string
}): Promise<{ root: CID; manifest: ReleaseManifest }> {
  await refuseExisting(out)
  const part = `${out}.part`
  await rm(part, { recursive: true, force: true })
  await mkdir(part, { recursive: true })
  try {
    const { roots, blocks } = await readCar(createReadStream(car))
    const [root] = roots
    if (root === undefined || roots.length !== 1) throw new InvalidInputError('NOT_A_RELEASE', 'the CAR file names several roots')
    if (release !== undefined && !equalBytes(root.bytes, release.bytes))
      throw new ProofError('ROOT_MISMATCH', `the CAR file holds ${root}, not ${release}`)
    await unpackTree({ root, blocks: checked(blocks), folder: part })
    const manifest = parseManifest(await readLimited(path.join(part, 'manifest.json'), MAX_RELEASE_MANIFEST_BYTES))
    await rename(part, out)
    return { root, manifest }
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

async function* checked(blocks: AsyncIterable<{ cid: CID; bytes: Uint8Array }>): AsyncGenerator<{ cid: CID; bytes: Uint8Array }> {
  for await (const block of blocks) {
    if (!matchesCid(block.cid, block.bytes)) throw new ProofError('CID_MISMATCH', `a block does not hash to ${block.cid}`)
    yield block
  }
}
