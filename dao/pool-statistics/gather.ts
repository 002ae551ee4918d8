/** The operator's part of a round: which contributions can be counted, that all three have summed the same, then their sums and signatures. */
import { codeOf, RefusedError, RetryableError } from '../../core/errors/index.ts'
import { aggregateProtocol, askAgain, type Mesh } from '../../core/mesh/index.ts'
import { cborCid, MAX_LIST_BYTES, peerFromDid, type PoolStatistics } from '../../schemas/wire/index.ts'
import { encodeStatistics, readStatistics } from './published.ts'
import { combinePartials, countable, readRound } from './round.ts'

export interface Gathering {
  mesh: Pick<Mesh, 'ask'>
  /** Signed bytes of the round; who asks is its gatherer. */
  round: Uint8Array
  /** Pays for the round, where that was not done: awaited when it is known that there are enough people, and before anything is summed. */
  pay: () => Promise<void>
  /** The three lists that an attempt before went by. */
  lists?: readonly Uint8Array[] | undefined
  /** Keeps the lists where they survive a crash: awaited before any sum is asked for, because the set is fixed from then on. */
  onReady?: (lists: readonly Uint8Array[]) => Promise<void>
  signal?: AbortSignal | undefined
}

export interface Gathered {
  statistics: PoolStatistics
  /** Bytes of the ledger file. */
  file: Uint8Array
  /** How many were counted, contributions whose counts were none, and how many not all three hold. null: an attempt before has fixed that. */
  counted: { people: number; forged: string[]; partly: number } | null
}

interface Step {
  what: 'list' | 'ready' | 'sum' | 'sign'
  /** What all three said in the step before, in order of seats. */
  said: readonly Uint8Array[]
}

/**
 * Asks the three in four steps, all at once in each; with lists of before without the first, unless somebody on them has gone since. Throws
 * RetryableError AGGREGATOR_MISSING, whose detail has a code by account: the same round, asked again when they are back, goes on and costs nothing
 * more. Throws RefusedError TOO_FEW_PEOPLE and what `readRound` refuses.
 */
export async function gatherRound({ mesh, round: bytes, pay, lists: before, onReady, signal }: Gathering): Promise<Gathered> {
  const read = readRound(bytes)
  if (!read.ok) throw new RefusedError(read.code, read.message)
  const round = { id: cborCid(bytes), value: read.value }
  // again, as good as never: whoever has lost its sum makes another of the same people, and whoever has one says the same
  let notes = before && (await ask({ what: 'ready', said: before }).catch(unlessChanged))
  let counted: Gathered['counted'] = null
  if (notes === undefined) {
    const lists = await ask({ what: 'list', said: [] })
    const { good, forged, partly } = countable(lists, round)
    counted = { people: good.length, forged: forged.map(String), partly }
    if (good.length < read.value.minPeople)
      throw new RefusedError(
        'TOO_FEW_PEOPLE',
        `${good.length} people can be counted, and counts are published of ${read.value.minPeople} or more`,
        { detail: { ...counted } },
      )
    await pay()
    notes = await ask({ what: 'ready', said: lists })
    await onReady?.(lists)
  }
  const partials = await ask({ what: 'sum', said: notes })
  const statistics = combinePartials(round, partials)
  const file = encodeStatistics(bytes, statistics, await ask({ what: 'sign', said: partials }))
  const published = readStatistics(file)
  if (!published.ok) throw new RetryableError('AGGREGATOR_MISSING', `what the aggregators signed is not what they said: ${published.code}`)
  return { statistics, file, counted }

  async function ask({ what, said }: Step): Promise<Uint8Array[]> {
    const faults: Record<string, string> = {}
    const answers = await Promise.all(
      round.value.aggregators.map(async (account) => {
        const query = { round: bytes, step: { what, said: [...said] } }
        const carried = said.reduce((sum, { byteLength }) => sum + byteLength, 0) + (what === 'list' ? MAX_LIST_BYTES : 0)
        const reply = await askAgain(mesh, peerFromDid(account), aggregateProtocol, query, {
          bytes: carried,
          ...(signal && { signal }),
        }).catch((error: unknown) => ({ status: 'refused' as const, code: codeOf(error) }))
        if (reply.status === 'said') return reply.bytes
        faults[account] = reply.code
        return new Uint8Array()
      }),
    )
    signal?.throwIfAborted()
    const missing = Object.entries(faults)
    if (missing.length === 0) return answers
    throw new RetryableError('AGGREGATOR_MISSING', missing.map(([account, code]) => `${account} did not do its part: ${code}`).join('; '), {
      detail: { faults },
    })
  }
}

/** Of people of whom one has withdrawn since, nobody who has not summed them makes a sum any more: then they are listed anew. */
function unlessChanged(error: unknown): undefined {
  const { faults = {} } = (error as { detail?: { faults?: Record<string, string> } }).detail ?? {}
  if (!Object.values(faults).includes('LIST_CHANGED')) throw error
}
