/** After a withdrawal: what trainers are told, and what a trainer can find out for itself from what is public. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { readWithdrawal, type Tombstones } from '../consent/index.ts'
import {
  encode,
  MAX_FEED_BYTES,
  merkleTreeHash,
  compareBytes,
  type PoolRelease,
  type PoolReleaseSecret,
  shaped,
  toHex,
  tombstoneNotice,
  type Withdrawal,
  type WithdrawalFeed,
  withdrawalFeed,
} from '../../schemas/wire/index.ts'
import { isEnded } from './select.ts'

const DAY_SECONDS = 86_400

/** What a manifest says of the withdrawals that were known: root over their bytes in byte order, and how many. */
export function tombstoneRoot(withdrawals: readonly Uint8Array[]): { root: Uint8Array; count: number } {
  return { root: merkleTreeHash([...withdrawals].toSorted(compareBytes)), count: withdrawals.length }
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

/** A person of a release, as its trainer knows it: the rows' name, and the receipts whose withdrawal ends them. */
export interface Member {
  person: string
  receipts: readonly Uint8Array[]
}

/**
 * Whose rows have to go. A withdrawal names a receipt, and the trainer does not know whose it is: any signed one counts, because deleting too
 * much harms nobody.
 */
export function staleMembers(
  members: readonly Member[],
  { purposes }: Pick<PoolRelease, 'purposes'>,
  withdrawals: readonly Withdrawal[],
): Member[] {
  const ended = new Set(
    withdrawals.filter(({ scope }) => scope === 'all' || scope.some((one) => purposes.includes(one))).map(({ receipt }) => toHex(receipt)),
  )
  return members.filter(({ receipts }) => receipts.some((receipt) => ended.has(toHex(receipt))))
}

/** The signed notice to one release's trainer; undefined where it has nothing to delete. */
export function noticeFor(
  release: Pick<PoolRelease, 'dao' | 'trainer' | 'purposes' | 'deleteWithinDays'>,
  { release: cid, members }: PoolReleaseSecret,
  tombstones: Tombstones,
  { operator, at }: { operator: Signer; at: number },
): Uint8Array | undefined {
  const gone = members.filter(({ receipts, subject }) => isEnded({ receipts, manifest: { subject } }, release.purposes, tombstones))
  if (gone.length === 0) return undefined
  const persons = [...new Set(gone.map(({ person }) => person))].toSorted()
  const deleteBy = at + release.deleteWithinDays * DAY_SECONDS
  const notice = { v: 1, dao: release.dao, release: cid, trainer: release.trainer, persons, at, deleteBy, by: operator.did }
  return encode(shaped(tombstoneNotice, signObject('tombstone-notice', notice, operator)))
}

export function readNotice(bytes: Uint8Array) {
  return verifyObject(tombstoneNotice, bytes, 'tombstone-notice', 'by', 64 << 10)
}
