/** Rounds of a pool's statistics that an operator began: on disk before they are paid, so that whatever stops one, going on costs nothing more. */
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { makeFolder, writeFileDurably } from '../../core/home/index.ts'
import { openPoolStatistics } from '../../dao/index.ts'
import { type AggregateRound, AGGREGATORS, bytesUpTo, cborCid, type CID, encode, MAX_NOTE_BYTES, parse } from '../../schemas/wire/index.ts'

export interface KeptRound {
  id: CID
  bytes: Uint8Array
  value: AggregateRound
}

const notesOf = z.array(bytesUpTo(MAX_NOTE_BYTES)).length(AGGREGATORS)

export class RoundFolder {
  readonly #folder: string

  constructor(daoFolder: string) {
    this.#folder = path.join(daoFolder, 'pool-statistics')
  }

  /** Those whose counts the log does not have (`isPublished`) and that have not expired; the newest last. */
  async open(now: number, isPublished: (round: CID) => boolean): Promise<KeptRound[]> {
    const { readRound } = await openPoolStatistics()
    const names = existsSync(this.#folder) ? await readdir(this.#folder) : []
    const rounds: KeptRound[] = []
    for (const name of names.filter((one) => one.endsWith('.round'))) {
      const bytes = new Uint8Array(await readFile(path.join(this.#folder, name)))
      const read = readRound(bytes)
      const id = cborCid(bytes)
      if (read.ok && read.value.expires > now && !isPublished(id)) rounds.push({ id, bytes, value: read.value })
    }
    return rounds.toSorted((a, b) => a.value.at - b.value.at)
  }

  async keep(round: Uint8Array): Promise<void> {
    await makeFolder(this.#folder)
    await writeFileDurably(this.#file(cborCid(round), 'round'), round)
  }

  /** Of one that was never paid. */
  forget(round: CID): Promise<void> {
    return rm(this.#file(round, 'round'), { force: true })
  }

  async notes(round: CID): Promise<Uint8Array[] | undefined> {
    const file = this.#file(round, 'notes')
    if (!existsSync(file)) return undefined
    const bytes = new Uint8Array(await readFile(file))
    return parse(notesOf, bytes, AGGREGATORS * (MAX_NOTE_BYTES + 16))
  }

  keepNotes(round: CID, notes: readonly Uint8Array[]): Promise<void> {
    return writeFileDurably(this.#file(round, 'notes'), encode([...notes]))
  }

  #file(round: CID, kind: 'round' | 'notes'): string {
    return path.join(this.#folder, `${round.toString()}.${kind}`)
  }
}
