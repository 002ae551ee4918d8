/** The releases on this machine: manifests parsed once, files by path, never a byte outside a release's folder. */
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { Lru } from '../../../schemas/cache/index.ts'
import { listReleases, readManifest, type ReleaseSummary } from '../../dataset/index.ts'
import { type ReleaseManifest, type ShareTable, shareTable } from '../../release/index.ts'
import { inside } from '../../stores/index.ts'
import { notFound } from './problem.ts'

/** A table of shares that one page can show. */
const MAX_SHARES_BYTES = 1 << 20

const TYPES: Record<string, string> = {
  '.parquet': 'application/vnd.apache.parquet',
  '.json': 'application/json',
  '.jsonl': 'application/jsonl',
  '.md': 'text/markdown; charset=utf-8',
}

export interface ReleaseFileOnDisk {
  path: string
  bytes: number
  type: string
  open: (from: number, to: number) => AsyncIterable<Uint8Array>
}

export class Releases {
  readonly #folder: string
  readonly #manifests = new Lru<string, ReleaseManifest>(64)

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Oldest first. */
  list(): Promise<ReleaseSummary[]> {
    return listReleases(this.#folder)
  }

  /** Throws HttpProblem 404. `release` is a CID checked by the route. */
  async manifest(release: string): Promise<ReleaseManifest> {
    const known = this.#manifests.get(release)
    if (known !== undefined) return known
    const manifest = await readManifest(this.folderOf(release)).catch(() => {
      throw notFound(`release ${release} is not here`)
    })
    this.#manifests.set(release, manifest)
    return manifest
  }

  folderOf(release: string): string {
    return path.join(this.#folder, release)
  }

  /** `latest` or a CID becomes a CID; throws HttpProblem 404 while there is none. */
  async resolve(release: string | undefined): Promise<string> {
    if (release !== undefined && release !== 'latest') return release
    const newest = (await this.list()).at(-1)?.release
    if (newest === undefined) throw notFound('there is no release yet')
    return newest
  }

  /** The newest one with its shares, unless those are too long for a page; undefined while there is none, or it cannot be read. */
  async newest(): Promise<{ cid: string; manifest: ReleaseManifest; shares: ShareTable | undefined } | undefined> {
    try {
      const cid = await this.resolve('latest')
      return { cid, manifest: await this.manifest(cid), shares: await this.#shares(cid) }
    } catch {
      return undefined
    }
  }

  async #shares(cid: string): Promise<ShareTable | undefined> {
    const { path: file, bytes } = await this.file(cid, 'shares.json')
    return bytes > MAX_SHARES_BYTES ? undefined : shareTable.parse(JSON.parse(await readFile(file, 'utf8')))
  }

  /** A file that the manifest names, or the manifest itself; throws HttpProblem 404. */
  async file(release: string, name: string): Promise<ReleaseFileOnDisk> {
    const manifest = await this.manifest(release)
    if (name !== 'manifest.json' && !manifest.files.some((file) => file.path === name))
      throw notFound(`release ${release} has no such file`)
    const file = inside(this.folderOf(release), name)
    const { size } = await stat(file).catch(() => {
      throw notFound(`release ${release} lacks this file here`)
    })
    return {
      path: file,
      bytes: size,
      type: TYPES[path.extname(name)] ?? 'application/octet-stream',
      open: (from, to) => createReadStream(file, { start: from, end: to - 1, highWaterMark: 256 << 10 }),
    }
  }
}
