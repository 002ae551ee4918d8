/** The deterministic checks of one record, in the order in which a later one may rely on an earlier (incentives reference 2.4). */
import { ByteLru } from '../../schemas/cache/index.ts'
import { type Charter, concatBytes, encode, sha256, toHex } from '../../schemas/wire/index.ts'
import { areRowBlocks, type BatchFiles, checkBatchStructure, openRecord } from '../batches/index.ts'
import { checkDate, openEvidence } from './check-evidence.ts'
import { checkPermission } from './check-permission.ts'
import { checkReplay } from './check-replay.ts'
import { failed, type RowToCheck, type RowVerdict } from './types.ts'

/**
 * D1, D2 and D9 of the whole batch, then D1 and D2, D4, D3, D5 of the row, its date (D4) last; the first failure is the verdict.
 * (D6, a duplicate, only costs value and is judged by the fold over all records.)
 * The blocks must be the row's leaves: other bytes say something about who sent them, and nothing about the contributor (code NOT_THE_LEAVES,
 * which no proof is made of). Throws FatalError UNKNOWN_PIPELINE where this version cannot replay what the charter lists.
 */
export function checkRow({ files, row, blocks, facts }: RowToCheck): RowVerdict {
  const structure = checkBatchStructure(files, facts.salt, facts.contributor)
  if (!structure.ok) return structure
  if (!areRowBlocks(files.index, row, blocks)) return failed('D2', 'NOT_THE_LEAVES', 'the blocks are not the leaves that the index names')
  // from here on the index says what the blocks are, so batch, row and facts decide the verdict
  const key = `${idOf(files)} ${row} ${rulesOf(facts.charter)} ${facts.dates.after} ${facts.dates.before}`
  return verdicts.recall(key, () => judge({ files, row, blocks, facts }))
}

/** Every validator of a simulated network draws the same rows: judged once per process while it is remembered. */
const verdicts = new ByteLru<RowVerdict>(8 << 20, (verdict) => (verdict.ok ? verdict.recordBytes.byteLength : 0))

function judge({ files: { manifest, index, sketches }, row, blocks, facts }: RowToCheck): RowVerdict {
  const opened = openRecord(index, row, blocks.recordBlocks)
  if (!opened.ok) return opened
  const evidence = openEvidence(concatBytes(...blocks.evidenceBlocks))
  if (!evidence.ok) return evidence
  return (
    checkReplay({ manifest, index, sketches, row, record: opened.record, exchange: evidence.exchange, charter: facts.charter }) ??
    checkPermission(evidence, concatBytes(...blocks.robotsBlocks), facts.charter) ??
    checkDate(evidence.exchange, manifest, facts.dates) ?? {
      ok: true,
      recordBytes: opened.record,
      url: evidence.exchange.url,
      agent: evidence.facts.robots?.agent ?? '',
      fetchedAt: evidence.exchange.fetchedAt,
    }
  )
}

let ids = 0
const known = new WeakMap<BatchFiles, number>()
/** Parsed files are shared within a process; each gets a number of its own. */
function idOf(files: BatchFiles): number {
  const id = known.get(files) ?? ids++
  known.set(files, id)
  return id
}

const digests = new WeakMap<Charter, string>()
/** Replicas hold equal charters in objects of their own. */
function rulesOf(charter: Charter): string {
  const digest = digests.get(charter) ?? toHex(sha256(encode(charter)))
  digests.set(charter, digest)
  return digest
}
