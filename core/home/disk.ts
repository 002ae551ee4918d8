/** Files that are whole or absent, and the disk's refusals in words that name the next step. */
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { FatalError, QuernError, toError } from '../errors/index.ts'

/** What a failed write means: FatalError DISK_FULL, DISK_READ_ONLY or DISK_FAILED; our own errors pass unchanged. `what` is a path or a store's name. */
export function diskError(thrown: unknown, what: string): Error {
  const error = toError(thrown)
  if (error instanceof QuernError) return error
  const words = allWords(error)
  const detail = { what }
  if (/ENOSPC|EDQUOT|no space left|disk quota exceeded/i.test(words))
    return new FatalError(
      'DISK_FULL',
      `no space left for ${what}; free some (or lower the quota), then start again: nothing acknowledged is lost`,
      {
        cause: thrown,
        detail,
      },
    )
  if (/EROFS|EACCES|EPERM|read-only file system|permission denied/i.test(words))
    return new FatalError('DISK_READ_ONLY', `${what} cannot be written; check its owner and mount`, { cause: thrown, detail })
  return new FatalError('DISK_FAILED', `writing ${what} failed: ${error.message}`, { cause: thrown, detail })
}

/** Message and code of the error and of what caused it: stores wrap the system's words. */
function allWords(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 4) return typeof error === 'string' ? error : ''
  const code = 'code' in error ? String(error.code) : ''
  return `${code} ${error.message} ${allWords(error.cause, depth + 1)}`
}

/** Owner-only; fine when it is there already. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (thrown) {
    throw diskError(thrown, folder)
  }
}

/** Temporary file, fsync, rename, fsync of the folder: after a crash the old bytes or the new ones are there, never half of either. */
export async function writeFileDurably(file: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.new`)
  try {
    {
      await using handle = await open(temporary, 'w', 0o600)
      await handle.writeFile(bytes)
      await handle.sync()
    }
    await rename(temporary, file)
    await using folder = await open(path.dirname(file), 'r')
    await folder.sync()
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw diskError(thrown, file)
  }
}
