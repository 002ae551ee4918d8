/** The described files of a release in a folder of this machine, parsed once with size limits. */
import { access, open } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { z } from 'zod'
import { MAX_RELEASE_MANIFEST_BYTES, type ReleaseManifest, releaseManifest, type ShareTable, shareTable } from '../release/index.ts'
import { inside } from '../stores/index.ts'

/** Throws InvalidInputError NOT_A_RELEASE or BAD_MANIFEST. */
export const readManifest = (folder: string): Promise<ReleaseManifest> => readJson(folder, 'manifest.json', releaseManifest, 'BAD_MANIFEST')
/** Throws InvalidInputError NOT_A_RELEASE or BAD_SHARES. */
export const readShares = (folder: string): Promise<ShareTable> => readJson(folder, 'shares.json', shareTable, 'BAD_SHARES')

/** Parses bytes of `manifest.json`, from wherever they came. */
export const parseManifest = (bytes: Uint8Array): ReleaseManifest => parseJson(bytes, 'manifest.json', releaseManifest, 'BAD_MANIFEST')

/** Absolute paths of the Parquet files, in release order. */
export function parquetFiles(folder: string, manifest: Pick<ReleaseManifest, 'files'>): string[] {
  return manifest.files.filter((file) => file.rows !== null).map((file) => inside(folder, file.path))
}

async function readJson<T extends z.ZodType>(folder: string, file: string, shape: T, code: string): Promise<z.infer<T>> {
  return parseJson(await readLimited(path.join(folder, file), MAX_RELEASE_MANIFEST_BYTES), file, shape, code)
}

function parseJson<T extends z.ZodType>(bytes: Uint8Array, file: string, shape: T, code: string): z.infer<T> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new InvalidInputError(code, `${file} is not JSON`)
  }
  const result = shape.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new InvalidInputError(code, `${file}: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'wrong shape'}`)
}

/** The whole file, refused before it is read when it is larger. */
async function readLimited(file: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new InvalidInputError('NOT_A_RELEASE', `no ${path.basename(file)} in ${path.dirname(file)}`, { cause })
  })
  try {
    const { size } = await handle.stat()
    if (size > maxBytes) throw new InvalidInputError('TOO_LARGE', `${path.basename(file)} has ${size} bytes, at most ${maxBytes} are taken`)
    return new Uint8Array(await handle.readFile())
  } finally {
    await handle.close()
  }
}

/** Throws InvalidInputError OUT_EXISTS: nothing that lies somewhere is ever written over. */
export async function refuseExisting(out: string): Promise<void> {
  const exists = await access(out).then(
    () => true,
    () => false,
  )
  if (exists) throw new InvalidInputError('OUT_EXISTS', `${out} exists already: name a new folder`)
}
