/** A file that appears under its name only when it is whole: written as `name.part`, synced, renamed. It may be cut back and gone on with. */
import { access, type FileHandle, open, rename, rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import { crc32 } from 'node:zlib'

export class PartFile {
  /** Length with what waits. */
  bytes: number
  /** CRC-32 of what was added since the last `mark`. */
  check = 0
  /** Bytes not written yet. */
  waitingBytes = 0
  readonly #name: string
  readonly #handle: FileHandle
  #waiting: Uint8Array[] = []

  private constructor(name: string, handle: FileHandle, bytes: number) {
    this.#name = name
    this.#handle = handle
    this.bytes = bytes
  }

  static async create(name: string): Promise<PartFile> {
    await rm(`${name}.part`, { force: true })
    return new PartFile(name, await open(`${name}.part`, 'a'), 0)
  }

  /** Goes on behind the first `bytes`; under whichever of its names the file lies. */
  static async resume(name: string, bytes: number): Promise<PartFile> {
    const part = `${name}.part`
    if (!(await exists(part))) await rename(name, part)
    await truncate(part, bytes)
    return new PartFile(name, await open(part, 'a'), bytes)
  }

  /** Takes bytes; they are on their way to the disk once `flush` resolves. */
  add(...parts: Uint8Array[]): void {
    for (const part of parts) {
      this.#waiting.push(part)
      this.waitingBytes += part.byteLength
      this.bytes += part.byteLength
      this.check = crc32(part, this.check)
    }
  }

  /** Length and checksum as of now, and a new checksum from here on. */
  mark(): { length: number; check: number } {
    const marked = { length: this.bytes, check: this.check }
    this.check = 0
    return marked
  }

  /** Writes what waits. One caller at a time. */
  async flush(): Promise<void> {
    const length = this.waitingBytes
    if (length === 0) return
    const parts = this.#waiting
    this.#waiting = []
    this.waitingBytes = 0
    // joined they would be a second copy of all that a crawl writes
    const { bytesWritten } = await this.#handle.writev(parts)
    // a disk that is nearly full takes what it can: the rest says why it does not fit
    if (bytesWritten < length) await this.#handle.appendFile(Buffer.concat(parts).subarray(bytesWritten))
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
  }

  async finish(): Promise<void> {
    await this.flush()
    await this.#handle.sync()
    await this.#handle.close()
    await rename(`${this.#name}.part`, this.#name)
  }

  /** Leaves the part for a later `resume`. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {})
  }
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
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
