/** The first half of a contributor's test: its drawn leaves, and the deterministic checks on them. */
import type { Logger } from '../../core/effects/index.ts'
import { codeOf, FatalError } from '../../core/errors/index.ts'
import { type AskBlocks, type BatchFiles, loadBatch, readRow, type RowBlocks, wantedOfRow } from '../../dao/batches/index.ts'
import { checkRow, makeFraudProof, type RowVerdict } from '../../dao/checks/index.ts'
import { type DrawOf, type LedgerFiles, type LedgerState, rowFacts } from '../../dao/ledger/index.ts'
import type { Check, CID } from '../../schemas/wire/index.ts'
import { inLanes } from './in-lanes.ts'
import { ReadAhead } from './read-ahead.ts'

export interface Fraud {
  check: Check
  manifest: CID
  row: number
  proof: Uint8Array
}

/** A drawn row that stood the deterministic checks, or the check it failed, with the proof where there is one. */
export type ReadDraw =
  | { ok: true; url: string; record: Uint8Array; pipeline: string; agent: string; fetchedAt: number }
  | { ok: false; check: Check; fraud: Fraud | undefined }

export interface ReadDrawsOptions {
  state: LedgerState
  files: LedgerFiles
  ask: AskBlocks
  logger: Logger
}

const ROWS_AT_ONCE = 4

/**
 * In draw order. A record whose blocks nobody gives before `signal` ends fails D2. Throws FatalError FILE_MISSING without the batch's ledger
 * files and UNKNOWN_PIPELINE where this version cannot replay: then nothing can be said of anybody.
 */
export async function readDraws({ picks }: DrawOf, options: ReadDrawsOptions, signal: AbortSignal): Promise<ReadDraw[]> {
  const batches = new Map<string, BatchFiles>()
  for (const { manifest } of picks)
    if (!batches.has(manifest.toString())) batches.set(manifest.toString(), filesOf(manifest, options.files))
  const read: ReadDraw[] = picks.map(() => ({ ok: false, check: 'D2', fraud: undefined }))
  const filesFor = (manifest: CID): BatchFiles => batches.get(manifest.toString()) as BatchFiles
  const { ask, logger } = options
  const ahead = new ReadAhead({ ask, logger, signal })
  const withAhead = { ...options, ask: leavesFrom(ahead, ask) }
  for (let at = 0; at < picks.length && !signal.aborted; at = Math.max(at + 1, ahead.until)) {
    await ahead
      .reach(at, (i) => {
        const pick = picks[i]
        return pick && wantedOfRow(filesFor(pick.manifest).index, pick.row)
      })
      // the time is over: what was not read stays as it is
      .catch(() => undefined)
    await inLanes(picks.slice(at, ahead.until), ROWS_AT_ONCE, async ({ manifest, row }, i) => {
      if (!signal.aborted) read[at + i] = await readOne(manifest, row, filesFor(manifest), withAhead, signal)
    })
  }
  return read
}

/** Leaves that came ahead, and the others by asking. */
const leavesFrom =
  (ahead: ReadAhead, ask: AskBlocks): AskBlocks =>
  async (cids, signal, most) => {
    const found = cids.map((cid) => ahead.leaf(cid))
    const lacking = cids.filter((_, i) => found[i] === null)
    if (lacking.length === 0) return found
    const rest = await ask(lacking, signal, most)
    return found.map((one, i) => one ?? rest[lacking.indexOf(cids[i] as CID)] ?? null)
  }

async function readOne(
  manifest: CID,
  row: number,
  files: BatchFiles,
  { state, ask, logger }: ReadDrawsOptions,
  signal: AbortSignal,
): Promise<ReadDraw> {
  let blocks: RowBlocks
  let verdict: RowVerdict
  try {
    blocks = await readRow(ask, files, row, signal)
    verdict = checkRow({ files, row, blocks, facts: rowFacts(state, manifest) })
  } catch (error) {
    if (error instanceof FatalError) throw error
    logger.debug('row-unreadable', { manifest: manifest.toString(), row, code: codeOf(error) })
    return { ok: false, check: 'D2', fraud: undefined }
  }
  if (verdict.ok) {
    const { url, recordBytes: record, agent, fetchedAt } = verdict
    return { ok: true, url, record, pipeline: files.manifest.pipeline, agent, fetchedAt }
  }
  const { check, code } = verdict
  // it says something about who sent the bytes and is no proof against anybody
  const fraud = code === 'NOT_THE_LEAVES' ? undefined : { check, manifest, row, proof: makeFraudProof({ check, manifest, row, blocks }) }
  return { ok: false, check, fraud }
}

function filesOf(manifest: CID, files: LedgerFiles): BatchFiles {
  const loaded = loadBatch((cid) => files.read(cid), manifest)
  if (loaded === undefined) throw new FatalError('FILE_MISSING', `the ledger files of batch ${manifest.toString()} are not here`)
  return loaded
}
