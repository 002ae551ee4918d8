/** Whose tokens were in the log first: what makes a contribution to the pool new, or a copy. */
import type { LedgerState, PoolContribution } from './types.ts'

/** That an earlier epoch paid for it. */
export function hasEarned({ contributors }: Pick<LedgerState, 'contributors'>, one: PoolContribution): boolean {
  const earned = contributors
    .get(one.contributor)
    ?.points.get(one.settled ?? 0)
    ?.batches.get(one.manifestCid.toString())
  return earned !== undefined && earned > 0n
}

const TOKEN_BYTES = 32

/** As texts of 32 units, to look them up by: half of what hexadecimal takes. */
function tokensOf({ tokens }: Pick<PoolContribution, 'tokens'>): string[] {
  const text = Buffer.from(tokens.buffer, tokens.byteOffset, tokens.byteLength).toString('latin1')
  return Array.from({ length: tokens.byteLength / TOKEN_BYTES }, (_, i) => text.slice(i * TOKEN_BYTES, (i + 1) * TOKEN_BYTES))
}

type Known = Pick<LedgerState, 'contributions' | 'contributors'>

/**
 * Who had a token first, by commit: whoever revealed it owns it, whether or not it earned with it, since from then on anybody can copy it. Copies do not
 * stand in their owner's way, nor do own contributions that never earned.
 */
export class TokenBook {
  readonly #state: Known
  readonly #holders = new Map<string, PoolContribution[]>()

  constructor(state: Known) {
    this.#state = state
    for (const one of [...state.contributions.values()].toSorted((a, b) => a.commitIndex - b.commitIndex))
      for (const key of tokensOf(one)) {
        const holders = this.#holders.get(key)
        if (holders) holders.push(one)
        else this.#holders.set(key, [one])
      }
  }

  /** Most tokens shared with any single one before it; null where there are no tokens to compare. */
  mostShared(one: PoolContribution): number | null {
    if (one.tokens.byteLength === 0) return null
    const shared = new Map<PoolContribution, number>()
    let most = 0
    for (const token of tokensOf(one)) {
      const holders = this.#holders.get(token) ?? []
      const isOwner = holders[0]?.contributor === one.contributor
      for (const other of holders) {
        if (other.commitIndex >= one.commitIndex) break
        if (other.contributor === one.contributor ? !hasEarned(this.#state, other) : isOwner) continue
        const count = (shared.get(other) ?? 0) + 1
        shared.set(other, count)
        most = Math.max(most, count)
      }
    }
    return most
  }
}
