/** Where a charter lets a crawl go: to its start pages' hosts or domains, and to where those redirect; in no epoch further. */
import type { Charter } from '../../schemas/wire/index.ts'
import { scopeOf } from '../frontier/index.ts'

/** A host (with port) outside the scope, and the start page whose redirect led there. */
export type Widening = [host: string, seed: string]

export class CharterScope {
  readonly #inScope: (url: URL) => boolean
  readonly #seedOf = new Map<string, string>()

  /** `earlier`: what earlier epochs found; that of start pages which the charter does not name any more is left out. */
  constructor({ scope, seeds }: Charter['sources'], earlier: readonly Widening[] = []) {
    this.#inScope = scopeOf(scope, seeds)
    for (const [host, seed] of earlier) if (seeds.includes(seed)) this.widen(host, seed)
  }

  has(url: URL): boolean {
    return this.#inScope(url) || this.#seedOf.has(url.host)
  }

  widen(host: string, seed: string): void {
    this.#seedOf.set(host, seed)
  }

  get widenings(): Widening[] {
    return [...this.#seedOf]
  }
}
