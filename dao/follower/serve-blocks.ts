/** Answers `blocks`: ledger files and public blocks to anyone, private blocks only to whom `mayRead` allows. Never fetches on a miss. */
import { blocksProtocol, type Mesh } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import { type CID, chunkFile, DAG_PB } from '../../schemas/wire/index.ts'
import { REPLY_BYTES } from '../batches/index.ts'
import type { LedgerFiles } from '../ledger/index.ts'
import { MAX_LEDGER_FILE_BYTES } from './ledger-file.ts'

export interface ServeBlocks {
  mesh: Mesh
  storage: Storage
  files?: LedgerFiles
  mayRead: (peer: string, cid: CID) => boolean
}

export function serveBlocks({ mesh, storage, files, mayRead }: ServeBlocks): Disposable {
  return mesh.handle(blocksProtocol, async ({ cids }, { peer }) => {
    let room = cids.length === 1 ? MAX_LEDGER_FILE_BYTES : REPLY_BYTES
    const blocks: (Uint8Array | null)[] = []
    for (const cid of cids) {
      const bytes =
        (await storage.public.get(cid)) ?? fileBlock(files, cid) ?? (mayRead(peer, cid) ? await storage.private.get(cid) : undefined)
      const fits = bytes !== undefined && bytes.byteLength <= room
      if (fits) room -= bytes.byteLength
      blocks.push(fits ? bytes : null)
    }
    return { blocks }
  })
}

/** The root block of a ledger file. Files of several leaves also live in the public space, which answers for their leaves. */
function fileBlock(files: LedgerFiles | undefined, cid: CID): Uint8Array | undefined {
  const bytes = files?.read(cid)
  if (bytes === undefined || cid.code !== DAG_PB) return bytes
  return chunkFile(bytes).blocks.find((block) => block.cid.equals(cid))?.bytes
}
