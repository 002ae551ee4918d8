/** Since when a keyholder has not answered: an observation of whoever asks it, of which the log knows nothing. Pure. */
import { z } from 'zod'
import { did, encode, parse, uint } from '../../schemas/wire/index.ts'

/** How often keyholders are asked, in seconds. */
export const ASK_SECONDS = 600
/** Silence of so long is told. */
export const SILENT_SECONDS = 86_400
/** Silence of so long counts as being gone, where others may take over: an update, a move or a holiday is over by then. */
export const GONE_SECONDS = 7 * 86_400
/** A gap between two questions counts for no more than this: who asks was away itself. */
const MOST_BETWEEN = 3600
const MOST_KEYHOLDERS = 4096

const silence = z.strictObject({
  account: did,
  /** Unix seconds of the first question that was not answered. */
  since: uint,
  /** Of the newest. */
  asked: uint,
  /** Seconds of it through which it was asked. */
  seconds: uint,
})
export type Silence = z.infer<typeof silence>
const silences = z.array(silence).max(MOST_KEYHOLDERS)

/** One more question that was not answered, at `now` in Unix seconds. */
export function stillSilent(account: string, before: Silence | undefined, now: number): Silence {
  if (before === undefined) return { account, since: now, asked: now, seconds: 0 }
  const passed = Math.min(Math.max(0, now - before.asked), MOST_BETWEEN)
  return { ...before, asked: now, seconds: before.seconds + passed }
}

export const encodeSilences = (list: readonly Silence[]): Uint8Array => encode([...list])

/** Throws WireError for what `encodeSilences` did not write. */
export const decodeSilences = (bytes: Uint8Array): Silence[] => parse(silences, bytes, MOST_KEYHOLDERS * 256)
