#!/usr/bin/env node
/**
 * Writes the part `custody` of tests/vectors/custody.json where it is missing: dealing, commitments, keys, answers and one chunk from fixed secrets.
 *   node tools/custody-vectors.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import {
  dealPolynomial,
  dealtHash,
  keyCommit,
  keyFromSecret,
  ownerPart,
  partialKeys,
  poolContext,
  publicShare,
  sampledChunks,
  sealChunk,
} from '../dao/custody/index.ts'
import { rawCid, toHex, utf8 } from '../schemas/wire/index.ts'

const file = new URL('../tests/vectors/custody.json', import.meta.url)
const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill)
/** Coefficients of 31 equal bytes: below the order. */
const coefficients = [11, 12, 13].map((fill) => Uint8Array.from([...bytes(31, fill), 0]))
const scalar = (of: Uint8Array): bigint => BigInt(`0x${toHex(of.toReversed())}`)
const [k, n, salt, ownerKey] = [3, 5, bytes(32, 7), bytes(32, 8)]
const secret = scalar(coefficients[0] as Uint8Array)
const { shares, commitments } = dealPolynomial(coefficients.map(scalar), n)
const first = commitments[0] as Uint8Array
const dealt = dealtHash(commitments)
const context = poolContext(first, salt)
const indices = [0, 1, 4095]
const lines = '{"id":"a","type":"Listen"}\n{"id":"b","type":"View"}\n'
const manifest = rawCid(utf8('a manifest'))

const custody = {
  k,
  n,
  salt: toHex(salt),
  coefficients: coefficients.map(toHex),
  shares: shares.map(toHex),
  commitments: commitments.map(toHex),
  publicShares: shares.map((_, i) => toHex(publicShare(commitments, i + 1))),
  dealt: toHex(dealt),
  keyCommit: toHex(keyCommit(first, dealt, salt)),
  context: toHex(context),
  ownerKey: toHex(ownerKey),
  keys: indices.map((i) => ({
    i,
    key: toHex(keyFromSecret(secret, context, i)),
    ownerPart: toHex(ownerPart(ownerKey, context, i)),
    keyWithOwner: toHex(keyFromSecret(secret, context, i, ownerKey)),
  })),
  answers: [1, 3, 4].map((x) => {
    const { points, proof } = partialKeys({ x, generation: 0, share: shares[x - 1] as Uint8Array, salt, dealt, commitments }, indices)
    return { x, points: points.map(toHex), proof: toHex(proof) }
  }),
  sample: {
    beacon: toHex(bytes(32, 3)),
    manifest: String(manifest),
    chunks: 128,
    count: 8,
    indices: sampledChunks(bytes(32, 3), manifest, 128, 8),
  },
  chunk: { i: 1, lines, sealed: toHex(sealChunk(utf8(lines), keyFromSecret(secret, context, 1), context, 1)) },
}

if (import.meta.main) {
  const known = JSON.parse(readFileSync(file, 'utf8')) as { custody?: object }
  writeFileSync(file, `${JSON.stringify({ ...known, custody: known.custody ?? custody }, null, 1)}\n`)
}
