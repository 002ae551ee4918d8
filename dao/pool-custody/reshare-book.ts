/**
 * Reshares whose new members are all ready, until the log has them: from then on keyholders change over by themselves. Whoever has the book open is
 * the only one that orders any: of orders for one contribution at once only one comes to anything, and new members keep the shares of a few alone.
 */
import { z } from 'zod'
import type { Kv } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { PoolContribution } from '../ledger/index.ts'
import { bytesUpTo, cborCid, encode, parse, reshareOrder } from '../../schemas/wire/index.ts'

const prepared = z.strictObject({ v: z.literal(1), order: bytesUpTo(8192), ready: z.array(bytesUpTo(1024)).max(32) })
/** Bytes of a reshareOrder, and of the reshareReady of every new member. */
export type Prepared = Pick<z.infer<typeof prepared>, 'order' | 'ready'>

/** Writes `custody.reshare`; resolves when the log has it. Throws with the fold's code where it is refused. */
export type LogReshare = (one: Prepared) => Promise<void>

/** A durable map of its own; undefined while somebody else has it open. */
export type OpenReshares = () => Promise<(Kv & AsyncDisposable) | undefined>

const PLACE = 'prepared/'
/** New members keep a share that nobody changed over to for a day from the order; what is not in the log an hour before is let go. */
const LOG_WITHIN_SECONDS = 82_800
/** It is in the log, or what it names is not so any more: then the old shares count, or newer ones. */
const OVER = ['OTHER_GENERATION', 'UNKNOWN', 'NOT_SEATED', 'NOT_READY', 'RECIPIENT_NOT_NAMED', 'QUORUM_LOWERED']

export class ReshareBook {
  readonly #kv: Kv
  /** Generation that was finished, by contribution. */
  readonly #finished = new Map<string, number>()

  constructor(kv: Kv) {
    this.#kv = kv
  }

  /** On disk when it resolves. */
  keep({ order, ready }: Prepared): Promise<void> {
    return this.#kv.put(placeOf(order), encode({ v: 1, order, ready }))
  }

  forget({ order }: Pick<Prepared, 'order'>): Promise<void> {
    return this.#kv.delete(placeOf(order))
  }

  /**
   * Whether `finish` brought a reshare from this generation into the log, or found one there. Whoever folded the log before that is not to order
   * another: new members would let go of the share that the log names.
   */
  hasFinished({ manifestCid, generation }: Pick<PoolContribution, 'manifestCid' | 'generation'>): boolean {
    return (this.#finished.get(manifestCid.toString()) ?? -1) >= generation
  }

  /**
   * What an earlier run prepared and could not write: every new member waits for it. `now` in Unix seconds. Tells what became of each: `logged`,
   * STALE, or the code of the refusal. Throws what else `log` throws; then it stays for the next time.
   */
  async finish(log: LogReshare, now: number): Promise<{ contribution: string; outcome: string }[]> {
    const ended: { contribution: string; outcome: string }[] = []
    for (const key of await this.#kv.keys(PLACE)) {
      const bytes = await this.#kv.get(key)
      if (bytes === undefined) continue
      const { order, ready } = parse(prepared, bytes, 64_000)
      const { manifest, at, generation } = parse(reshareOrder, order, 8192)
      const outcome = now > at + LOG_WITHIN_SECONDS ? 'STALE' : await logged(log, { order, ready })
      if (outcome === 'logged' || outcome === 'OTHER_GENERATION') this.#finished.set(manifest.toString(), generation)
      await this.forget({ order })
      ended.push({ contribution: manifest.toString(), outcome })
    }
    return ended
  }
}

/** `logged`, or the code of a refusal that asking again does not change. Throws other refusals, and faults. */
export async function logged(log: LogReshare, one: Prepared): Promise<string> {
  try {
    await log(one)
    return 'logged'
  } catch (error) {
    if (OVER.includes(codeOf(error))) return codeOf(error)
    throw error
  }
}

const placeOf = (order: Uint8Array): string => `${PLACE}${cborCid(order).toString()}`
