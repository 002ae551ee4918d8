/** Small batches of made-up records, sealed for real. */
import { gzipMember } from '../../schemas/evidence/index.ts'
import { canonicalJson, didFromPublicKey, sha256, SKETCH_BYTES, utf8 } from '../../schemas/wire/index.ts'
import { sealBatch, type SealedBatch, type SealInput, type SealRecord } from '../../node/seal/index.ts'

export const salt = sha256(utf8('salt'))
export const contributor = didFromPublicKey(sha256(utf8('a contributor')))

export function sampleRecord(i: number, text = `text of page ${i}`): SealRecord {
  return {
    record: utf8(canonicalJson({ text, url: `https://site.test/${i}` })),
    host: 'site.test',
    language: 'en',
    tokens: 4 + i,
    quality: 500_000,
    contentDigest: sha256(utf8(text)),
    sketch: new Uint8Array(SKETCH_BYTES).fill(i),
    evidenceGroup: 2 + i,
    robotsGroup: i % 3 === 0 ? null : 1,
  }
}

/** Group 0 is the warcinfo record, 1 the robots capture, then three members for each record. */
export function sampleInput(texts: string[]): SealInput {
  return {
    ledger: 'quern/test',
    contributor,
    schema: 'web-page@1',
    pipeline: 'web-page@1/1',
    sequence: 0,
    prev: null,
    salt,
    records: texts.map((text, i) => sampleRecord(i, text)),
    groups: [
      [gzipMember(utf8('warcinfo'))],
      [gzipMember(utf8('robots.txt'))],
      ...texts.map((text, i) => [`request ${i}`, `response ${text}`, `metadata ${i}`].map((part) => gzipMember(utf8(part)))),
    ],
    from: 1_700_000_000,
    to: 1_700_000_060,
  }
}

export const sampleBatch = (count: number): SealedBatch =>
  sealBatch(sampleInput(Array.from({ length: count }, (_, i) => `text of page ${i}`)))
