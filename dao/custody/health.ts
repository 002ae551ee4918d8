/** How far a contribution is from being unreadable: what its owner is told after a withdrawal. */

export interface ShredState {
  shredded: number
  /** Deletions that close every quorum: n − k + 1. */
  needed: number
  /** Unreadable, if those who signed that they deleted did so. */
  unreadable: boolean
}

export function shredState({ k, n, shredded }: { k: number; n: number; shredded: number }): ShredState {
  const needed = n - k + 1
  return { shredded, needed, unreadable: shredded >= needed }
}
