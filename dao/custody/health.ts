/** How a contribution's shares stand: what its owner is told, and when a committee must act. */

export type CustodyHealth = 'sound' | 'alarm' | 'lost'

/** `live` of n keyholders answer. Alarm: one more loss but one would close it, reshare now. Lost: fewer than k; its owner may offer it again. */
export function custodyHealth({ k, live }: { k: number; live: number }): CustodyHealth {
  if (live < k) return 'lost'
  return live <= k + 1 ? 'alarm' : 'sound'
}

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
