/** A folder of files as one UnixFS DAG: what `ipfs add -r` gives with the files' profile, so that the root CID is the release. */
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { type Block, type CID, compareBytes, type DagFile, pbCid, utf8 } from '../../schemas/wire/index.ts'

export interface TreeEntry {
  /** `data/train-00000-of-00001.parquet`: one folder deep at most here, any depth in principle. */
  path: string
  cid: CID
  /** Bytes of all blocks of the file, inner nodes too (Tsize). */
  blockBytes: number
}

/** Tsize of a file in the profile: its bytes, which raw leaves hold bare, and its inner nodes. `inner` are the blocks of `fileFromLeaves`. */
export const blockBytesOf = (file: Pick<DagFile, 'size'>, inner: readonly Block[]): number =>
  inner.reduce((sum, block) => sum + block.bytes.byteLength, file.size)

/** The directory nodes over the files, children first; the last block is the root. Names sort by bytes, as dag-pb wants. */
export function directoryOf(entries: readonly TreeEntry[]): { root: CID; blocks: Block[]; blockBytes: number } {
  const blocks: Block[] = []
  const files = entries.filter(({ path }) => !path.includes('/'))
  const folders = Map.groupBy(
    entries.filter(({ path }) => path.includes('/')),
    ({ path }) => path.slice(0, path.indexOf('/')),
  )
  const links = files.map(({ path, cid, blockBytes }) => ({ Name: path, Hash: cid, Tsize: blockBytes }))
  for (const [name, inside] of folders) {
    const folder = directoryOf(inside.map((entry) => ({ ...entry, path: entry.path.slice(name.length + 1) })))
    blocks.push(...folder.blocks)
    links.push({ Name: name, Hash: folder.root, Tsize: folder.blockBytes })
  }
  links.sort((a, b) => compareBytes(utf8(a.Name), utf8(b.Name)))
  const bytes = dagPb.encode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links: links })
  const root = pbCid(bytes)
  blocks.push({ cid: root, bytes })
  return { root, blocks, blockBytes: links.reduce((sum, link) => sum + link.Tsize, bytes.byteLength) }
}
