/** What tells a release's trainer whose rows go, and nobody else anything: one tag for each withdrawal since, signed and dated by the operator. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { Lru } from '../../core/cache/index.ts'
import type { Clock } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  type CID,
  encode,
  MAX_TAGS_BYTES,
  MAX_WITHDRAWAL_BYTES,
  parse,
  type PoolReleaseSecret,
  shaped,
  withdrawal,
  type WithdrawalTags,
  withdrawalTags,
} from '../../schemas/wire/index.ts'
import { leafSalt, memberTag, strayTag } from './derive.ts'

/** Tags of withdrawals in their order: of members what opens their commitment, of all others bytes that open none. */
export function tagsOf({ secret, members }: Pick<PoolReleaseSecret, 'secret' | 'members'>, subjects: readonly string[]): Uint8Array[] {
  const bySubject = new Map(members.map(({ subject, manifest }) => [subject, manifest]))
  return subjects.map((subject) => {
    const manifest = bySubject.get(subject)
    return manifest === undefined ? strayTag(secret, subject) : memberTag(leafSalt(secret, manifest))
  })
}

export const signTags = (draft: Omit<WithdrawalTags, 'v' | 'by' | 's'>, operator: Signer): Uint8Array =>
  encode(shaped(withdrawalTags, signObject('withdrawal-tags', { v: 1, ...draft, by: operator.did }, operator)))

/** Reads them from a stranger's bytes; the codes of `verifyObject`. Of which release they are, and whose `by` is, the reader asks. */
export const readTags = (bytes: Uint8Array) => verifyObject(withdrawalTags, bytes, 'withdrawal-tags', 'by', MAX_TAGS_BYTES)

export interface TagDeskOptions {
  dao: () => string
  /** Signed bytes of all withdrawals in the order of the log, as the fold took them. */
  withdrawals: () => Promise<readonly Uint8Array[]>
  /** What is kept of a release, and how many withdrawals it knew of; undefined where there is none of that name. */
  kept: (release: CID) => Promise<{ secret: PoolReleaseSecret; knew: number } | undefined>
  operator: Signer
  clock: Clock
}

/** Dated anew after this long, or when somebody withdrew. Seconds. */
const FRESH_SECONDS = 60

export class TagDesk {
  readonly #options: TagDeskOptions
  readonly #made = new Lru<string, { count: number; at: number; bytes: Uint8Array }>(64)

  constructor(options: TagDeskOptions) {
    this.#options = options
  }

  /** Signed bytes of `withdrawalTags`, at most a minute old; undefined for a release that is not kept here. */
  async tags(release: CID): Promise<Uint8Array | undefined> {
    const { dao, withdrawals, kept, operator, clock } = this.#options
    const all = await withdrawals()
    const at = Math.floor(clock.now() / 1000)
    const made = this.#made.get(String(release))
    if (made?.count === all.length && at - made.at < FRESH_SECONDS) return made.bytes
    const found = await kept(release)
    if (found === undefined) return undefined
    const { secret, knew } = found
    const subjects = all.slice(knew).map((bytes) => parse(withdrawal, bytes, MAX_WITHDRAWAL_BYTES).subject)
    const bytes = signTags({ dao: dao(), release, from: knew, tags: tagsOf(secret, subjects), at }, operator)
    this.#made.set(String(release), { count: all.length, at, bytes })
    return bytes
  }
}
