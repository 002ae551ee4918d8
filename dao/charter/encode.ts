import { type Charter, charter, type CID, cborCid, encode, MAX_CHARTER_BYTES, parse } from '../../schemas/wire/index.ts'

/** DAG-CBOR of the charter, and the CID that genesis and `charter` entries name. */
export function encodeCharter(rules: Charter): { bytes: Uint8Array; cid: CID } {
  const bytes = encode(rules)
  return { bytes, cid: cborCid(bytes) }
}

/** The charter in DAG-CBOR bytes; throws WireError TOO_LARGE, NOT_CBOR, NOT_CANONICAL or BAD_SHAPE. Fields it lacks (an older version wrote it) get their defaults. */
export function decodeCharter(bytes: Uint8Array): Charter {
  return parse(charter, bytes, MAX_CHARTER_BYTES)
}
