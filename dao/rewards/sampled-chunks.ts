/** Which chunks a scorer may open: drawn by the beacon of an epoch, so that neither contributor nor scorer chooses. */
import { type CID, sha256, u32, utf8 } from '../../schemas/wire/index.ts'

/** A scorer that opens this many misses 10 % of bad chunks with a chance of 3.4 %, 20 % with 0.1 %. */
const SAMPLED_CHUNKS = 32

const TWO_32 = 4_294_967_296

/** Up to `count` of `chunks` indices, ascending; all of them where there are no more. */
export function sampledChunks(beacon: Uint8Array, manifest: CID, chunks: number, count = SAMPLED_CHUNKS): number[] {
  if (chunks <= count) return Array.from({ length: chunks }, (_, i) => i)
  const picked = new Set<number>()
  for (let counter = 0; picked.size < count; counter++) {
    const hash = sha256(utf8('quern/pool-sample/v1\0'), beacon, manifest.bytes, u32(counter))
    const word = new DataView(hash.buffer).getUint32(0)
    // reject the ragged end of the range, or low indices would be drawn more often
    if (word < TWO_32 - (TWO_32 % chunks)) picked.add(word % chunks)
  }
  return [...picked].toSorted((a, b) => a - b)
}
