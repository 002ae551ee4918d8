/**
 * A pre-committed secret per epoch (incentives reference 2.2): h_0 = SHA-256 applied n times to a seed. Each epoch opens the preimage of
 * what was opened last, so it can be checked by one hash and neither foreseen nor chosen.
 */
import type { Kv } from '../../core/effects/index.ts'
import { RefusedError } from '../../core/errors/index.ts'
import { sha256, toHex } from '../../schemas/wire/index.ts'

export const CHAIN_LENGTH = 4096

export class HashChain {
  /** Link i hashes to link i-1; link 0 is the tip. */
  readonly #links: Uint8Array[]
  readonly #place: Map<string, number>

  constructor(seed: Uint8Array, length = CHAIN_LENGTH) {
    const links = [seed]
    for (let i = 0; i < length; i++) links.push(sha256(links[i] as Uint8Array))
    this.#links = links.toReversed()
    this.#place = new Map(this.#links.map((link, i) => [toHex(link), i]))
  }

  get tip(): Uint8Array {
    return this.#links[0] as Uint8Array
  }

  /** The preimage that follows `opened`. Throws CHAIN_UNKNOWN (another chain's link) or CHAIN_USED_UP. */
  after(opened: Uint8Array): Uint8Array {
    const place = this.#place.get(toHex(opened))
    if (place === undefined)
      throw new RefusedError('CHAIN_UNKNOWN', 'this home holds another hash chain than the roster names; ask for a new seat')
    const next = this.#links[place + 1]
    if (next === undefined) throw new RefusedError('CHAIN_USED_UP', 'the hash chain is used up; ask for a new seat')
    return next
  }
}

/** The chain whose seed lies in the store, made on first use from the platform's secure randomness. */
export async function openChain(kv: Kv, name: string, secret: () => Uint8Array, length?: number): Promise<HashChain> {
  const place = `chain/${name}`
  let seed = await kv.get(place)
  if (seed === undefined) {
    seed = secret()
    await kv.put(place, seed)
  }
  return new HashChain(seed, length)
}
