/** What a parser says of one row: an event in full, still on the device, or why the row is left out. */
import type { EventType } from './event.ts'

export interface Draft {
  type: EventType
  /** Milliseconds since 1970, UTC; undefined where the export says none. */
  timeMs: number | undefined
  kind: string
  name?: string | undefined
  text?: string | undefined
  url?: string | undefined
  durationS?: number | undefined
  measure?: { name: string; value: string; unit: string } | undefined
  place?: { latE7: number; lonE7: number } | undefined
  context?: string | undefined
  /** Instead of `context`: somebody's account, of which the pseudonym is written or nothing. A short handle is found by no rule for texts. */
  contextPerson?: string | undefined
  /** The object is a person of the export's own contacts: the name is never written, its pseudonym is. */
  person?: string | undefined
}

export const DROP_REASONS = [
  'other-person',
  'other-profile',
  'ad',
  'incognito',
  'trailer',
  'empty',
  'bad-time',
  'duplicate',
  'not-in-rules',
  'system',
  'private-place',
] as const
export type DropReason = (typeof DROP_REASONS)[number]

export interface Dropped {
  dropped: DropReason
}
export type Found = Draft | Dropped

export const dropped = (reason: DropReason): Dropped => ({ dropped: reason })
