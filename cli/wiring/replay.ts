/** A ledger replayed from a copy of its log folder: tiles and `files/`. */
import path from 'node:path'
import { createLedger, type Ledger } from '../../dao/ledger/index.ts'
import { LogReader, peekCheckpoint } from '../../dao/log/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import type { Entry } from '../../schemas/wire/index.ts'

export interface Replayed {
  reader: LogReader
  ledger: Ledger
  files: DiskFiles
  checkpoint: string
}

/**
 * Folds what the published checkpoint covers, or its first `at` entries; `onEntry` sees each that the fold took. Trusts the folder's bytes;
 * `ledger audit` does not. Throws InvalidInputError NO_CHECKPOINT, LOG_SHORTER.
 */
export async function replayFolder(
  folder: string,
  { at, onEntry }: { at?: number | undefined; onEntry?: (entry: Entry) => void } = {},
): Promise<Replayed> {
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
    for (const bytes of await reader.entries(from, Math.min(size, from + 256))) {
      const { entry } = ledger.apply(bytes)
      if (entry) onEntry?.(entry)
    }
  return { reader, ledger, files, checkpoint }
}

export interface ReplayedPool extends Replayed {
  /** Signed withdrawals that the fold took, in the order of the log. */
  withdrawals: Uint8Array[]
}

/** Replays a copy of a log, and gives the withdrawals in it as they were signed. Throws InvalidInputError NO_CHECKPOINT. */
export async function replayPool(folder: string): Promise<ReplayedPool> {
  const withdrawals: Uint8Array[] = []
  const replayed = await replayFolder(folder, {
    onEntry: (entry) => {
      if (entry.t === 'consent.withdrawn') withdrawals.push(entry.p.withdrawal)
    },
  })
  return { ...replayed, withdrawals }
}
