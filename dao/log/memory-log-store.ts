/** A log in memory: for tests and the simulated world. */
import { TILE_WIDTH } from './tiles.ts'
import type { LogFile, LogStore } from './types.ts'

export class MemoryLogStore implements LogStore {
  readonly files = new Map<string, Uint8Array>()

  read(path: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.files.get(path))
  }

  write(files: LogFile[]): Promise<void> {
    for (const { path, bytes } of files) this.files.set(path, bytes)
    return Promise.resolve()
  }

  dropPartials(paths: string[]): Promise<void> {
    for (const path of paths) for (let width = 1; width < TILE_WIDTH; width++) this.files.delete(`${path}.p/${width}`)
    return Promise.resolve()
  }
}
