/** What tells a release's trainer whose rows go, and nobody else anything: one tag for each withdrawal since, signed and dated by the operator. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { Lru } from '../../schemas/cache/index.ts'
import type { Clock } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  type CID,
  encode,
  MAX_TAGS_BYTES,
  MAX_WITHDRAWAL_BYTES,
  parse,
  type PoolRelease,
  type PoolReleaseSecret,
  type Purpose,
  shaped,
  type Withdrawal,
  withdrawal,
  type WithdrawalTags,
  withdrawalTags,
} from '../../schemas/wire/index.ts'
import { leafSalt, memberTag, strayTag } from './derive.ts'
import { contributionOf, isOf } from './notices.ts'

/**
 * Tags of withdrawals in their order: of members what opens their commitment, of all others bytes that open none. Who withdrew a purpose that the
 * release is not for stays in it, and is not told to its trainer: those tags open nothing either, whoever it was.
 */
export function tagsOf(
  { secret, members }: Pick<PoolReleaseSecret, 'secret' | 'members'>,
  purposes: readonly Purpose[],
  withdrawals: readonly Pick<Withdrawal, 'manifest' | 'subject' | 'scope'>[],
): Uint8Array[] {
  const known = new Map(members.map((one) => [contributionOf(one), one.manifest]))
  return withdrawals.map((said) => {
    const what = contributionOf(said)
    // another one than below: were it the same for who is in and another for who is not, it would tell
    if (!isOf(said, purposes)) return strayTag(secret, `${what} stays`)
    const manifest = known.get(what)
    return manifest === undefined ? strayTag(secret, what) : memberTag(leafSalt(secret, manifest))
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
  /** What is kept of a release and what its manifest says; undefined where there is none of that name. */
  kept: (
    release: CID,
  ) => Promise<{ secret: PoolReleaseSecret; value: Pick<PoolRelease, 'purposes' | 'policies' | 'tombstones'> } | undefined>
  /** Purposes whose withdrawal takes somebody out of the release: its own, and those that its pool cannot do without. */
  endsFor: (release: Pick<PoolRelease, 'purposes' | 'policies'>) => readonly Purpose[]
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
    const { dao, withdrawals, kept, endsFor, operator, clock } = this.#options
    const all = await withdrawals()
    const at = Math.floor(clock.now() / 1000)
    const made = this.#made.get(String(release))
    if (made?.count === all.length && at - made.at < FRESH_SECONDS) return made.bytes
    const found = await kept(release)
    if (found === undefined) return undefined
    const { tombstones } = found.value
    const since = all.slice(tombstones.count).map((bytes) => parse(withdrawal, bytes, MAX_WITHDRAWAL_BYTES))
    const tags = tagsOf(found.secret, endsFor(found.value), since)
    const bytes = signTags({ dao: dao(), release, from: tombstones.count, tags, at }, operator)
    this.#made.set(String(release), { count: all.length, at, bytes })
    return bytes
  }
}
