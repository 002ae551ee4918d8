/** Rows of the share table: all that a keyholder keeps secret of one contribution, and the key of its papers; and its share of a pool's key. */
import { z } from 'zod'
import { bytesOf, cid, type CID, encode, parse, uint } from '../../schemas/wire/index.ts'

const held = z.strictObject({
  x: z.int().min(1).max(32),
  generation: uint,
  share: bytesOf(32),
  commitments: z.array(bytesOf(32)).min(2).max(16),
})

/** Orders of one contribution whose shares are kept at the same time. */
export const MOST_PENDING = 4

/** The share of a reshare under way, not used before everybody has one, and dropped at `until`. `order` is the CID of the order's bytes. */
const pendingShare = z.strictObject({ order: cid, until: uint, held })
export type PendingShare = z.infer<typeof pendingShare>

export const shareRow = z.strictObject({
  v: z.literal(1),
  manifest: cid,
  /** Hashes of the receipt that counts now, and of those it renewed: what a later renewal is held against. */
  receipts: z.array(bytesOf(32)).min(1).max(64),
  salt: bytesOf(32),
  dealt: bytesOf(32),
  held,
  /** The newest last: which of several orders comes to something only the log says. Tables had one or null here before. */
  next: z.union([
    z.array(pendingShare).max(MOST_PENDING),
    pendingShare.transform((one) => [one]),
    z.null().transform((): PendingShare[] => []),
  ]),
  /** false: only `next` is ours, we join by a reshare; `held` is one of these then. */
  current: z.boolean(),
  /** AES-256-GCM key of the manifest and the receipt, which lie beside the table: when the row goes, they are unreadable. */
  paperKey: bytesOf(32),
  /** Unix seconds: of the acknowledgement, and when the consent ends by itself. */
  at: uint,
  expires: uint,
})
export type ShareRow = z.infer<typeof shareRow>

/** A share of a pool's key. It is of no contribution, so it stays as long as the table does. */
const poolShare = z.strictObject({ v: z.literal(1), x: z.int().min(1).max(32), share: bytesOf(32) })
export type PoolShare = Omit<z.infer<typeof poolShare>, 'v'>

/** When this row must be looked at, in Unix seconds. */
export const dueOf = ({ expires, next }: ShareRow): number => Math.min(expires, ...next.map(({ until }) => until))

/** The share that was taken for an order. */
export const pendingFor = (row: ShareRow | undefined, order: CID): PendingShare | undefined =>
  row?.next.find((one) => one.order.equals(order))

/** With one more share that waits; the oldest goes where they are too many. */
export const withPending = (row: ShareRow, added: PendingShare): ShareRow => waiting(row, [...row.next, added].slice(-MOST_PENDING))

/** Without the shares whose day is over, in Unix seconds; undefined where nothing of it is ours any more. */
export function withoutDue(row: ShareRow, now: number): ShareRow | undefined {
  const next = row.next.filter(({ until }) => until > now)
  return row.current || next.length > 0 ? waiting(row, next) : undefined
}

/** With the share of an order in force; what waits to follow on it goes on waiting. */
export const changedOver = (row: ShareRow, { held: taken }: PendingShare): ShareRow => ({
  ...row,
  held: taken,
  next: row.next.filter(({ held: later }) => later.generation > taken.generation),
  current: true,
})

/** Of a share that is dropped nothing stays, nor in the place of one that is in force. */
const waiting = (row: ShareRow, next: PendingShare[]): ShareRow => ({
  ...row,
  next,
  held: row.current ? row.held : (next.at(-1) as PendingShare).held,
})
export const encodeRow = (row: ShareRow): Uint8Array => encode(row)
export const decodeRow = (bytes: Uint8Array): ShareRow => parse(shareRow, bytes, 16 << 10)

export const encodePoolShare = ({ x, share }: PoolShare): Uint8Array => encode({ v: 1, x, share })
export function decodePoolShare(bytes: Uint8Array): PoolShare {
  const { x, share } = parse(poolShare, bytes, 256)
  return { x, share }
}
