/** Rows of the share table: all that a keyholder keeps secret of one contribution, and the key of its papers; and its share of a pool's key. */
import { z } from 'zod'
import { bytesOf, cid, encode, parse, uint } from '../../schemas/wire/index.ts'

const held = z.strictObject({
  x: z.int().min(1).max(32),
  generation: uint,
  share: bytesOf(32),
  commitments: z.array(bytesOf(32)).min(2).max(16),
})

export const shareRow = z.strictObject({
  v: z.literal(1),
  manifest: cid,
  /** Hashes of the receipt that counts now, and of those it renewed: what a later renewal is held against. */
  receipts: z.array(bytesOf(32)).min(1).max(64),
  salt: bytesOf(32),
  dealt: bytesOf(32),
  held,
  /** A reshare under way: the new share, not used before everybody has one, and dropped at `until`. `order` is the CID of the order's bytes. */
  next: z.strictObject({ order: cid, until: uint, held }).nullable(),
  /** false: only `next` is ours, we join by a reshare. */
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
export const dueOf = ({ expires, next }: ShareRow): number => Math.min(expires, next?.until ?? expires)
export const encodeRow = (row: ShareRow): Uint8Array => encode(row)
export const decodeRow = (bytes: Uint8Array): ShareRow => parse(shareRow, bytes, 16 << 10)

export const encodePoolShare = ({ x, share }: PoolShare): Uint8Array => encode({ v: 1, x, share })
export function decodePoolShare(bytes: Uint8Array): PoolShare {
  const { x, share } = parse(poolShare, bytes, 256)
  return { x, share }
}
