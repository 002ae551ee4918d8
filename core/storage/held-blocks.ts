/** Blocks that somebody of this process has put and cannot pin yet, by content. */
import type { CID } from '../../schemas/wire/index.ts'
import { blockKey } from './blocks.ts'
import type { Hold, Space } from './storage.ts'

export class HeldBlocks {
  readonly #holds = new Set<Set<string>>()

  has(cid: CID): boolean {
    return this.hasKey(blockKey(cid))
  }

  /** By `blockKey`. */
  hasKey(key: string): boolean {
    for (const hold of this.#holds) if (hold.has(key)) return true
    return false
  }

  /** `put`: the space's own. */
  hold(put: Space['put']): Hold {
    const keys = new Set<string>()
    this.#holds.add(keys)
    return {
      put: (blocks) => {
        const list = [...blocks]
        // before they are stored: nobody may see them loose
        for (const { cid } of list) keys.add(blockKey(cid))
        return put(list)
      },
      [Symbol.dispose]: () => void this.#holds.delete(keys),
    }
  }
}
