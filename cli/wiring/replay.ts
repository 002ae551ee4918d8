/** A ledger replayed from a copy of its log folder: tiles and `files/`. */
import path from 'node:path'
import { createLedger, type Ledger } from '../../dao/ledger/index.ts'
import { LogReader, peekCheckpoint } from '../../dao/log/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'

export interface Replayed {
  reader: LogReader
  ledger: Ledger
  files: DiskFiles
  checkpoint: string
}

/** Folds what the published checkpoint covers, or its first `at` entries. Trusts the folder's bytes; `ledger audit` does not. Throws InvalidInputError NO_CHECKPOINT, LOG_SHORTER. */
export async function replayFolder(folder: string, at?: number): Promise<Replayed> {
  const store = await openDiskLogStore(folder)
  const note = await store.read('checkpoint')
  if (note === undefined) throw new InvalidInputError('NO_CHECKPOINT', `${folder} holds no checkpoint; is it the log folder of a DAO?`)
  const checkpoint = new TextDecoder().decode(note)
  const { size: covered } = peekCheckpoint(checkpoint)
  const size = at ?? covered
  if (size > covered) throw new InvalidInputError('LOG_SHORTER', `the log has ${covered} entries, not ${size}`)
  const reader = new LogReader(store, covered)
  const files = new DiskFiles(path.join(folder, 'files'))
  const ledger = createLedger({ files })
  for (let from = 0; from < size; from += 256)
    for (const entry of await reader.entries(from, Math.min(size, from + 256))) ledger.apply(entry)
  return { reader, ledger, files, checkpoint }
}
