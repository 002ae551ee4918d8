/**
 * Tests what the beacon drew of one contribution: sealed chunks from their holders, keys from k keyholders, the judge over the plaintext, which lies in
 * memory only. Its bytes are overwritten after their chunk was judged; the text and events read from them are strings, which nothing can overwrite,
 * and stay until the engine has use for their room. Every draw gets a result: what nobody can open is a failed one.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { deadlineOf, type Mesh } from '../../core/mesh/index.ts'
import { askForKeys, openChunk, type OpenedKeys } from '../../dao/custody/index.ts'
import type { PoolContribution } from '../../dao/ledger/index.ts'
import {
  type CID,
  type DrawResult,
  type EventRules,
  mailChunkOf,
  peerFromDid,
  type PoolIndex,
  type PoolIndexRow,
  type PoolManifest,
} from '../../schemas/wire/index.ts'
import { isAttested, type MailTerms } from './attest.ts'
import { readChunks } from './read-chunks.ts'
import { type ChunkScore, latestMonth, scorePoolChunk } from './score-chunk.ts'

export interface ScoreContribution {
  contribution: Pick<PoolContribution, 'manifestCid' | 'contributor' | 'committee'>
  manifest: PoolManifest
  index: PoolIndex
  /** What the policy that it was offered under lets events say. */
  rules: EventRules
  /** What a mail is held to; undefined where the charter takes none, or the pool has no key to know its account by. */
  mailTerms: MailTerms | undefined
  /** Chunks drawn, ascending. */
  rows: readonly number[]
  epoch: number
  mesh: Pick<Mesh, 'ask'>
  signer: Signer
  /** The DAO's peer id. */
  dao: string
  clock: Clock
  logger: Logger
  /** What there is for all of it. */
  shareMs: number
  signal: AbortSignal
}

const SHARE_USED = { code: 'SHARE_USED', message: 'the time for this contribution is used up' }
/** Keyholders may be restarting: asked again after these parts of the share. */
const PAUSES = [16, 8, 4]

export interface Scored {
  /** In the order of `rows`. */
  results: DrawResult[]
  /** Its mail attests it. Whatever is wrong with a mail fails no draw: it was brought for more, not for less. */
  attested: boolean
}

/** Rejects with the signal's reason. */
export async function scoreContribution(given: ScoreContribution): Promise<Scored> {
  const { contribution, manifest, mailTerms, logger, clock, signal, shareMs } = given
  const { manifestCid } = contribution
  const mailRow = mailTerms && mailChunkOf(manifest)
  const options = mailRow === undefined ? given : { ...given, rows: [...given.rows, mailRow] }
  using share = deadlineOf(clock, shareMs, SHARE_USED, [signal])
  const chunks = options.rows.map((row) => (row === mailRow ? manifest.mail : manifest.chunks[row]) as CID)
  const peers = [options.dao, ...contribution.committee.members.map(peerFromDid)]
  const [sealed, keys] = await Promise.all([
    readChunks(chunks, { mesh: options.mesh, clock, peers, logger, shareMs, signal: share.signal }),
    keysFor(options, share.signal),
  ])
  signal.throwIfAborted()
  const now = latestMonth(clock.now())
  const seen = new Set<string>()
  const bytesOf = (i: number): Uint8Array | undefined => sealed.get((chunks[i] as CID).toString())
  const results = given.rows.map((row, i): DrawResult => {
    const bytes = bytesOf(i)
    const score = scoreOf(options, { row, bytes, keys, place: i, now, seen })
    // the report carries the check; why is for who runs this validator, and names no content
    if (score.check !== null) logger.info('chunk-failed', { manifest: manifestCid.toString(), row, check: score.check, code: score.code })
    return { manifest: manifestCid, row, pass: score.check === null, check: score.check, evidence: null }
  })
  const place = given.rows.length
  const attested =
    mailRow !== undefined &&
    (await attests(given, mailTerms as MailTerms, { row: mailRow, bytes: bytesOf(place), keys, place }, share.signal))
  signal.throwIfAborted()
  return { results, attested }
}

async function attests(
  { contribution, index, logger }: ScoreContribution,
  terms: MailTerms,
  { row, bytes, keys, place }: Omit<Fetched, 'now' | 'seen'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (bytes === undefined || typeof keys === 'string') return false
  const manifest = contribution.manifestCid.toString()
  let plain: Uint8Array
  try {
    plain = openChunk(bytes, keys.keys[place] as Uint8Array, keys.context, row)
  } catch (thrown) {
    logger.info('mail-does-not-attest', { manifest, code: codeOf(thrown) })
    return false
  }
  try {
    return await isAttested({ ...terms, manifest, plain, index, logger, signal })
  } finally {
    plain.fill(0)
  }
}

interface Fetched {
  row: number
  bytes: Uint8Array | undefined
  keys: OpenedKeys | string
  place: number
  now: string
  seen: Set<string>
}

function scoreOf({ manifest, index, rules }: ScoreContribution, { row, bytes, keys, place, now, seen }: Fetched): ChunkScore {
  if (bytes === undefined) return { check: 'D2', code: 'CHUNK_UNREACHABLE' }
  if (typeof keys === 'string') return { check: 'D2', code: keys }
  let plain: Uint8Array
  try {
    plain = openChunk(bytes, keys.keys[place] as Uint8Array, keys.context, row)
  } catch (thrown) {
    // k keyholders proved that these are its keys: what does not open under them was sealed so
    return { check: 'D1', code: codeOf(thrown) }
  }
  try {
    return scorePoolChunk({ plain, row: index.rows[row] as PoolIndexRow, measures: index.measures, manifest, rules, now, seen })
  } finally {
    plain.fill(0)
  }
}

/** The keys of the drawn chunks, or the code of why there are none. */
async function keysFor(options: ScoreContribution, signal: AbortSignal): Promise<OpenedKeys | string> {
  const { contribution, manifest, rows, epoch, mesh, signer, clock, shareMs, logger } = options
  const { committee } = contribution
  for (let tries = 0; ; tries++) {
    try {
      return await askForKeys({
        mesh,
        clock,
        signer,
        manifest,
        committee,
        indices: rows,
        role: 'scorer',
        purpose: 'dpv:DataQualityAssessment',
        epoch,
        ownerVia: options.dao,
        signal,
      })
    } catch (thrown) {
      const code = codeOf(thrown)
      logger.debug('keys-not-given', { manifest: contribution.manifestCid.toString(), code, tries })
      const pause = PAUSES[tries]
      if (pause === undefined || signal.aborted) return signal.aborted ? 'SHARE_USED' : code
      await clock.sleep(Math.floor(shareMs / pause), signal).catch(() => undefined)
      if (signal.aborted) return 'SHARE_USED'
    }
  }
}
