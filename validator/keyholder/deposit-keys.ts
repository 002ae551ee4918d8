/**
 * The key of the day, to which deposits are sealed. It lives in memory only, and for a day and an hour at most: who records the traffic and later steals this
 * machine opens nothing older. After a restart there is a new one; a deposit under way is sealed again.
 */
import type { Clock } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { RejectedMessageError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type AgeIdentity, generateAgeIdentity, openWithIdentities } from '../../dao/custody/index.ts'
import { encode } from '../../schemas/wire/index.ts'

const DAY_SECONDS = 86_400
/** How long after its day a key still opens what was sealed to it in time. */
const GRACE_SECONDS = 3600

interface Dated {
  identity: AgeIdentity
  bytes: Uint8Array
  until: number
}

export class DepositKeys {
  readonly #options: { clock: Clock; signer: Signer; ledger: string }
  #keys: Promise<Dated>[] = []

  constructor(options: { clock: Clock; signer: Signer; ledger: string }) {
    this.#options = options
  }

  /** DAG-CBOR of today's signed depositKey; makes it where the last one has had its day. */
  async current(): Promise<Uint8Array> {
    const now = this.#now()
    await this.#live(now)
    const last = await this.#keys.at(-1)
    if (last === undefined || last.until <= now) {
      const made = this.#make(now)
      this.#keys.push(made)
      return (await made).bytes
    }
    return last.bytes
  }

  /** Opens a deposit. Throws RejectedMessageError DEPOSIT_KEY: sealed to another key, or to one that is gone. */
  async open(sealed: Uint8Array): Promise<Uint8Array> {
    const now = this.#now()
    const live = await this.#live(now)
    try {
      return await openWithIdentities(
        sealed,
        live.map(({ secret }) => secret),
      )
    } catch (cause) {
      throw new RejectedMessageError('DEPOSIT_KEY', 'not sealed to a key of today; ask for it again', { cause })
    }
  }

  /** Those that still open something; the others go for good, and their strings are the engine's to overwrite. */
  async #live(now: number): Promise<AgeIdentity[]> {
    const known = await Promise.all(this.#keys.map(async (made) => ({ made, ...(await made) })))
    const gone = new Set(known.filter(({ until }) => until + GRACE_SECONDS <= now).map(({ made }) => made))
    this.#keys = this.#keys.filter((made) => !gone.has(made))
    return known.filter(({ made }) => !gone.has(made)).map(({ identity }) => identity)
  }

  async #make(now: number): Promise<Dated> {
    const { signer, ledger } = this.#options
    const identity = await generateAgeIdentity()
    const until = now + DAY_SECONDS
    const key = { v: 1, dao: ledger, by: signer.did, recipient: identity.recipient, from: now, until }
    return { identity, until, bytes: encode(signObject('deposit-key', key, signer)) }
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }
}
