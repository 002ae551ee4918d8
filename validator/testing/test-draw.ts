/** Tests the drawn records of one contributor: fetches their leaves, replays the deterministic checks, fetches the pages again. */
import type { Mesh } from '../../core/mesh/index.ts'
import { blocksProtocol, patienceMs } from '../../core/mesh/index.ts'
import { codeOf, FatalError } from '../../core/errors/index.ts'
import type { Clock, Logger } from '../../core/effects/index.ts'
import { type AskBlocks, type BatchFiles, loadBatch, readRow, type RowBlocks, wantedOfRow } from '../../dao/batches/index.ts'
import { checkRow, makeFraudProof } from '../../dao/checks/index.ts'
import { type DrawOf, type LedgerFiles, type LedgerState, rowFacts } from '../../dao/ledger/index.ts'
import { type Check, type CID, type DrawResult, matchesCid, peerFromDid } from '../../schemas/wire/index.ts'
import { ReadAhead } from './read-ahead.ts'
import type { Refetcher } from './refetch.ts'

export interface TestDrawOptions {
  state: LedgerState
  files: LedgerFiles
  mesh: Mesh
  /** Where blocks are asked for besides the contributor itself: the DAO's peer id. */
  fallback: string
  refetcher: Refetcher
  clock: Clock
  logger: Logger
  signal: AbortSignal
}

export interface Fraud {
  check: Check
  manifest: CID
  row: number
  proof: Uint8Array
}

export interface Tested {
  results: DrawResult[]
  frauds: Fraud[]
}

const BLOCK_ATTEMPTS = 3
const BLOCK_RETRY_MS = 500

/** Results in draw order. A record whose blocks nobody gives fails D2; a failed deterministic check comes with its proof. */
export async function testDraw(draw: DrawOf, options: TestDrawOptions): Promise<Tested> {
  const parsed = new Map<string, BatchFiles>()
  const tested: Tested = { results: [], frauds: [] }
  const filesFor = (manifest: CID): BatchFiles => {
    const key = manifest.toString()
    const files = parsed.get(key) ?? filesOf(manifest, options.files)
    parsed.set(key, files)
    return files
  }
  const ahead = new ReadAhead({ ask: askFrom(peerFromDid(draw.contributor), 1, options), logger: options.logger, signal: options.signal })
  const ask = asker(draw.contributor, ahead, options)
  for (const [at, { manifest, row }] of draw.picks.entries()) {
    options.signal.throwIfAborted()
    await ahead.reach(at, (i) => {
      const pick = draw.picks[i]
      return pick && wantedOfRow(filesFor(pick.manifest).index, pick.row)
    })
    const { result, fraud } = await testRow(ask, manifest, row, filesFor(manifest), options)
    tested.results.push(result)
    if (fraud) tested.frauds.push(fraud)
  }
  return tested
}

async function testRow(
  ask: AskBlocks,
  manifest: CID,
  row: number,
  files: BatchFiles,
  options: TestDrawOptions,
): Promise<{ result: DrawResult; fraud?: Fraud }> {
  const { state, refetcher, signal, logger } = options
  const fail = (check: Check): DrawResult => ({ manifest, row, pass: false, check, evidence: null })
  let blocks: RowBlocks
  try {
    blocks = await readRow(ask, files, row, signal)
  } catch (error) {
    signal.throwIfAborted()
    logger.debug('row-unreadable', { manifest: manifest.toString(), row, code: codeOf(error) })
    return { result: fail('D2') }
  }
  const facts = rowFacts(state, manifest)
  const verdict = checkRow({ files, row, blocks, facts })
  if (!verdict.ok) {
    const proof = makeFraudProof({ check: verdict.check, manifest, row, blocks })
    return { result: fail(verdict.check), fraud: { check: verdict.check, manifest, row, proof } }
  }
  const again = await refetcher.check(state.charter, files.manifest.pipeline, verdict.url, verdict.recordBytes, signal)
  return { result: { manifest, row, pass: again.pass, check: again.check, evidence: null } }
}

function filesOf(manifest: CID, files: LedgerFiles): BatchFiles {
  const loaded = loadBatch((cid) => files.read(cid), manifest)
  if (loaded === undefined) throw new FatalError('FILE_MISSING', `the ledger files of batch ${manifest.toString()} are not here`)
  return loaded
}

/** Each attempt is waited for longer: what was lost on the way never comes. */
const askFrom =
  (peer: string, attempt: number, { mesh }: TestDrawOptions): AskBlocks =>
  async (cids, signal, most) => {
    const timeoutMs = patienceMs(blocksProtocol, attempt, most)
    return (await mesh.ask(peer, blocksProtocol, { cids }, { signal, timeoutMs })).blocks
  }

/** Blocks read ahead, else from the contributor, what it lacks from the DAO's copy; asked again a few times, because a home line may drop for a moment. */
function asker(contributor: string, ahead: ReadAhead, options: TestDrawOptions): AskBlocks {
  const { fallback, clock, logger } = options
  return async (cids, signal, most) => {
    const found: (Uint8Array | null)[] = cids.map((cid) => ahead.leaf(cid))
    if (!found.includes(null)) return found
    for (let attempt = 1; attempt <= BLOCK_ATTEMPTS; attempt++) {
      for (const peer of [peerFromDid(contributor), fallback]) {
        const lacking = cids.flatMap((cid, i) => (found[i] === null ? [{ cid, i }] : []))
        if (lacking.length === 0) return found
        try {
          const blocks = await askFrom(peer, attempt, options)(
            lacking.map(({ cid }) => cid),
            signal,
            most,
          )
          for (const [k, { cid, i }] of lacking.entries()) {
            const bytes = blocks[k]
            if (bytes && matchesCid(cid, bytes)) found[i] = bytes
          }
        } catch (error) {
          signal.throwIfAborted()
          logger.debug('blocks-unreachable', { peer, code: codeOf(error) })
        }
      }
      if (!found.includes(null)) return found
      if (attempt < BLOCK_ATTEMPTS) await clock.sleep(BLOCK_RETRY_MS * attempt, signal)
    }
    return found
  }
}
