/** The folder in which reshares wait for the log: whoever has it open is the only one that orders any. */
import type { Kv } from '../../core/effects/index.ts'
import { codeOf, RetryableError } from '../../core/errors/index.ts'
import { makeFolder } from '../../core/home/index.ts'
import { openDiskKv } from '../../core/kv/index.ts'
import { systemClock } from './system.ts'

/** The service has it for as long as a few contributions take. */
const PATIENCE_MS = 180_000
const AGAIN_MS = 250

/** Undefined while another process, or another part of this one, has it open. */
export async function openReshares(folder: string): Promise<(Kv & AsyncDisposable) | undefined> {
  await makeFolder(folder)
  return openDiskKv(folder).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'HOME_IN_USE') return undefined
    throw thrown
  })
}

/** Waits until the service has done what it is at. Throws RetryableError HOME_IN_USE. */
export async function awaitReshares(folder: string, signal: AbortSignal): Promise<Kv & AsyncDisposable> {
  const until = systemClock.now() + PATIENCE_MS
  for (;;) {
    const kv = await openReshares(folder)
    if (kv !== undefined) return kv
    if (systemClock.now() > until)
      throw new RetryableError(
        'HOME_IN_USE',
        'the DAO’s service, or another "quern dao pool reshare", gives shares to others now; run it again later',
      )
    await systemClock.sleep(AGAIN_MS, signal)
  }
}
