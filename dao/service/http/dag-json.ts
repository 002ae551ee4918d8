/** Objects of the ledger as DAG-JSON (ipld.io/specs/codecs/dag-json): CIDs as `{"/": "bafy…"}`, bytes as `{"/": {"bytes": base64}}`. */
import { CID } from 'multiformats/cid'

export type DagJson = null | boolean | number | string | DagJson[] | { [key: string]: DagJson }

export function dagJson(value: unknown): DagJson {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return { '/': { bytes: Buffer.from(value).toString('base64').replace(/=+$/, '') } }
  const cid = CID.asCID(value)
  if (cid !== null) return { '/': cid.toString() }
  if (Array.isArray(value)) return value.map(dagJson)
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dagJson(item)]))
  throw new TypeError(`${typeof value} has no DAG-JSON form`)
}
