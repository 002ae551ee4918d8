/** The genesis charter that a DAO's home serves, as canonical bytes. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { openHome, writeFileDurably } from '../../core/home/index.ts'

const place = (home: string): string => path.join(home, 'charter.cbor')

export async function readStoredCharter(home: string): Promise<Uint8Array | undefined> {
  return readFile(place(home)).then(
    (bytes) => new Uint8Array(bytes),
    () => undefined,
  )
}

export async function storeCharter(home: string, bytes: Uint8Array): Promise<void> {
  await openHome(home)
  await writeFileDurably(place(home), bytes)
}
