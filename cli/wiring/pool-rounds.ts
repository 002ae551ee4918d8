/** Rounds of a pool's statistics that an operator began: on disk before they are paid, so that whatever stops one, going on costs nothing more. */
import path from 'node:path'
import { z } from 'zod'
import type { Kv } from '../../core/effects/index.ts'
import { codeOf, FatalError } from '../../core/errors/index.ts'
import { makeFolder } from '../../core/home/index.ts'
import { openDiskKv } from '../../core/kv/index.ts'
import { openPoolStatistics } from '../../dao/index.ts'
import { type AggregateRound, AGGREGATORS, bytesUpTo, cborCid, type CID, encode, MAX_LIST_BYTES, parse } from '../../schemas/wire/index.ts'

export interface KeptRound {
  id: CID
  bytes: Uint8Array
  value: AggregateRound
}

const listsOf = z.array(bytesUpTo(MAX_LIST_BYTES)).length(AGGREGATORS)
const ROUNDS = 'round/'

export class RoundFolder implements AsyncDisposable {
  readonly #kv: Kv & AsyncDisposable

  private constructor(kv: Kv & AsyncDisposable) {
    this.#kv = kv
  }

  /** One command at a time: two would have the three sum different people for one payment. Throws FatalError HOME_IN_USE. */
  static async open(daoFolder: string): Promise<RoundFolder> {
    const folder = path.join(daoFolder, 'pool-statistics')
    await makeFolder(folder)
    const kv = await openDiskKv(folder).catch((cause: unknown) => {
      if (codeOf(cause) !== 'HOME_IN_USE') throw cause
      throw new FatalError(
        'HOME_IN_USE',
        'another "quern dao pool statistics" is at work here; let it end, or stop it, which loses nothing',
        {
          cause,
        },
      )
    })
    return new RoundFolder(kv)
  }

  /** Those that may still be finished, the newest last; lets go of all others: the log has their counts (`isPublished`), or they have expired. */
  async unfinished(now: number, isPublished: (round: CID) => boolean): Promise<KeptRound[]> {
    const { readRound } = await openPoolStatistics()
    const rounds: KeptRound[] = []
    for (const key of await this.#kv.keys(ROUNDS)) {
      const bytes = (await this.#kv.get(key)) as Uint8Array
      const read = readRound(bytes)
      const id = cborCid(bytes)
      if (read.ok && read.value.expires > now && !isPublished(id)) rounds.push({ id, bytes, value: read.value })
      else await this.forget(id)
    }
    return rounds.toSorted((a, b) => a.value.at - b.value.at)
  }

  keep(round: Uint8Array): Promise<void> {
    return this.#kv.put(roundOf(cborCid(round)), round)
  }

  async forget(round: CID): Promise<void> {
    await this.#kv.delete(listsKey(round))
    await this.#kv.delete(roundOf(round))
  }

  /** What the three said whom they can count, where all of them were ready to sum it once. */
  async lists(round: CID): Promise<Uint8Array[] | undefined> {
    const bytes = await this.#kv.get(listsKey(round))
    return bytes && parse(listsOf, bytes, AGGREGATORS * (MAX_LIST_BYTES + 16))
  }

  keepLists(round: CID, lists: readonly Uint8Array[]): Promise<void> {
    return this.#kv.put(listsKey(round), encode([...lists]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kv[Symbol.asyncDispose]()
  }
}

const roundOf = (round: CID): string => `${ROUNDS}${round.toString()}`
const listsKey = (round: CID): string => `lists/${round.toString()}`
