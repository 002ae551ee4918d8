/** Answers token requests: blinded bands to our share of the pool's key, so many for each account a day. What was asked for it cannot know. */
import type { Clock } from '../../core/effects/index.ts'
import { refusal, type Refusal, verifyObject } from '../../core/envelope/index.ts'
import { evaluateBlinded, type HeldPoolShare } from '../../dao/custody/index.ts'
import { requestFault } from '../../dao/pool-access/index.ts'
import { type CID, encode, peerFromDid, POOL_BANDS, tokenRequest } from '../../schemas/wire/index.ts'

const DAY_SECONDS = 86_400
/** A contribution that is prepared again a few times has its tokens, and that of its account; who guesses at other people's bands has few guesses. */
export const BANDS_A_DAY = 4 * (POOL_BANDS + 1)
/** One for each contribution with a mail that a validator tests. */
export const TESTS_A_DAY = 1024
/** Accounts remembered; when there are more, strangers are sent away until tomorrow. */
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
    const most = isSeated(by) ? TESTS_A_DAY : BANDS_A_DAY
    if (!isSeated(by) && !hasJoined(by)) return refusal('NOT_JOINED', `${by} has not joined; join first`)
    if (!this.#mayAsk(by, { bands: blinded.length, most, now }))
      return refusal('TOO_MANY', `an account has ${most} bands a day; ask again tomorrow`)
    return { ok: true, answer: encode({ v: 1, key, x: share.x, ...evaluateBlinded(share, blinded) }) }
  }

  #mayAsk(account: string, { bands, most, now }: { bands: number; most: number; now: number }): boolean {
    const day = Math.floor(now / DAY_SECONDS)
    if (day !== this.#day) this.#asked.clear()
    this.#day = day
    const asked = (this.#asked.get(account) ?? 0) + bands
    if (asked > most || (this.#asked.size >= MOST_ACCOUNTS && !this.#asked.has(account))) return false
    this.#asked.set(account, asked)
    return true
  }
}
