/** Whom of a committee to ask for keys first: by turns, so that each has its part of the work, and whoever did not answer in time after the others. */

/** What says nothing of the contribution, and only that somebody is not there, or busy. */
const AWAY = new Set(['SLOW', 'NOT_CONNECTED', 'CALL_TIMEOUT', 'CALL_RESET', 'CONNECT_FAILED', 'UNSUPPORTED_PROTOCOL'])

export class HolderTurns {
  readonly #away = new Map<string, number>()
  #turn = 0

  /** Seats, from 0, in the order to ask them. */
  next(members: readonly string[]): number[] {
    const from = this.#turn++ % Math.max(1, members.length)
    const away = (seat: number): number => this.#away.get(members[seat] as string) ?? 0
    const seats = members.map((_, i) => (from + i) % members.length)
    return seats.toSorted((a, b) => away(a) - away(b))
  }

  /** Why answers were not used, by account. */
  heard(faults: Iterable<readonly [account: string, code: string]>): void {
    for (const [account, code] of faults) if (AWAY.has(code)) this.#away.set(account, (this.#away.get(account) ?? 0) + 1)
  }
}
