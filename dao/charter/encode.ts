import { type Charter, type CID, cborCid, encode } from '../../schemas/wire/index.ts'

/** DAG-CBOR of the charter, and the CID that genesis and `charter` entries name. */
export function encodeCharter(rules: Charter): { bytes: Uint8Array; cid: CID } {
  const bytes = encode(rules)
  return { bytes, cid: cborCid(bytes) }
}
