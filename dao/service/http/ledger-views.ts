/** Contributors, epochs and entries as the interface shows them. */
import { decode, entryShape, MAX_ENTRY_BYTES, toHex } from '../../../schemas/wire/index.ts'
import type { EpochResult, LedgerState } from '../../ledger/index.ts'
import { dagJson } from './dag-json.ts'
import { notFound } from './problem.ts'

/** Throws HttpProblem 404. `whole`: points by epoch and batches too. */
export function contributorOf(now: LedgerState, account: string, whole: boolean): object {
  const one = now.contributors.get(account)
  if (one === undefined) throw notFound('no such contributor')
  const points = [...one.points].map(([epoch, earned]) => ({
    epoch,
    points: String(earned.points),
    capPpm: earned.cap,
    void: earned.void,
    vestsWith: earned.vestsWith,
  }))
  const standing = points.reduce((sum, earned) => (earned.void === null ? sum + BigInt(earned.points) : sum), 0n)
  const batches = whole ? [...now.batches.values()].filter((batch) => batch.contributor === account) : []
  return {
    account,
    joinedEpoch: one.joinedEpoch,
    credibilityPpm: one.credibility,
    epochs: one.epochs,
    quota: one.quota,
    revoked: one.revoked,
    points: String(standing),
    ...(whole
      ? {
          byEpoch: points,
          batches: batches.map((batch) => ({
            manifest: batch.manifestCid.toString(),
            epoch: batch.epoch,
            records: batch.manifest.count,
            schema: batch.manifest.schema,
            commitIndex: batch.commitIndex,
            available: batch.available.size,
            void: batch.voided?.check ?? null,
          })),
        }
      : {}),
  }
}

export const epochOf = (result: EpochResult): object => ({
  epoch: result.epoch,
  final: result.final,
  root: toHex(result.root),
  beacon: toHex(result.beacon),
  cut: result.cut,
  closeIndex: result.closeIndex,
  closedAt: result.closedAt,
  batchCount: result.batches.length,
  attestedBy: result.attestedBy,
})

/** The envelope of an entry; one that nobody can read is shown as its bytes. */
export function entryOf(bytes: Uint8Array): { type: string | null; author: string | null; n: number | null; payload: unknown } {
  try {
    const value = decode(bytes, MAX_ENTRY_BYTES) as { t?: unknown; a?: unknown; n?: unknown; p?: unknown }
    if (typeof value.t === 'string' && entryShape(value.t)?.safeParse(value).success === true)
      return { type: value.t, author: String(value.a), n: Number(value.n), payload: dagJson(value.p) }
  } catch {
    // shown raw below
  }
  return { type: null, author: null, n: null, payload: dagJson(bytes) }
}
