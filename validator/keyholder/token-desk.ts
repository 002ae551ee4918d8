/** Answers token requests: blinded bands to our share of the pool's key, so many for each account a day. What was asked for it cannot know. */
import type { Clock } from '../../core/effects/index.ts'
import { refusal, type Refusal, verifyObject } from '../../core/envelope/index.ts'
import { evaluateBlinded, type HeldPoolShare } from '../../dao/custody/index.ts'
import { requestFault } from '../../dao/pool-access/index.ts'
import { BANDS_A_DAY, type CID, encode, peerFromDid, TESTS_A_DAY, tokenRequest } from '../../schemas/wire/index.ts'

const DAY_SECONDS = 86_400
/** Accounts that joined and are remembered; when there are more, others are sent away until tomorrow. Seated ones are few, and never are. */
const MOST_ACCOUNTS = 100_000

export interface TokenDeskOptions {
  clock: Clock
  ledger: string
  /** Our share of the key of this CID. */
  held: (key: CID) => HeldPoolShare | undefined
  /** Whether the ledger knows this account as one that joined. */
  hasJoined: (account: string) => boolean
  /** Whether it seats this account as a validator, which asks for the accounts of mails that it tests. */
  isSeated: (account: string) => boolean
  mostAccounts?: number
}

export class TokenDesk {
  readonly #options: TokenDeskOptions
  /** Bands answered today, by account; a restart forgets them. */
  readonly #asked = new Map<string, number>()
  #day = 0

  constructor(options: TokenDeskOptions) {
    this.#options = options
  }

  /** `bytes` a signed tokenRequest, `peer` who carries it. Gives the bytes of a tokenAnswer. */
  answer(bytes: Uint8Array, peer: string): { ok: true; answer: Uint8Array } | Refusal {
    const { clock, ledger, held, hasJoined, isSeated } = this.#options
    const read = verifyObject(tokenRequest, bytes, 'token-request', 'by', 2048)
    if (!read.ok) return read
    const { by, key, blinded } = read.value
    const now = Math.floor(clock.now() / 1000)
    const fault = requestFault({ request: read.value, ledger, now })
    if (fault !== undefined) return fault
    if (peerFromDid(by) !== peer) return refusal('NOT_YOURS', 'a request is carried by its author')
    const share = held(key)
    if (share === undefined) return refusal('OTHER_KEY', 'we hold no share of that key')
    const seated = isSeated(by)
    const most = seated ? TESTS_A_DAY : BANDS_A_DAY
    if (!seated && !hasJoined(by)) return refusal('NOT_JOINED', `${by} has not joined; join first`)
    if (!this.#mayAsk(by, { bands: blinded.length, most, now, seated }))
      return refusal('TOO_MANY', `an account has ${most} bands a day; ask again tomorrow`)
    return { ok: true, answer: encode({ v: 1, key, x: share.x, ...evaluateBlinded(share, blinded) }) }
  }

  #mayAsk(account: string, { bands, most, now, seated }: { bands: number; most: number; now: number; seated: boolean }): boolean {
    const { mostAccounts = MOST_ACCOUNTS } = this.#options
    const day = Math.floor(now / DAY_SECONDS)
    if (day !== this.#day) this.#asked.clear()
    this.#day = day
    const asked = (this.#asked.get(account) ?? 0) + bands
    if (asked > most || (!seated && this.#asked.size >= mostAccounts && !this.#asked.has(account))) return false
    this.#asked.set(account, asked)
    return true
  }
}
