/** A release's files in a folder of this machine: whole or not at all. */
import { createReadStream } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { ReleaseFolder } from '../release/index.ts'

export function diskFolder(folder: string): ReleaseFolder {
  return {
    async write(file, bytes) {
      const target = inside(folder, file)
      await mkdir(path.dirname(target), { recursive: true })
      const part = `${target}.part`
      const handle = await open(part, 'w')
      try {
        await handle.writeFile(bytes)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(part, target)
    },
    read: (file) => createReadStream(inside(folder, file), { highWaterMark: 1 << 20 }),
  }
}

/** Resolves a relative path that must not leave the folder. Throws InvalidInputError BAD_PATH. */
export function inside(folder: string, file: string): string {
  const target = path.resolve(folder, file)
  if (!target.startsWith(path.resolve(folder) + path.sep) || file.includes('\0') || path.isAbsolute(file))
    throw new InvalidInputError('BAD_PATH', 'a file of a release lies inside its folder')
  return target
}
