import type { Level } from './level.ts'

export { diskError, makeFolder, writeFileDurably } from './disk.ts'
export { openHome } from './home.ts'
export type { Level, Write } from './level.ts'

/**
 * A LevelDB in `folder`, which one process at a time may open; loads the native store on first use. Writes are on disk
 * when they resolve. Throws FatalError HOME_IN_USE, DISK_FULL or STORE_UNREADABLE.
 */
export async function openLevel(folder: string): Promise<Level> {
  const { levelIn } = await import('./level.ts')
  return levelIn(folder)
}
