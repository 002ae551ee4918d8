/** Writes the files of a UnixFS folder from a stream of its blocks, in whatever order they come: leaves go to disk at once. */
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { InvalidInputError } from '../../core/errors/index.ts'
import { type Block, type CID, fileNode } from '../../schemas/wire/index.ts'
import { inside } from '../stores/index.ts'

const DAG_PB = 0x70
const MAX_DEPTH = 8
/** Inner nodes and directories; a release of a terabyte has a thousand. */
const MAX_NODES = 100_000

/** Blocks are checked by the caller. Throws InvalidInputError NOT_A_RELEASE for a folder no release has, BLOCK_MISSING where the stream ends too early. */
export async function unpackTree({ root, blocks, folder }: { root: CID; blocks: AsyncIterable<Block>; folder: string }): Promise<void> {
  const leaves = path.join(folder, '.blocks')
  await mkdir(leaves, { recursive: true })
  try {
    const nodes = new Map<string, Uint8Array>()
    let left = 64 << 20
    for await (const { cid, bytes } of blocks) {
      // a small graph that names one leaf a million times must not fill the disk: honest files repeat little
      left += 4 * bytes.byteLength
      if (cid.code === DAG_PB) {
        if (nodes.size >= MAX_NODES) throw bad('too many nodes')
        nodes.set(cid.toString(), bytes)
      } else await writeFile(path.join(leaves, cid.toString()), bytes)
    }
    const leafOf = (cid: CID): Promise<Uint8Array> =>
      readFile(path.join(leaves, cid.toString())).catch((cause: unknown) => {
        throw new InvalidInputError('BLOCK_MISSING', `block ${cid} is not in the CAR file`, { cause })
      })
    for (const { name, cid } of filesBelow(root, nodes, '', 0)) {
      const target = inside(folder, name)
      await mkdir(path.dirname(target), { recursive: true })
      const handle = await open(target, 'wx')
      try {
        for await (const bytes of contentOf(cid, nodes, leafOf, 0)) {
          left -= bytes.byteLength
          if (left < 0) throw bad('its files are far larger than its blocks')
          await handle.writeFile(bytes)
        }
      } finally {
        await handle.close()
      }
    }
  } finally {
    await rm(leaves, { recursive: true, force: true })
  }
}

function* filesBelow(cid: CID, nodes: Map<string, Uint8Array>, prefix: string, depth: number): Generator<{ name: string; cid: CID }> {
  const links = directoryLinks(cid, nodes)
  if (links === undefined) {
    if (prefix === '') throw bad('its root is no folder')
    yield { name: prefix, cid }
    return
  }
  if (depth > 1) throw bad('folders lie deeper than data/')
  for (const { Name, Hash } of links) {
    // names come from a stranger: only those that a release has may become paths
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(Name ?? '')) throw bad('a file name that no release has')
    yield* filesBelow(Hash, nodes, prefix === '' ? (Name as string) : `${prefix}/${Name}`, depth + 1)
  }
}

function directoryLinks(cid: CID, nodes: Map<string, Uint8Array>): dagPb.PBLink[] | undefined {
  if (cid.code !== DAG_PB) return undefined
  const bytes = nodes.get(cid.toString())
  if (bytes === undefined) throw new InvalidInputError('BLOCK_MISSING', `block ${cid} is not in the CAR file`)
  try {
    const { Data, Links } = dagPb.decode(bytes)
    return UnixFS.unmarshal(Data ?? new Uint8Array()).type === 'directory' ? Links : undefined
  } catch (cause) {
    throw new InvalidInputError('NOT_A_RELEASE', `block ${cid} is no UnixFS node`, { cause })
  }
}

async function* contentOf(
  cid: CID,
  nodes: Map<string, Uint8Array>,
  leafOf: (cid: CID) => Promise<Uint8Array>,
  depth: number,
): AsyncGenerator<Uint8Array> {
  if (depth > MAX_DEPTH) throw bad('a file is too deep')
  const block = cid.code === DAG_PB ? nodes.get(cid.toString()) : await leafOf(cid)
  if (block === undefined) throw new InvalidInputError('BLOCK_MISSING', `block ${cid} is not in the CAR file`)
  const { data, children } = fileNode(cid, block)
  yield data
  for (const child of children) yield* contentOf(child.cid, nodes, leafOf, depth + 1)
}

const bad = (why: string): InvalidInputError => new InvalidInputError('NOT_A_RELEASE', `not the folder of a release: ${why}`)
