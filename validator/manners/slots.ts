/**
 * Time slots of a host, which go round among those who may ask it: one of them may begin one request at the beginning of each of its own, so that all of
 * them together begin no more than one in a pause, and any of them no more than one in a round, whatever its clock says. Milliseconds.
 */

export interface SlotShare {
  /** How many share the host. */
  times: number
  /** The place of this one among them, from 0. */
  place: number
}

export const ALONE: SlotShare = { times: 1, place: 0 }

/** The share of one of a list; of somebody who is not on it, as if it came last. */
export function slotShare(all: readonly string[], one: string): SlotShare {
  const place = all.indexOf(one)
  return place === -1 ? { times: all.length + 1, place: all.length } : { times: all.length, place }
}

/** The time in which everybody has one slot. */
export const roundMs = (pauseMs: number, { times }: SlotShare): number => pauseMs * times

/** The first time, not before `at`, at which a slot of ours begins; `at` itself for who is alone. */
export function slotFrom(at: number, pauseMs: number, share: SlotShare): number {
  const round = roundMs(pauseMs, share)
  if (share.times === 1 || round === 0) return at
  const ours = pauseMs * share.place
  return ours + Math.ceil((at - ours) / round) * round
}
