import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

const MAX_TRIES = 20

/**
 * A copy of a living log's published files, as a mirror would make it: the checkpoint first, because the log goes on while its files are copied,
 * and nothing that is still being written (`.NAME.tmp`, gone in a moment). Starts again when a partial tile gave way to a whole one meanwhile.
 */
export async function copyLog(live: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true })
  for (let tries = 1; ; tries++) {
    const note = await readFile(path.join(live, 'checkpoint'))
    try {
      await cp(live, to, { recursive: true, filter: (file) => file === live || !path.basename(file).startsWith('.') })
      return await writeFile(path.join(to, 'checkpoint'), note)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MAX_TRIES) throw error
      await rm(to, { recursive: true, force: true })
    }
  }
}
