/** A folder, or one file, as files to read. Links are not followed, devices and pipes not opened, archives inside not unpacked. */
import { createReadStream } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { ExportFile } from '../../schemas/activity/index.ts'
import type { Limits } from './limits.ts'

/** Throws InvalidInputError TOO_MANY_FILES, TOO_LARGE, SYMLINK. */
export async function readFolder(root: string, limits: Limits): Promise<ExportFile[]> {
  const files: ExportFile[] = []
  let total = 0
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > limits.folderDepth) throw new InvalidInputError('TOO_DEEP', `folders more than ${limits.folderDepth} deep are not read`)
    for await (const entry of await opendir(path.join(root, folder))) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isSymbolicLink())
        throw new InvalidInputError('SYMLINK', 'the folder holds a symbolic link, which could lead anywhere; take it out')
      if (entry.isDirectory()) await walk(name, depth + 1)
      else if (entry.isFile()) {
        const file = await fileAt(path.join(root, name), name, limits)
        total += file.bytes
        if (total > limits.totalBytes)
          throw new InvalidInputError('TOO_LARGE', `the folder holds more than ${limits.totalBytes / 2 ** 30} GiB`)
        if (files.push(file) > limits.entries)
          throw new InvalidInputError(
            'TOO_MANY_FILES',
            `a folder of more than ${limits.entries} files is not taken; name the folder inside it that matters`,
          )
      }
    }
  }
  await walk('', 0)
  return files
}

/** One file under a name. */
export async function fileAt(where: string, name: string, limits: Limits): Promise<ExportFile> {
  const { size } = await stat(where)
  return {
    path: name,
    bytes: size,
    async *open() {
      if (size > limits.entryBytes)
        throw new InvalidInputError('TOO_LARGE', `a file of more than ${limits.entryBytes / 2 ** 20} MiB is not taken`)
      yield* createReadStream(where, { highWaterMark: 256 << 10 }) as AsyncIterable<Uint8Array>
    },
  }
}
