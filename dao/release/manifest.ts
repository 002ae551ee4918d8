/** `manifest.json`: what is in a release, from whom, by what rules, and the digest of every other file. */
import { z } from 'zod'
import { did, FIELD_TYPES, ppm, uint } from '../../schemas/wire/index.ts'
import { COLUMN_TYPES } from './columns.ts'
import { REMOVAL_REASONS } from './types.ts'

/** Names the columns, the file layout and the digests; a change to any of them raises it. */
export const RELEASE_FORMAT = 'quern-release@1'

const cidText = z.string().regex(/^ba[a-z2-7]{10,120}$/, 'must be a CIDv1 in base32')
const hex32 = z.string().regex(/^[0-9a-f]{64}$/)
const tally = { records: uint, tokens: uint, bytes: uint }

export const releaseFile = z.strictObject({
  path: z.string().regex(/^(data\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  bytes: uint,
  sha256: hex32,
  cid: cidText,
  /** Parquet files only: rows, and the RFC 6962 root over their canonical JSON, which no other writer version changes. */
  rows: uint.nullable(),
  rowsRoot: hex32.nullable(),
})
export type ReleaseFile = z.infer<typeof releaseFile>

export const releaseManifest = z.strictObject({
  v: z.literal(1),
  format: z.literal(RELEASE_FORMAT),
  name: z.string().max(128),
  title: z.string().max(128),
  description: z.string().max(4096),
  ledger: z.string().max(128),
  /** Unix seconds by the log's cosignatures, and the same as a date. */
  at: uint,
  date: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  epochs: z.array(uint).min(1).max(100_000),
  throughEpoch: uint,
  charter: z.strictObject({ cid: cidText, version: uint }),
  /** The log as it was read: replaying its first `size` entries gives this release again. */
  checkpoint: z.strictObject({ origin: z.string().max(160), size: uint, root: hex32 }),
  previous: cidText.nullable(),
  license: z.string().max(64),
  contact: z.string().max(256),
  rules: z.strictObject({
    minQualityPpm: ppm,
    languages: z.array(z.string().max(8)).max(256),
    nearDuplicateLanes: uint,
    hostCapPpm: ppm,
    contributorCapPpm: ppm,
    vestingEpochs: uint,
    /** What an absent training statement meant at the fetch. */
    profile: z.enum(['strict', 'standard']),
    sort: z.literal('host, id'),
    rowGroup: z.int().min(1),
    shardBytes: uint,
  }),
  counts: z.strictObject({
    ...tally,
    considered: uint,
    left: z.strictObject(
      Object.fromEntries(REMOVAL_REASONS.map((reason) => [reason, uint])) as Record<(typeof REMOVAL_REASONS)[number], typeof uint>,
    ),
    hosts: uint,
    contributors: uint,
    /** First and last fetch, Unix milliseconds. */
    from: uint,
    to: uint,
  }),
  languages: z.array(z.strictObject({ language: z.string().max(8), ...tally })).max(4096),
  licenses: z.array(z.strictObject({ license: z.string().max(128).nullable(), ...tally })).max(4096),
  schemas: z.array(z.strictObject({ schema: z.string().max(64), ...tally })).max(256),
  contributors: z.array(z.strictObject({ contributor: did, ...tally })).max(1_000_000),
  hosts: z.array(z.strictObject({ host: z.string().max(253), ...tally })).max(10_000_000),
  columns: z
    .array(
      z.strictObject({
        /** Spliced into SQL as an identifier: nothing but a plain word. */
        name: z.string().regex(/^[a-z][a-z0-9_]{0,127}$/),
        type: z.enum(COLUMN_TYPES),
        description: z.string().max(256),
        many: z.literal(true).exactOptional(),
        scale: z.int().min(0).max(18).exactOptional(),
        of: z
          .strictObject({
            schema: z.string().max(32),
            field: z.string().max(32),
            type: z.enum(FIELD_TYPES),
            versions: z.array(uint).max(64),
          })
          .exactOptional(),
      }),
    )
    .max(256),
  files: z.array(releaseFile).min(1).max(100_000),
  /** RFC 6962 root over the canonical JSON of all rows, in release order. */
  rowsRoot: hex32,
  /** As in `shares.json` and the log's release entry. */
  sharesRoot: hex32,
  pipelines: z.array(z.string().max(64)).max(64),
  tools: z.strictObject({ parquet: z.string().max(128), unixfs: z.string().max(64) }),
})
export type ReleaseManifest = z.infer<typeof releaseManifest>
export type Tally = { records: number; tokens: number; bytes: number }
export const MAX_RELEASE_MANIFEST_BYTES = 256 << 20

/** Unix seconds as `2026-11-22T00:00:00Z`. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
export const isoDate = (seconds: number): string => isoTime(seconds).slice(0, 10)
