/** Shares of a pool's key that wait for their keyholders: a file for each, owner-only, deleted when its keyholder has it. */
import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { diskError, makeFolder, writeFileDurably } from '../../core/home/index.ts'
import type { CID } from '../../schemas/wire/index.ts'
import type { WaitingShares } from '../operator/index.ts'

const SHARE_BYTES = 32
const MOST_SEATS = 32

export class DiskWaitingShares implements WaitingShares {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** On disk when it resolves: call it before the key is named in the log, or the key is nobody's. */
  async keep(key: CID, shares: readonly { x: number; share: Uint8Array }[]): Promise<void> {
    await makeFolder(this.#folder)
    for (const { x, share } of shares) await writeFileDurably(this.#file(key, x), share)
  }

  async of(key: CID): Promise<{ x: number; share: Uint8Array }[]> {
    const names = await readdir(this.#folder).catch((thrown: NodeJS.ErrnoException): string[] => {
      if (thrown.code === 'ENOENT') return []
      throw diskError(thrown, this.#folder)
    })
    const found: { x: number; share: Uint8Array }[] = []
    for (let x = 1; x <= MOST_SEATS; x++) {
      const file = this.#file(key, x)
      if (!names.includes(path.basename(file))) continue
      const share = new Uint8Array(await readFile(file))
      // a file of another length is none that `keep` wrote; its keyholder would refuse it
      if (share.byteLength === SHARE_BYTES) found.push({ x, share })
    }
    return found
  }

  async forget(key: CID, x: number): Promise<void> {
    await rm(this.#file(key, x), { force: true })
  }

  #file(key: CID, x: number): string {
    return path.join(this.#folder, `${key.toString()}.${x}`)
  }
}
