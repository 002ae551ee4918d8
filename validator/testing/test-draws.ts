/** Tests what a validator drew in an epoch: several contributors at once, each within a fair share of the time there is. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { deadlineOf, type Mesh } from '../../core/mesh/index.ts'
import type { DrawOf, LedgerFiles, LedgerState } from '../../dao/ledger/index.ts'
import { type Check, type DrawResult, peerFromDid } from '../../schemas/wire/index.ts'
import { inLanes, inRounds } from './in-lanes.ts'
import { optedOutBefore } from './opted-out.ts'
import { type Fraud, type ReadDraw, readDraws } from './read-draws.ts'
import type { Page, Refetched, Refetcher } from './refetch.ts'
import { rowSource } from './row-source.ts'
import { CONTRIBUTORS_AT_ONCE, patienceOf, shareOf } from './shares.ts'

export interface TestDrawsOptions {
  state: LedgerState
  files: LedgerFiles
  mesh: Mesh
  /** Where blocks are asked for besides the contributor itself: the DAO's peer id. */
  fallback: string
  refetcher: Refetcher
  clock: Clock
  logger: Logger
  /** By when everything is over, on `clock`. */
  until: number
  /** Ends the work for good. */
  signal: AbortSignal
}

export interface Tested {
  /** In draw order. */
  results: DrawResult[]
  frauds: Fraud[]
}

/** Hosts of one contributor asked at once: most of the time goes by waiting for their slots. */
const HOSTS_AT_ONCE = 32
const SHARE_USED = { code: 'SHARE_USED', message: 'the time for this contributor is used up' }

/**
 * Results for every draw, in their order. What its contributor did not serve in its share of the time fails D2, a page that was asked for and did
 * not come again in it fails T2: both are failed draws of that contributor alone. A page whose turn did not come in it is left out. Rejects with the signal's reason.
 */
export async function testDraws(draws: readonly DrawOf[], options: TestDrawsOptions): Promise<Tested[]> {
  const { clock, until } = options
  const tested: Tested[] = []
  await inLanes(draws, CONTRIBUTORS_AT_ONCE, async (draw, i) => {
    tested[i] = await testDraw(draw, options, shareOf(until - clock.now(), draws.length - i))
  })
  return tested
}

async function testDraw(draw: DrawOf, options: TestDrawsOptions, shareMs: number): Promise<Tested> {
  const { clock, logger, signal, mesh, fallback, state, files } = options
  const patience = patienceOf(shareMs)
  using share = deadlineOf(clock, shareMs, SHARE_USED, [signal])
  using reading = deadlineOf(clock, patience.readingMs, SHARE_USED, [share.signal])
  const ask = rowSource({ mesh, peers: [peerFromDid(draw.contributor), fallback], askMs: patience.askMs, clock, logger })
  const read = await readDraws(draw, { state, files, ask, logger }, reading.signal)
  // a page that nobody came to ask for says nothing of who gathered it
  const checks = read.map((one): Refetched | Check => (one.ok ? 'left-out' : one.check))

  const optedOutIn = optedOutBefore(state)
  const gatheredIn = (i: number): number => state.batches.get(draw.picks[i]?.manifest.toString() ?? '')?.gathered ?? 0
  // the pages of one host wait for each other, those of different hosts do not
  await inRounds(byHost(read), HOSTS_AT_ONCE, async ({ i, page }) => {
    const optedOut = optedOutIn(gatheredIn(i))
    if (share.signal.aborted) return
    // asked for, and cut off
    const onAsk = (): void => void (checks[i] = 'T2')
    // where nobody honest asked then, nobody asks now
    if (optedOut(page.url, 'page')) return onAsk()
    try {
      const tested = { contributor: draw.contributor, charter: state.charter, optedOut, onAsk, ...page }
      checks[i] = await options.refetcher.check(tested, patience, share.signal)
    } catch (error) {
      if (!share.signal.aborted) logger.error('refetch-failed', { url: page.url, code: codeOf(error), message: String(error) })
    }
  })
  signal.throwIfAborted()
  if (share.signal.aborted) logger.info('share-used-up', { contributor: draw.contributor, shareMs })
  return {
    results: draw.picks.map(({ manifest, row }, i) => {
      const check = checks[i] ?? null
      if (check === 'left-out') return { manifest, row, pass: null, check: null, evidence: null }
      return { manifest, row, pass: check === null, check, evidence: null }
    }),
    frauds: read.flatMap((one) => (one.ok || one.fraud === undefined ? [] : [one.fraud])),
  }
}

type TestedPage = Omit<Page, 'contributor' | 'charter' | 'optedOut' | 'onAsk'>

function byHost(read: readonly ReadDraw[]): { i: number; page: TestedPage }[][] {
  const hosts = new Map<string, { i: number; page: TestedPage }[]>()
  for (const [i, one] of read.entries()) {
    if (!one.ok) continue
    const { host } = new URL(one.url)
    const { url, record, pipeline, agent, fetchedAt } = one
    hosts.set(host, [...(hosts.get(host) ?? []), { i, page: { url, record, pipeline, agent, fetchedAt } }])
  }
  return [...hosts.values()]
}
