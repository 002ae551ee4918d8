/** Ledger files as typed values. Parsing is pure in the CID, so every replica in a process shares the result. */
import { z } from 'zod'
import { Lru } from '../../schemas/cache/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import {
  batchManifest,
  type BatchManifest,
  charter,
  type Charter,
  type CID,
  type ConsentPolicy,
  DAG_PB,
  decode,
  did,
  matchesCid,
  MAX_CHARTER_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_POOL_INDEX_BYTES,
  MAX_POOL_MANIFEST_BYTES,
  MAX_REPORT_BYTES,
  parse,
  poolIndex,
  type PoolIndex,
  type PoolKey,
  poolManifest,
  type PoolManifest,
  ppm,
  report,
  type Report,
  uint,
  WireError,
} from '../../schemas/wire/index.ts'
import { readPolicy, readPoolKey } from '../consent/index.ts'
import { readStatistics, type ReadStatistics } from '../pool-statistics/index.ts'
import type { LedgerFiles, TableRow } from './types.ts'
import { type Refusal, refuse } from './view.ts'

const MAX_TABLE_BYTES = 16 << 20
const decimal = z.string().regex(/^\d{1,40}$/)
const tableRows = z.array(
  z.strictObject({
    account: did,
    role: z.enum(['contributor', 'validator']),
    records: uint,
    value: decimal,
    credibility: ppm,
    draws: uint,
    fails: uint,
    points: decimal,
    note: z.string().max(128).nullable(),
  }),
)

export type Parsed<T> = { ok: true; value: T } | { ok: false; refusal: Refusal }

/** The bytes a rule cannot do without; throws FatalError FILE_MISSING, which stops the fold before it changed anything. */
export function requireFile(files: LedgerFiles, cid: CID): Uint8Array {
  const bytes = files.read(cid)
  if (bytes === undefined)
    throw new FatalError('FILE_MISSING', `the ledger file ${cid.toString()} is needed here; fetch it first`, {
      detail: { cid: cid.toString() },
    })
  return bytes
}

/** CIDs of UnixFS files: what they name is no single object, so bytes never match one, and that is the author's fault and not our copy's. */
export const notAnObject = (cid: CID): Refusal | undefined =>
  cid.code === DAG_PB ? refuse('BAD_FILE_CODEC', `${cid.toString()} names a file of blocks; an entry names an object`) : undefined

function reader<T>(capacity: number, read: (bytes: Uint8Array) => T): (files: LedgerFiles, cid: CID) => Parsed<T> {
  const known = new Lru<string, Parsed<T>>(capacity)
  return (files, cid) => {
    const bytes = requireFile(files, cid)
    const wrong = notAnObject(cid)
    if (wrong) return { ok: false, refusal: wrong }
    return known.recall(cid.toString(), () => {
      if (!matchesCid(cid, bytes))
        throw new FatalError('FILE_CORRUPT', `the bytes of the ledger file ${cid.toString()} are others than it names`)
      try {
        return { ok: true, value: read(bytes) }
      } catch (thrown) {
        if (!(thrown instanceof WireError)) throw thrown
        return { ok: false, refusal: refuse(`BAD_FILE_${thrown.code}`, `${cid.toString()}: ${thrown.message}`) }
      }
    })
  }
}

/** What a reveal names: a batch, or a contribution to the pool. */
export type Revealed = { kind: 'batch'; manifest: BatchManifest } | { kind: 'pool'; manifest: PoolManifest }

// a manifest of the pool that names every chunk takes 50 KB
export const readManifest = reader<Revealed>(512, (bytes) =>
  namesSubject(bytes)
    ? { kind: 'pool', manifest: parse(poolManifest, bytes, MAX_POOL_MANIFEST_BYTES) }
    : { kind: 'batch', manifest: parse(batchManifest, bytes, MAX_MANIFEST_BYTES) },
)

/** The whole manifest of a contribution that was revealed. Throws FatalError FILE_MISSING. */
export function readPoolManifest(files: LedgerFiles, cid: CID): PoolManifest {
  const read = readManifest(files, cid)
  if (read.ok && read.value.kind === 'pool') return read.value.manifest
  throw new FatalError('FILE_CORRUPT', `the ledger file ${cid.toString()} is no manifest of the pool`)
}

/** A contribution has a subject where a batch has a contributor; whatever is neither is refused as a batch. */
function namesSubject(bytes: Uint8Array): boolean {
  try {
    const value = decode(bytes, MAX_POOL_MANIFEST_BYTES)
    return typeof value === 'object' && value !== null && 'subject' in value
  } catch (thrown) {
    if (thrown instanceof WireError) return false
    throw thrown
  }
}

export const readPoolIndex = reader<PoolIndex>(1024, (bytes) => parse(poolIndex, bytes, MAX_POOL_INDEX_BYTES))
/** The policy as its operator signed it. */
export const readConsentPolicy = reader<ConsentPolicy>(64, (bytes) => {
  const read = readPolicy(bytes)
  if (!read.ok) throw new WireError(read.code, read.message)
  return read.policy
})
/** The key behind a pool's tokens, as whoever it names signed it. */
export const readKeyFile = reader<PoolKey>(16, (bytes) => {
  const read = readPoolKey(bytes)
  if (!read.ok) throw new WireError(read.code, read.message)
  return read.key
})
/** The counts of a round, with the round they are of, as its aggregators signed them. */
export const readStatisticsFile = reader<ReadStatistics>(64, (bytes) => {
  const read = readStatistics(bytes)
  if (!read.ok) throw new WireError(read.code, read.message)
  return read.value
})
export const readReport = reader<Report>(256, (bytes) => parse(report, bytes, MAX_REPORT_BYTES))
/** A field that a charter leaves out has its default, also one that a later version of the shape adds: so a default, once released, never changes. */
export const readCharter = reader<Charter>(64, (bytes) => parse(charter, bytes, MAX_CHARTER_BYTES))
/** An epoch's table; a light fold learns strikes, credibility and points from it. */
export const readTable = reader<TableRow[]>(64, (bytes) => parse(tableRows, bytes, MAX_TABLE_BYTES))
