/** What was withdrawn goes into the log too, where every keyholder hears it that was away: what the log lacks of it is written, after every start. */
import { codeOf } from '../../../core/errors/index.ts'
import { readWithdrawal } from '../../../dao/consent/index.ts'
import type { Outbox } from '../../../dao/follower/index.ts'
import type { LedgerState } from '../../../dao/ledger/index.ts'
import { sha256Hex, type Withdrawal } from '../../../schemas/wire/index.ts'
import type { PoolBook, PoolNote } from './pool-book.ts'
import { toBeTold } from './withdrawn.ts'

export class BringWithdrawals {
  readonly #book: PoolBook
  readonly #outbox: Pick<Outbox, 'has' | 'write'>
  /** Signatures are checked once. */
  readonly #read = new Map<Uint8Array, { withdrawal: Withdrawal; key: string } | undefined>()

  constructor(book: PoolBook, outbox: Pick<Outbox, 'has' | 'write'>) {
    this.#book = book
    this.#outbox = outbox
  }

  /** Writes what the log lacks, also of what it never had: a keyholder that was away may hold a part of it. For an account that joined. */
  async bring(notes: readonly PoolNote[], state: LedgerState): Promise<void> {
    for (const note of notes)
      if (note.withdrawals.length > 0 && (await this.#bringOf(note, state)) && !note.logged) await this.#book.update(note, { logged: true })
  }

  /** Whether the log has all of them. */
  async #bringOf(note: PoolNote, state: LedgerState): Promise<boolean> {
    let isThere = true
    for (const bytes of toBeTold(note)) {
      const read = this.#readOnce(bytes)
      if (read === undefined || state.withdrawals.covers(read.withdrawal)) continue
      isThere = false
      if (this.#outbox.has(read.key)) continue
      await this.#outbox.write('consent.withdrawn', { withdrawal: bytes }, { key: read.key }).catch((error: unknown) => {
        // the DAO knew more of the log than we do; or the log takes no more of this account, which keeps nothing else from being done
        if (codeOf(error) !== 'REPEATED' && codeOf(error) !== 'TOO_MANY') throw error
      })
    }
    return isThere
  }

  #readOnce(bytes: Uint8Array): { withdrawal: Withdrawal; key: string } | undefined {
    if (!this.#read.has(bytes)) {
      const read = readWithdrawal(bytes)
      this.#read.set(bytes, read.ok ? { withdrawal: read.value, key: `withdrawn/${sha256Hex(bytes)}` } : undefined)
    }
    return this.#read.get(bytes)
  }
}
