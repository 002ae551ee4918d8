import { access } from 'node:fs/promises'
import path from 'node:path'
import { type CID, parseCid } from '../../schemas/wire/index.ts'
import { fetchRelease, type FetchOptions, newestRelease } from './fetch.ts'

/**
 * The folder of a DAO's release below `cache`, fetched and proved the first time: so a query takes a URL and DuckDB reads a disk.
 * What is there was proved when it came. Throws as `fetchRelease`.
 */
export async function cachedRelease({
  cache,
  release,
  ...options
}: Omit<FetchOptions, 'out'> & { cache: string }): Promise<{ root: CID; folder: string }> {
  const root = release ?? (await newestRelease(options))
  const folder = path.join(cache, root.toString())
  const known = await access(path.join(folder, 'manifest.json')).then(
    () => true,
    () => false,
  )
  if (!known) await fetchRelease({ ...options, release: parseCid(root.toString()), out: folder })
  return { root, folder }
}
