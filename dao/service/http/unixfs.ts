/** Reads UnixFS out of a space that may lack any block: paths, folders, and ranges of files without what lies before them. */
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { type Block, type CID, fileNode, type GetBlock } from '../../../schemas/wire/index.ts'
import { HttpProblem, notFound } from './problem.ts'

const RAW = 0x55
const DAG_PB = 0x70
const MAX_DEPTH = 64

export interface Listed {
  name: string
  cid: string
  bytes: number
}

export type Node = { kind: 'file'; bytes: number } | { kind: 'folder'; entries: (Listed & { link: CID })[] }

/** Throws HttpProblem 404 where a block or a name is missing, 422 for what is no UnixFS. */
export async function nodeAt(get: GetBlock, cid: CID): Promise<Node> {
  const bytes = await blockAt(get, cid)
  if (cid.code !== RAW && cid.code !== DAG_PB) throw noFile(cid)
  if (cid.code === DAG_PB) {
    const entries = folderOf(bytes)
    if (entries !== undefined) return { kind: 'folder', entries }
  }
  try {
    const { data, children } = fileNode(cid, bytes)
    return { kind: 'file', bytes: children.reduce((sum, child) => sum + child.size, data.byteLength) }
  } catch {
    throw noFile(cid)
  }
}

const noFile = (cid: CID): HttpProblem => new HttpProblem(422, 'NOT_A_FILE', `${cid} is no UnixFS file: ask for ?format=raw or ?format=car`)

async function blockAt(get: GetBlock, cid: CID): Promise<Uint8Array> {
  const bytes = await get(cid)
  if (bytes === undefined) throw notFound(`block ${cid} is not here`)
  return bytes
}

function folderOf(bytes: Uint8Array): (Listed & { link: CID })[] | undefined {
  try {
    const { Data, Links } = dagPb.decode(bytes)
    if (UnixFS.unmarshal(Data ?? new Uint8Array()).type !== 'directory') return undefined
    return Links.map(({ Name, Hash, Tsize }) => ({ name: Name ?? '', cid: Hash.toString(), bytes: Tsize ?? 0, link: Hash }))
  } catch {
    return undefined
  }
}

/** Follows a path through folders; gives the CID it ends at and the blocks on the way (without the last one). */
export async function resolvePath(get: GetBlock, root: CID, path: string): Promise<{ cid: CID; way: Block[] }> {
  let cid = root
  const way: Block[] = []
  const names = path.split('/').filter((name) => name !== '')
  if (names.length > MAX_DEPTH) throw notFound('the path is too deep')
  for (const name of names) {
    const bytes = await blockAt(get, cid)
    const next = cid.code === DAG_PB ? folderOf(bytes)?.find((entry) => entry.name === name) : undefined
    if (next === undefined) throw notFound(`no ${JSON.stringify(name)} below ${cid}`)
    way.push({ cid, bytes })
    cid = next.link
  }
  return { cid, way }
}

/** Bytes `[from, to)` of a file; subtrees outside are not read. Each child must hold what its parent promised. */
export async function* readRange(get: GetBlock, cid: CID, from: number, to: number, depth = 0): AsyncGenerator<Uint8Array> {
  if (depth > MAX_DEPTH) throw new HttpProblem(422, 'TOO_DEEP', 'the file is nested too deep')
  const { data, children } = fileNode(cid, await blockAt(get, cid))
  if (from < data.byteLength) yield data.subarray(from, Math.min(to, data.byteLength))
  let at = data.byteLength
  for (const child of children) {
    if (at >= to) return
    if (at + child.size > from) yield* readRange(get, child.cid, Math.max(0, from - at), Math.min(child.size, to - at), depth + 1)
    at += child.size
  }
}
