/**
 * The key under which the share file lies, and which of its generations that is. Replacing this file is what makes deletion real: disks keep what
 * was deleted, but under a key that is gone. It is never backed up with its history.
 */
import { readFile } from 'node:fs/promises'
import { diskError, writeFileDurably } from '../../core/home/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { openWithPassphrase, sealWithPassphrase } from '../../dao/custody/index.ts'
import { bytesOf, encode, parse, uint, WireError } from '../../schemas/wire/index.ts'
import { z } from 'zod'

const shape = z.strictObject({ v: z.literal(1), generation: uint, key: bytesOf(32) })
export interface Kek {
  generation: number
  /** 32 bytes. */
  key: Uint8Array
}

/** Work factor for the passphrase: the key inside changes at every shred, and 2^15 costs a third of a second. */
const WORK_FACTOR = 15

export interface KekFile {
  read(): Promise<Kek | undefined>
  /** Resolves when the new key is on disk in the place of the old one. */
  replace(kek: Kek): Promise<void>
}

/** Owner-only; with a passphrase an age file besides. Reading throws FatalError KEK_UNREADABLE when it is damaged or the passphrase is another. */
export function kekFile(file: string, passphrase?: string): KekFile {
  return {
    async read() {
      const stored = await readFile(file).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code === 'ENOENT') return undefined
        throw diskError(thrown, file)
      })
      if (stored === undefined) return undefined
      try {
        const bytes = passphrase === undefined ? new Uint8Array(stored) : await openWithPassphrase(new Uint8Array(stored), passphrase)
        const { generation, key } = parse(shape, bytes, 256)
        return { generation, key }
      } catch (cause) {
        if (cause instanceof WireError || passphrase !== undefined)
          throw new FatalError(
            'KEK_UNREADABLE',
            `${file} does not open; give the right passphrase, or start with an empty folder: the shares in this one are lost`,
            { cause },
          )
        throw cause
      }
    },
    async replace({ generation, key }) {
      const bytes = encode({ v: 1, generation, key })
      await writeFileDurably(file, passphrase === undefined ? bytes : await sealWithPassphrase(bytes, passphrase, WORK_FACTOR))
    },
  }
}
