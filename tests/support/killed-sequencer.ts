import path from 'node:path'
import { silent } from '../../core/effects/index.ts'
import { keyFromSeed } from '../../core/identity/index.ts'
import { openDiskKv } from '../../core/kv/index.ts'
import { openSequencer, type Sequencer, type SequencerOptions } from '../../dao/sequencer/index.ts'
import { openDiskLogStore } from '../../dao/stores/index.ts'
import { realClock } from './real-clock.ts'

/** A sequencer on disk, without validators, that always finds its files again. */
export async function openKilledSequencer(folder: string, overrides: Partial<SequencerOptions> = {}): Promise<Sequencer> {
  return openSequencer({
    ledgerId: 'quern/kill',
    term: 0,
    logKey: keyFromSeed(new Uint8Array(32).fill(1)),
    store: await openDiskLogStore(path.join(folder, 'log')),
    kv: await openDiskKv(path.join(folder, 'kv')),
    clock: realClock,
    logger: silent,
    admit: () => ({ ok: true }),
    witnesses: () => [],
    quorum: () => 0,
    publish: () => {},
    ...overrides,
  })
}
