import type { AskBlocks } from '../../dao/batches/index.ts'
import type { CID } from '../../schemas/wire/index.ts'

/** A block source on this machine as a peer to ask. */
export const askOf =
  (get: (cid: CID) => Promise<Uint8Array | undefined>): AskBlocks =>
  async (cids) =>
    Promise.all(cids.map(async (cid) => (await get(cid)) ?? null))
