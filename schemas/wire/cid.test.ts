import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { expect, it } from 'vitest'
import { cborCid, DAG_CBOR, matchesCid, RAW, rawCid, sha256 } from './bytes.ts'

it('makes the CIDs that the library makes, however many, and leaves each as it was', () => {
  const library = (codec: number, bytes: Uint8Array): CID => CID.createV1(codec, Digest.create(0x12, sha256(bytes)))
  const all = fc.sample(fc.uint8Array({ maxLength: 64 }), 250).map((bytes) => ({ bytes, raw: rawCid(bytes), cbor: cborCid(bytes) }))
  for (const { bytes, raw, cbor } of all) {
    expect(raw).toEqual(library(RAW, bytes))
    expect(cbor).toEqual(library(DAG_CBOR, bytes))
    expect(raw.toString()).toBe(library(RAW, bytes).toString())
    expect(CID.asCID(raw)).toBe(raw)
    expect(CID.decode(raw.bytes).equals(raw)).toBe(true)
    expect(matchesCid(raw, bytes)).toBe(true)
  }
})
