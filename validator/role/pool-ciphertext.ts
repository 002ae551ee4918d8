/**
 * The sealed chunks of contributions that we hold a share of: fetched from their contributor, else from the DAO or another keyholder, kept in the
 * private space, and let go with the share. Beside the steps: a contributor that answers slowly holds up nobody else's.
 */
import { codeOf } from '../../core/errors/index.ts'
import { dropContribution, pullContribution } from '../../dao/batches/index.ts'
import { type CID, peerFromDid } from '../../schemas/wire/index.ts'
import type { HeldContribution } from '../keyholder/index.ts'
import type { Desk } from './desk.ts'

const MAX_PULLS = 4
const RETRY_MS = [500, 1000, 2000, 5000, 15_000, 60_000]

interface Wanted extends HeldContribution {
  tries: number
  /** Not before this, by our clock. */
  at: number
}

export class PoolCiphertext {
  readonly #desk: Desk
  /** Account of every keyholder of a contribution. */
  readonly #committee: (held: HeldContribution) => readonly string[]
  readonly #wanted = new Map<string, Wanted>()
  readonly #whole = new Set<string>()
  readonly #pulls = new Map<string, Promise<void>>()

  constructor(desk: Desk, committee: (held: HeldContribution) => readonly string[]) {
    this.#desk = desk
    this.#committee = committee
  }

  /** Whether all of it lies here. */
  isWhole(cid: CID): boolean {
    return this.#whole.has(cid.toString())
  }

  want(held: HeldContribution): void {
    const key = held.cid.toString()
    if (!this.#whole.has(key)) this.#wanted.set(key, { ...held, tries: 0, at: 0 })
  }

  async drop(cid: CID): Promise<void> {
    const key = cid.toString()
    this.#wanted.delete(key)
    this.#whole.delete(key)
    await dropContribution(cid, this.#desk.options)
  }

  /** Begins what is due. */
  tend(): void {
    const now = this.#desk.options.clock.now()
    for (const [key, wanted] of this.#wanted) {
      if (this.#pulls.size >= MAX_PULLS) return
      if (wanted.at > now || this.#pulls.has(key)) continue
      this.#pulls.set(
        key,
        this.#pull(key, wanted).finally(() => this.#pulls.delete(key)),
      )
    }
  }

  /** Waits for what is under way; the role's signal must have ended it. */
  async ended(): Promise<void> {
    await Promise.all(this.#pulls.values())
  }

  /** Never rejects. */
  async #pull(key: string, wanted: Wanted): Promise<void> {
    const { options, signal, wake } = this.#desk
    for (const source of this.#sources(wanted)) {
      try {
        await pullContribution(wanted.cid, source, { ...options, signal, file: (cid) => options.files.read(cid) })
      } catch (error) {
        if (signal.aborted) return
        options.logger.debug('ciphertext-waits', { manifest: key, source, code: codeOf(error) })
        continue
      }
      // withdrawn while it was on its way
      if (this.#wanted.get(key) !== wanted) return this.#letGo(wanted.cid)
      this.#wanted.delete(key)
      this.#whole.add(key)
      return wake()
    }
    wanted.at = options.clock.now() + (RETRY_MS[Math.min(wanted.tries++, RETRY_MS.length - 1)] as number)
  }

  #letGo(cid: CID): Promise<void> {
    const key = cid.toString()
    if (this.#wanted.has(key)) return Promise.resolve()
    return dropContribution(cid, this.#desk.options).catch((error: unknown) =>
      this.#desk.options.logger.warn('ciphertext-not-dropped', { manifest: key, code: codeOf(error) }),
    )
  }

  /** The contributor over the connection it opened, the DAO, then other keyholders: those that are connected now. */
  #sources(held: HeldContribution): string[] {
    const { options, link, me } = this.#desk
    const connected = new Set(options.mesh.peers())
    const others = this.#committee(held).filter((account) => account !== me)
    const peers = [peerFromDid(held.manifest.subject), link.peer, ...others.map(peerFromDid)]
    return [...new Set(peers)].filter((peer) => connected.has(peer))
  }
}
