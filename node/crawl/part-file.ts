/** A file that appears under its name only when it is whole: written as `name.part`, synced, renamed. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'

const FLUSH_BYTES = 256 << 10

export class PartFile {
  bytes = 0
  readonly #name: string
  readonly #handle: FileHandle
  #waiting: Uint8Array[] = []
  #waitingBytes = 0

  private constructor(name: string, handle: FileHandle) {
    this.#name = name
    this.#handle = handle
  }

  static async create(name: string): Promise<PartFile> {
    return new PartFile(name, await open(`${name}.part`, 'w'))
  }

  /** Takes bytes; they are on their way to the disk once `flush` or `finish` resolves. */
  add(...parts: Uint8Array[]): void {
    for (const part of parts) {
      this.#waiting.push(part)
      this.#waitingBytes += part.byteLength
      this.bytes += part.byteLength
    }
  }

  /** Writes what waits when it is worth a system call, or in any case. One caller at a time. */
  async flush(inAnyCase = false): Promise<void> {
    if (this.#waitingBytes === 0 || (!inAnyCase && this.#waitingBytes < FLUSH_BYTES)) return
    const parts = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    await this.#handle.writev(parts)
  }

  async finish(): Promise<void> {
    await this.flush(true)
    await this.#handle.sync()
    await this.#handle.close()
    await rename(`${this.#name}.part`, this.#name)
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {})
    await rm(`${this.#name}.part`, { force: true })
  }
}

/** Makes renames in a folder durable; some systems cannot, and then nothing better can be had. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(path.resolve(folder), 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // Windows does not open folders
  }
}
