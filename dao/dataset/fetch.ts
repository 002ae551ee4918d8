/** Brings a release to this machine, over HTTP or out of a CAR file, and believes nothing before its digests agree. */
import { createReadStream } from 'node:fs'
import { access, mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { FatalError, InvalidInputError, ProofError, RetryableError, toError } from '../../core/errors/index.ts'
import { readCar } from '../../core/storage/index.ts'
import { type CID, cid as cidShape, equalBytes, matchesCid, parseCid } from '../../schemas/wire/index.ts'
import {
  digestFile,
  directoryOf,
  MAX_RELEASE_MANIFEST_BYTES,
  type ReleaseFile,
  type ReleaseManifest,
  type TreeEntry,
} from '../release/index.ts'
import { inside } from '../stores/index.ts'
import { parseManifest } from './read-release.ts'
import { unpackTree } from './unpack.ts'

/** The global `fetch`, handed in by `cli`. */
export type HttpRequest = (url: string, init: { headers?: Record<string, string>; signal?: AbortSignal }) => Promise<Response>

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
    const manifest = parseManifest(await readAll(createReadStream(path.join(part, 'manifest.json')), MAX_RELEASE_MANIFEST_BYTES))
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

async function refuseExisting(out: string): Promise<void> {
  const exists = await access(out).then(
    () => true,
    () => false,
  )
  if (exists) throw new InvalidInputError('OUT_EXISTS', `${out} exists already: name a new folder`)
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

/** The newest release that a DAO offers. Throws InvalidInputError NO_RELEASE or BAD_ANSWER, RetryableError HTTP. */
export function newestRelease({ from, request, signal }: Pick<FetchOptions, 'from' | 'request' | 'signal'>): Promise<CID> {
  return newestOf(from.replace(/\/+$/, ''), new Http(request, signal))
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

class Http {
  readonly #request: HttpRequest
  readonly #signal: AbortSignal | undefined

  constructor(request: HttpRequest, signal: AbortSignal | undefined) {
    this.#request = request
    this.#signal = signal
  }

  async json(url: string): Promise<unknown> {
    try {
      return JSON.parse(new TextDecoder().decode(await this.bytes(url, 16 << 20)))
    } catch (thrown) {
      throw thrown instanceof SyntaxError
        ? new InvalidInputError('BAD_ANSWER', `${url} did not answer with JSON`, { cause: thrown })
        : thrown
    }
  }

  async bytes(url: string, maxBytes: number): Promise<Uint8Array> {
    return readAll(this.#chunks(url, await this.#ask(url, {})), maxBytes)
  }

  /** Downloads to `target`, going on where a stopped run ended. */
  async file(url: string, target: string, bytes: number, onBytes: (bytes: number) => void): Promise<void> {
    const handle = await open(target, 'a')
    try {
      let at = (await handle.stat()).size
      if (at >= bytes) {
        await handle.truncate(0)
        at = 0
      }
      const response = await this.#ask(url, at > 0 ? { range: `bytes=${at}-` } : {})
      if (at > 0 && response.status !== 206) {
        await handle.truncate(0)
        at = 0
      }
      for await (const chunk of this.#chunks(url, response)) {
        at += chunk.byteLength
        if (at > bytes) throw new ProofError('DIGEST_MISMATCH', `${url} sends more than the ${bytes} bytes of the manifest`)
        await handle.writeFile(chunk)
        onBytes(at)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  async *#chunks(url: string, response: Response): AsyncGenerator<Uint8Array> {
    try {
      yield* response.body ?? []
    } catch (cause) {
      this.#signal?.throwIfAborted()
      throw new RetryableError('HTTP', `${url} broke off: ${toError(cause).message}`, { cause })
    }
  }

  async #ask(url: string, headers: Record<string, string>): Promise<Response> {
    const response = await this.#request(url, {
      headers: { 'accept-encoding': 'identity', ...headers },
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    }).catch((cause: unknown) => {
      this.#signal?.throwIfAborted()
      throw new RetryableError('HTTP', `${url} does not answer: ${toError(cause).message}`, { cause })
    })
    if (response.status === 404) throw new InvalidInputError('NO_RELEASE', `${url} is not there`)
    if (!response.ok)
      throw response.status >= 500 || response.status === 429
        ? new RetryableError('HTTP', `${url} answers ${response.status}`)
        : new FatalError('HTTP', `${url} answers ${response.status}`)
    return response
  }
}

async function readAll(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > maxBytes) throw new InvalidInputError('TOO_LARGE', `more than ${maxBytes} bytes`)
    parts.push(chunk)
  }
  return new Uint8Array(Buffer.concat(parts))
}
