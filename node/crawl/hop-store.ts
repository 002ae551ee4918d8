import { type Exchange, fetchGroup } from '../../schemas/evidence/index.ts'
import { WireError } from '../../schemas/wire/index.ts'
import type { Hop } from './types.ts'

/** Redirect answers that wait for the page they lead to; beyond this many bytes they are forgotten and the page stands without them. */
const MAX_BYTES = 64 << 20

export class HopStore {
  readonly #chains = new Map<string, Exchange[]>()
  #bytes = 0

  /** `target` in canonical form, as the frontier will give it back. */
  store(target: string, chain: Exchange[]): void {
    const bytes = bytesOf(chain)
    if (this.#bytes + bytes > MAX_BYTES) return
    this.#bytes += bytes
    this.#chains.set(target, chain)
  }

  take(url: string): Exchange[] {
    const chain = this.#chains.get(url) ?? []
    if (this.#chains.delete(url)) this.#bytes -= bytesOf(chain)
    return chain
  }
}

/** Redirects as evidence; one that others would refuse to read is left out. */
export function asHops(chain: Exchange[]): Hop[] {
  return chain.flatMap((exchange) => {
    try {
      return [{ exchange, evidence: fetchGroup(exchange) }]
    } catch (thrown) {
      if (thrown instanceof WireError) return []
      throw thrown
    }
  })
}

function bytesOf(chain: Exchange[]): number {
  return chain.reduce((sum, { body }) => sum + body.length + 1024, 0)
}
