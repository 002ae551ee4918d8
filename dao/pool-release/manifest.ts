/** The public manifest of a release: signed, read, and said in words. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type Refusal } from '../../core/envelope/index.ts'
import {
  cborCid,
  type CID,
  encode,
  MAX_POOL_RELEASE_BYTES,
  type PoolRelease,
  poolRelease,
  shaped,
  toHex,
} from '../../schemas/wire/index.ts'

export interface NamedRelease {
  cid: CID
  value: PoolRelease
  bytes: Uint8Array
}

export function signPoolRelease(draft: Omit<PoolRelease, 'v' | 'by' | 's'>, operator: Signer): NamedRelease {
  const value = shaped(poolRelease, signObject('pool-release', { v: 1, ...draft, by: operator.did }, operator))
  const bytes = encode(value)
  return { cid: cborCid(bytes), value, bytes }
}

/** Reads one from a stranger's bytes; the codes of `verifyObject`. Whose operator `by` is, the reader asks. */
export function readPoolRelease(bytes: Uint8Array): ({ ok: true } & NamedRelease) | Refusal {
  const read = verifyObject(poolRelease, bytes, 'pool-release', 'by', MAX_POOL_RELEASE_BYTES)
  return read.ok ? { ok: true, cid: cborCid(bytes), value: read.value, bytes } : read
}

/** The same as JSON, for whoever has no DAG-CBOR at hand: CIDs as text, bytes as hexadecimal. */
export function describePoolRelease({ cid, value }: Pick<NamedRelease, 'cid' | 'value'>): Record<string, unknown> {
  const plain = (item: unknown): unknown => {
    if (item instanceof Uint8Array) return toHex(item)
    if (Array.isArray(item)) return item.map(plain)
    if (typeof item !== 'object' || item === null) return item
    if ('multihash' in item) return (item as CID).toString()
    return Object.fromEntries(Object.entries(item).map(([key, one]) => [key, plain(one)]))
  }
  return { release: String(cid), ...(plain(value) as object) }
}
