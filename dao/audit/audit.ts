/**
 * The whole replay: a copy of a log's folder in, "every number in it follows from it" or the first thing that does not out.
 * Nobody is asked and nobody is trusted; the keys come from the log itself, so the ledger's id is the one thing to know beforehand.
 */
import { createLedger } from '../ledger/index.ts'
import { Replay } from './replay.ts'
import type { AuditOptions, AuditReport } from './report.ts'

/**
 * Replays a log from its files, up to the checkpoint that it reads first: a log that grows meanwhile is as good as a copy.
 * Does not throw for anything that is wrong with them.
 */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const files = new Map<string, Uint8Array>()
  const ledger = createLedger({ ledgerId: options.ledgerId ?? '', files: { read: (cid) => files.get(cid.toString()) } })
  const replay = new Replay(options, ledger, files)
  await replay.run()
  const { state } = ledger
  return {
    ok: replay.problems.length === 0,
    ledger: state.id,
    size: state.size,
    verified: replay.verified,
    epochs: replay.epochs.map((one) => ({ ...one, final: state.results.find(({ epoch }) => epoch === one.epoch)?.final ?? false })),
    problems: replay.problems,
    pending: replay.pending,
    invalid: state.invalid,
    state,
  }
}
