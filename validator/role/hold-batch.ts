/** Whole copies of batches: pulled from whoever has them, pinned, served to everybody. */
import { codeOf } from '../../core/errors/index.ts'
import { deadlineOf, untilAborted } from '../../core/mesh/index.ts'
import { askPeer, batchRoots, pullRoot } from '../../dao/batches/index.ts'
import type { BatchState } from '../../dao/ledger/index.ts'
import { type CID, encode, peerFromDid } from '../../schemas/wire/index.ts'
import type { Desk } from './desk.ts'

/** One try at one source; what came by then stays and is not asked for again. */
const PULL_MS = 240_000
const TOO_SLOW = { code: 'TOO_SLOW', message: 'the batch did not come in the time there is for one try' }

export type HoldReply = { status: 'held' } | { status: 'refused'; code: string }

export class BatchHolder {
  readonly #desk: Desk
  /** Pulls under way, by manifest: who asks again meanwhile waits for the same one. */
  readonly #pulls = new Map<string, Promise<boolean>>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** The DAO asks for a further replica of a revealed batch. */
  async answer(manifest: CID, peer: string, signal: AbortSignal): Promise<HoldReply> {
    const { link, state } = this.#desk
    if (peer !== link.peer) return { status: 'refused', code: 'NOT_THE_DAO' }
    const batch = state().batches.get(manifest.toString())
    if (batch === undefined) return { status: 'refused', code: 'NOT_REVEALED' }
    const isHeld = await untilAborted(signal, () => this.hold(batch))
    return isHeld ? { status: 'held' } : { status: 'refused', code: 'BLOCKS_UNREACHABLE' }
  }

  /** Whether all of the batch lies here, pinned, after asking its contributor and the DAO for what is missing. Rejects when the role ends. */
  hold(batch: BatchState): Promise<boolean> {
    const key = batch.manifestCid.toString()
    const known = this.#pulls.get(key)
    if (known !== undefined) return known
    const pull = this.#pull(batch).finally(() => this.#pulls.delete(key))
    this.#pulls.set(key, pull)
    return pull
  }

  async #pull(batch: BatchState): Promise<boolean> {
    const { link } = this.#desk
    for (const root of batchRoots(batch.manifest)) {
      let isHere = false
      for (const source of [peerFromDid(batch.contributor), link.peer]) isHere ||= await this.#pullRoot(root, source)
      if (!isHere) return false
    }
    const space = this.#desk.options.storage.public
    await space.put([{ cid: batch.manifestCid, bytes: encode(batch.manifest) }])
    return true
  }

  async #pullRoot(root: CID, source: string): Promise<boolean> {
    const { options, signal } = this.#desk
    const space = options.storage.public
    if (await space.isPinned(root)) return true
    using time = deadlineOf(options.clock, PULL_MS, TOO_SLOW, [signal])
    try {
      await pullRoot(space, root, askPeer(options.mesh, source), { signal: time.signal })
      return true
    } catch (error) {
      signal.throwIfAborted()
      options.logger.debug('hold-failed', { root: root.toString(), code: codeOf(error) })
      return false
    }
  }
}
