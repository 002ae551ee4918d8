import { setFlagsFromString } from 'node:v8'

/**
 * Lets the old generation of this process grow by half between two full collections, for a role that runs for weeks. By default V8 lets it
 * grow four-fold on a machine with much memory: a contributor with 57 MiB of live objects then holds 200 MiB.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50')
}
