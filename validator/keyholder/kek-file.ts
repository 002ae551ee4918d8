/**
 * The key under which the share file lies, and which of its generations that is. Replacing this file is what makes deletion real: disks keep what
 * was deleted, but under a key that is gone. It is never backed up with its history.
 */
import { readFile } from 'node:fs/promises'
import { diskError, writeFileDurably } from '../../core/home/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { bytesOf, encode, parse, uint, WireError } from '../../schemas/wire/index.ts'
import { z } from 'zod'

const shape = z.strictObject({ v: z.literal(1), generation: uint, key: bytesOf(32) })
export interface Kek {
  generation: number
  /** 32 bytes. */
  key: Uint8Array
}

export interface KekFile {
  read(): Promise<Kek | undefined>
  /** Resolves when the new key is on disk in the place of the old one. */
  replace(kek: Kek): Promise<void>
}

/** Owner-only. Reading throws FatalError KEK_UNREADABLE when it is damaged. */
export function kekFile(file: string): KekFile {
  return {
    async read() {
      const stored = await readFile(file).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code === 'ENOENT') return undefined
        throw diskError(thrown, file)
      })
      if (stored === undefined) return undefined
      try {
        const { generation, key } = parse(shape, new Uint8Array(stored), 256)
        return { generation, key }
      } catch (cause) {
        if (!(cause instanceof WireError)) throw cause
        throw new FatalError(
          'KEK_UNREADABLE',
          `${file} is damaged, and without it the shares beside it are lost; start with an empty folder`,
          { cause },
        )
      }
    },
    async replace({ generation, key }) {
      await writeFileDurably(file, encode({ v: 1, generation, key }))
    },
  }
}
