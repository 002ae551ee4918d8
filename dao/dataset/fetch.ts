/** Brings a release to this machine over HTTP, and believes nothing before its digests agree. */
import { createReadStream } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError, ProofError } from '../../core/errors/index.ts'
import { type CID, cid as cidShape, equalBytes, parseCid } from '../../schemas/wire/index.ts'
import {
  digestFile,
  directoryOf,
  MAX_RELEASE_MANIFEST_BYTES,
  type ReleaseFile,
  type ReleaseManifest,
  type TreeEntry,
} from '../release/index.ts'
import { inside } from '../stores/index.ts'
import { Http, type HttpRequest } from './http-client.ts'
import { parseManifest, refuseExisting } from './read-release.ts'

export interface FetchOptions {
  /** Base URL of a DAO (`https://dao.example`), or of the folder of one release. */
  from: string
  /** The release; the DAO's newest unless said. */
  release?: CID
  /** Appears whole, or not at all; what a stopped run left beside it is used again. */
  out: string
  request: HttpRequest
  signal?: AbortSignal
  onProgress?: (done: number, of: number) => void
}

/**
 * Downloads a release and proves the folder's root. Files that are there already with the right digest are kept.
 * Throws ProofError ROOT_MISMATCH or DIGEST_MISMATCH, RetryableError HTTP, InvalidInputError BAD_MANIFEST or NO_RELEASE.
 */
export async function fetchRelease({
  from,
  release,
  out,
  request,
  signal,
  onProgress,
}: FetchOptions): Promise<{ root: CID; manifest: ReleaseManifest }> {
  await refuseExisting(out)
  const http = new Http(request, signal)
  const base = await baseOf(from, release, http)
  const root = release ?? base.release
  const part = `${out}.part`
  await mkdir(part, { recursive: true })
  const bytes = await http.bytes(`${base.url}/manifest.json`, MAX_RELEASE_MANIFEST_BYTES)
  const manifest = parseManifest(bytes)
  const handle = await open(path.join(part, 'manifest.json'), 'w')
  await handle.writeFile(bytes)
  await handle.close()

  const total = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  const entries: TreeEntry[] = [await entryOf(part, 'manifest.json')]
  let done = 0
  for (const file of manifest.files) {
    const target = inside(part, file.path)
    const known = await entryOf(part, file.path).catch(() => undefined)
    if (known?.cid.toString() !== file.cid) {
      await mkdir(path.dirname(target), { recursive: true })
      await http.file(`${base.url}/${file.path}`, target, file.bytes, (bytesNow) => onProgress?.(done + bytesNow, total))
    }
    const entry = await entryOf(part, file.path)
    if (entry.cid.toString() !== file.cid) throw mismatch(file, entry.cid)
    entries.push(entry)
    done += file.bytes
    onProgress?.(done, total)
  }
  const computed = directoryOf(entries).root
  if (root !== undefined && !equalBytes(root.bytes, computed.bytes))
    throw new ProofError('ROOT_MISMATCH', `the files together are ${computed}, not the release ${root}`, {
      detail: { computed: String(computed), wanted: String(root) },
    })
  await rename(part, out)
  return { root: computed, manifest }
}

const mismatch = (file: ReleaseFile, got: CID): ProofError =>
  new ProofError('DIGEST_MISMATCH', `${file.path} came as ${got}, the manifest says ${file.cid}`, {
    detail: { file: file.path, got: String(got), wanted: file.cid },
  })

async function entryOf(folder: string, file: string): Promise<TreeEntry> {
  const { cid, blockBytes } = await digestFile(createReadStream(inside(folder, file), { highWaterMark: 1 << 20 }))
  return { path: file, cid, blockBytes }
}

/** Where the files lie: the URL itself when it holds a manifest, else the DAO's release under it. */
async function baseOf(from: string, release: CID | undefined, http: Http): Promise<{ url: string; release?: CID }> {
  const url = from.replace(/\/+$/, '')
  if (!/^https?:\/\//.test(url)) throw new InvalidInputError('BAD_URL', `${JSON.stringify(from)} is no http(s) URL`)
  const named = /\/((?:v1\/releases|ipfs)\/(ba[a-z2-7]{10,120}))$/.exec(url)
  if (named !== null) return { url, release: parseCid(named[2] as string) }
  if (release !== undefined) return { url: `${url}/v1/releases/${release}`, release }
  const newest = await newestOf(url, http)
  return { url: `${url}/v1/releases/${newest}`, release: newest }
}

async function newestOf(url: string, http: Http): Promise<CID> {
  const list = await http.json(`${url}/v1/releases`)
  const newest = (list as { releases?: { release?: unknown }[] } | null)?.releases?.at(-1)?.release
  if (typeof newest !== 'string') throw new InvalidInputError('NO_RELEASE', `${url} has no release yet`)
  try {
    return cidShape.parse(parseCid(newest))
  } catch (cause) {
    throw new InvalidInputError('BAD_ANSWER', `${url} names a release that is no CID`, { cause })
  }
}
