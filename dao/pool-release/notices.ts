/** After a withdrawal: what trainers are told, and what a trainer can find out for itself from what is public. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { ProofError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { readWithdrawal } from '../consent/index.ts'
import { memberCommit } from './derive.ts'
import type { Member } from './members.ts'
import {
  encode,
  MAX_FEED_BYTES,
  MAX_TOMBSTONE_NOTICE_BYTES,
  merkleTreeHash,
  equalBytes,
  type PoolRelease,
  type PoolReleaseSecret,
  type Purpose,
  shaped,
  tombstoneNotice,
  toHex,
  type Withdrawal,
  type WithdrawalFeed,
  withdrawalFeed,
} from '../../schemas/wire/index.ts'

const DAY_SECONDS = 86_400

/** What a manifest says of the withdrawals that were known: root over their bytes in the order of the log, and how many. */
export function tombstoneRoot(withdrawals: readonly Uint8Array[]): { root: Uint8Array; count: number } {
  return { root: merkleTreeHash(withdrawals), count: withdrawals.length }
}

/** The signed list of all withdrawals that a log holds. */
export function signFeed(draft: Pick<WithdrawalFeed, 'dao' | 'size' | 'withdrawals' | 'at'>, operator: Signer): Uint8Array {
  return encode(shaped(withdrawalFeed, signObject('withdrawal-feed', { v: 1, ...draft, by: operator.did }, operator)))
}

/** Reads a feed and every withdrawal in it; those that are not signed by their subject count for nothing. */
export function readFeed(
  bytes: Uint8Array,
): { ok: true; value: WithdrawalFeed; withdrawals: Withdrawal[] } | { ok: false; code: string; message: string } {
  const read = verifyObject(withdrawalFeed, bytes, 'withdrawal-feed', 'by', MAX_FEED_BYTES)
  if (!read.ok) return read
  return { ok: true, value: read.value, withdrawals: withdrawalsIn(read.value.withdrawals) }
}

export function withdrawalsIn(list: readonly Uint8Array[]): Withdrawal[] {
  return list.flatMap((bytes) => {
    const read = readWithdrawal(bytes)
    return read.ok ? [read.value] : []
  })
}

/** A member that withdrew, and when it first said so, Unix seconds by its own clock. */
export interface StaleMember extends Member {
  said: number
}

/**
 * Whose rows have to go, by all withdrawals of a log in their order and the tags of those that the release did not know of. Those that it knew of
 * (its first `tombstones.count`) ended what came before it; of the later ones those count whose tag opens a member's commitment. Throws ProofError OTHER_LOG where the first ones are not those that the manifest speaks of, TAGS_OLD where
 * withdrawals have no tag yet. Whether a withdrawal ends what a release is for the tag says: the operator knows which purposes its pool cannot do
 * without, and whoever withdrew one of these is out as a whole.
 */
export function staleMembers(
  members: readonly Member[],
  { tombstones }: Pick<PoolRelease, 'tombstones'>,
  withdrawals: readonly Uint8Array[],
  tags: readonly Uint8Array[],
): StaleMember[] {
  const since = signedSince({ tombstones }, withdrawals)
  if (tags.length < since.length)
    throw new ProofError('TAGS_OLD', `the tags are of ${tags.length} withdrawals, and ${since.length} were said since; ask for them again`)
  const said = new Map<string, number>()
  for (const [i, withdrawal] of since.entries()) {
    if (withdrawal === undefined) continue
    const key = toHex(memberCommit(tags[i] as Uint8Array))
    said.set(key, Math.min(withdrawal.at, said.get(key) ?? withdrawal.at))
  }
  return members.flatMap((member) => {
    const at = said.get(toHex(member.commit))
    return at === undefined ? [] : [{ ...member, said: at }]
  })
}

/** What a withdrawal is of, as a key: whoever signs one for another's contribution ends nothing, and is told of nobody. */
export const contributionOf = ({ manifest, subject }: Pick<Withdrawal, 'manifest' | 'subject'>): string =>
  `${manifest.toString()} ${subject}`

/** Whether a withdrawal ends what is used for these purposes. */
export const isOf = ({ scope }: Pick<Withdrawal, 'scope'>, purposes: readonly Purpose[]): boolean =>
  scope === 'all' || scope.some((one) => purposes.includes(one))

/**
 * Until when the rows of a withdrawal have to be gone, Unix seconds: so many days from when it was said, and from `now` where a clock of its own
 * says later. Never before the release, which nobody could delete.
 */
export function dueAt({ at, deleteWithinDays }: Pick<PoolRelease, 'at' | 'deleteWithinDays'>, said: number, now: number): number {
  return Math.max(at, Math.min(said, now)) + deleteWithinDays * DAY_SECONDS
}

/** Withdrawals that the release could not know of, as they were signed; undefined where they were not. Throws ProofError OTHER_LOG. */
function signedSince({ tombstones }: Pick<PoolRelease, 'tombstones'>, withdrawals: readonly Uint8Array[]): (Withdrawal | undefined)[] {
  const { root, count } = tombstoneRoot(withdrawals.slice(0, tombstones.count))
  if (count < tombstones.count || !equalBytes(root, tombstones.root))
    throw new ProofError(
      'OTHER_LOG',
      'these withdrawals do not begin with those that the release knew of: an older list, or another ledger',
    )
  return withdrawals.slice(tombstones.count).map((bytes) => {
    const read = readWithdrawal(bytes)
    return read.ok ? read.value : undefined
  })
}

/** The same without what nobody signed. Throws ProofError OTHER_LOG. */
export const withdrawalsSince = (release: Pick<PoolRelease, 'tombstones'>, withdrawals: readonly Uint8Array[]): Withdrawal[] =>
  signedSince(release, withdrawals).filter((one) => one !== undefined)

/**
 * The signed notice to one release's trainer, of those that no notice named `before`; undefined where it has nothing to delete. What goes first says
 * until when.
 */
export function noticeFor(
  release: Pick<PoolRelease, 'dao' | 'trainer' | 'purposes' | 'tombstones' | 'deleteWithinDays' | 'at'>,
  { release: cid, members }: PoolReleaseSecret,
  withdrawals: readonly Uint8Array[],
  { operator, at, before = [] }: { operator: Signer; at: number; before?: readonly string[] },
): Uint8Array | undefined {
  const said = new Map<string, number>()
  for (const one of withdrawalsSince(release, withdrawals)) {
    const key = contributionOf(one)
    if (isOf(one, release.purposes)) said.set(key, Math.min(one.at, said.get(key) ?? one.at))
  }
  const gone = members.filter((one) => said.has(contributionOf(one)) && !before.includes(one.person))
  if (gone.length === 0) return undefined
  const persons = [...new Set(gone.map(({ person }) => person))].toSorted()
  const deleteBy = Math.min(...gone.map((one) => dueAt(release, said.get(contributionOf(one)) as number, at)))
  const notice = { v: 1, dao: release.dao, release: cid, trainer: release.trainer, persons, at, deleteBy, by: operator.did }
  return encode(shaped(tombstoneNotice, signObject('tombstone-notice', notice, operator)))
}

export function readNotice(bytes: Uint8Array) {
  return verifyObject(tombstoneNotice, bytes, 'tombstone-notice', 'by', MAX_TOMBSTONE_NOTICE_BYTES)
}
