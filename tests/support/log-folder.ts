/** The log of a simulated DAO as files, like those that a real one leaves: for the commands that read a copy. */
import path from 'node:path'
import { createLedger } from '../../dao/ledger/index.ts'
import { LogReader, type MemoryLogStore, peekCheckpoint } from '../../dao/log/index.ts'
import type { FileStore } from '../../dao/follower/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import type { CID } from '../../schemas/wire/index.ts'

export async function writeLogFolder(folder: string, { logStore, files }: { logStore: MemoryLogStore; files: FileStore }): Promise<void> {
  const store = await openDiskLogStore(folder, { sync: false })
  await store.write([...logStore.files].map(([name, bytes]) => ({ path: name, bytes })))
  // the files that a fold of it asks for
  const asked = new Map<CID, Uint8Array>()
  const read = (cid: CID): Uint8Array | undefined => {
    const bytes = files.read(cid)
    if (bytes !== undefined) asked.set(cid, bytes)
    return bytes
  }
  const note = await logStore.read('checkpoint')
  if (note === undefined) throw new Error('the log has no checkpoint yet')
  const { size } = peekCheckpoint(new TextDecoder().decode(note))
  const reader = new LogReader(logStore, size)
  const ledger = createLedger({ files: { read } })
  for (let from = 0; from < size; from += 256)
    for (const entry of await reader.entries(from, Math.min(size, from + 256))) ledger.apply(entry)
  const disk = new DiskFiles(path.join(folder, 'files'))
  for (const [cid, bytes] of asked) await disk.write(cid, bytes)
}
