/** A batch's way into an epoch: committed blind, revealed, said to be available; or taken back. */
import { type BatchManifest, commitHash, equalBytes } from '../../schemas/wire/index.ts'
import { readManifest } from './parsed-files.ts'
import { isSeated } from './seats.ts'
import { contributionFacts, contributionFiles, judgeContribution } from './rules-pool.ts'
import { isContribution, revealed, deliveryOf, deliveries } from './deliveries.ts'
import type { LedgerState, Delivery } from './types.ts'
import { type Refusal, refuse, type Rule } from './view.ts'

/** Open commits one account may have; a flood beyond this is refused at the door and a no-op in the log. */
const MAX_OPEN_COMMITS = 4096

/** The epoch that a commit logged now counts for: once reveals have begun, the next one. */
export function committingEpoch(state: LedgerState): number {
  const { epoch } = state
  if (epoch === null) return 1
  return epoch.phase === 'gather' ? epoch.number : epoch.number + 1
}

/** The author's open commit of this hash: its log index, and the epoch it counts for. */
export function commitOf(state: LedgerState, author: string, hash: Uint8Array): { index: number; epoch: number } | undefined {
  for (const [index, known] of state.commits)
    if (known.author === author && equalBytes(known.hash, hash)) return { index, epoch: known.epoch }
  return undefined
}

function mayContribute(state: LedgerState, account: string): Refusal | undefined {
  const contributor = state.contributors.get(account)
  if (!contributor) return refuse('NOT_JOINED', `${account} has not joined`)
  if (contributor.revoked)
    return refuse('REVOKED', `${account} was revoked for ${contributor.revoked.check} at entry ${contributor.revoked.index}`)
  return undefined
}

export const commit: Rule<'contribution.commit'> = {
  check(entry, { state }) {
    const wrong = mayContribute(state, entry.a)
    if (wrong) return wrong
    const counts = committingEpoch(state)
    // a commit that was signed just before the reveals began still counts, for the next epoch
    if (entry.p.epoch !== counts && entry.p.epoch !== counts - 1) return refuse('WRONG_EPOCH', `a commit counts for epoch ${counts} now`)
    // counted only when so many could be open at all: a count per commit would cost the square of them
    if (state.commits.size < MAX_OPEN_COMMITS) return undefined
    let open = 0
    for (const other of state.commits.values()) if (other.author === entry.a) open++
    return open < MAX_OPEN_COMMITS ? undefined : refuse('TOO_MANY', `${entry.a} has ${open} commits open`)
  },
  apply(entry, { state, index }) {
    state.commits.set(index, { author: entry.a, hash: entry.p.hash, epoch: committingEpoch(state) })
  },
}

export const reveal: Rule<'contribution.reveal'> = {
  needs: ({ p }, { state, files }) => [p.manifest, ...contributionFiles(state, files, p.manifest)],
  check(entry, view) {
    const { state, files } = view
    const wrong = mayContribute(state, entry.a)
    if (wrong) return wrong
    const { epoch, commits } = state
    const { p } = entry
    const committed = commits.get(p.commit)
    if (!committed) return refuse('NO_COMMIT', `entry ${p.commit} is no open commit`)
    if (committed.author !== entry.a) return refuse('NOT_YOURS', `entry ${p.commit} is a commit of ${committed.author}`)
    if (epoch?.phase !== 'reveal' || committed.epoch !== epoch.number || p.epoch !== epoch.number)
      return refuse('WRONG_PHASE', `the commit at ${p.commit} is revealed in the reveal phase of epoch ${committed.epoch}`)
    if (!equalBytes(commitHash(p.manifest, p.salt, entry.a), committed.hash))
      return refuse('COMMIT_MISMATCH', `manifest, salt and author do not hash to the commit at ${p.commit}`)
    if (deliveryOf(state, p.manifest.toString())) return refuse('REVEALED', `${p.manifest.toString()} was revealed before`)
    const read = readManifest(files, p.manifest)
    if (!read.ok) return read.refusal
    const { kind, manifest } = read.value
    return kind === 'batch' ? judgeManifest(state, entry.a, manifest) : judgeContribution(view, entry.a, manifest, p.manifest)
  },
  apply(entry, { state, files, index }) {
    const { p } = entry
    const read = readManifest(files, p.manifest)
    const contributor = state.contributors.get(entry.a)
    if (!read.ok || !contributor) return
    const { kind, manifest } = read.value
    const key = p.manifest.toString()
    state.commits.delete(p.commit)
    contributor.nextSequence = manifest.sequence + 1
    contributor.lastManifest = key
    const way = revealed({
      manifestCid: p.manifest,
      contributor: entry.a,
      salt: p.salt,
      commitIndex: p.commit,
      revealIndex: index,
      epoch: p.epoch,
    })
    if (kind === 'batch') state.batches.set(key, { ...way, manifest })
    else {
      state.contributions.set(key, { ...way, ...contributionFacts(state, files, manifest), dealtAt: state.epoch?.phaseTime ?? 0 })
      contributor.slot = key
    }
  },
}

/** D1 as far as the manifest alone shows it. Schema and pipeline: a version nobody here can replay is refused, never called fraud. */
function judgeManifest(state: LedgerState, author: string, manifest: BatchManifest): Refusal | undefined {
  const { charter, contributors } = state
  if (manifest.dao !== state.id) return refuse('WRONG_LEDGER', `the batch was sealed for ${manifest.dao}`)
  if (contributors.get(author)?.isSubject === true)
    return refuse('SUBJECT_ONLY', `${author} joined to bring personal data, and brings no batches`)
  if (manifest.contributor !== author) return refuse('NOT_YOURS', `the batch was sealed by ${manifest.contributor}`)
  if (!charter.schemas.includes(manifest.schema))
    return refuse('UNLISTED_SCHEMA', `the charter does not list the schema ${manifest.schema}`)
  if (!charter.pipelines.includes(manifest.pipeline))
    return refuse('UNLISTED_PIPELINE', `the charter does not list the pipeline ${manifest.pipeline}`)
  if (!manifest.pipeline.startsWith(`${manifest.schema}/`))
    return refuse('UNLISTED_PIPELINE', `${manifest.pipeline} does not give records of ${manifest.schema}`)
  const next = contributors.get(author)?.nextSequence ?? 0
  // a gap is honest (a batch retracted or revealed too late); a repeat would be two batches under one number
  if (manifest.sequence < next) return refuse('SEQUENCE_USED', `sequence ${manifest.sequence} was used; the next is ${next}`)
  if (manifest.from > manifest.to) return refuse('BAD_DATES', 'the batch ends before it begins')
  return undefined
}

/** "I hold and serve manifest, index and sketches." Also later than the cut: a batch that moved on needs it for the next one. */
export const available: Rule<'contribution.available'> = {
  check(entry, { state }) {
    if (!isSeated(state, entry.a)) return refuse('NOT_SEATED', `${entry.a} holds no seat`)
    if (state.epoch === null || entry.p.epoch !== state.epoch.number)
      return refuse('WRONG_EPOCH', `this is epoch ${state.epoch?.number ?? 0}`)
    for (const manifest of entry.p.manifests) {
      const one = deliveryOf(state, manifest.toString())
      if (!one) return refuse('UNKNOWN_BATCH', `${manifest.toString()} was not revealed`)
      if (isContribution(one) && !one.committee.members.includes(entry.a))
        return refuse('NOT_KEYHOLDER', `${entry.a} holds no share of ${manifest.toString()}`)
    }
    return undefined
  },
  apply(entry, { state }) {
    for (const manifest of entry.p.manifests) deliveryOf(state, manifest.toString())?.available.add(entry.a)
  },
}

/** Bugs are not crimes: a commit or a batch is taken back at no cost until the reveals end. */
export const retract: Rule<'retract'> = {
  check(entry, { state }) {
    const committed = state.commits.get(entry.p.commit)
    if (committed)
      return committed.author === entry.a ? undefined : refuse('NOT_YOURS', `entry ${entry.p.commit} is a commit of ${committed.author}`)
    const batch = batchOfCommit(state, entry.p.commit)
    if (!batch) return refuse('NO_COMMIT', `entry ${entry.p.commit} is no commit that can be taken back`)
    if (batch.contributor !== entry.a) return refuse('NOT_YOURS', `entry ${entry.p.commit} is a commit of ${batch.contributor}`)
    const counted =
      state.epoch !== null && (batch.epoch < state.epoch.number || (batch.epoch === state.epoch.number && state.epoch.cut >= 0))
    if (batch.retracted !== null || batch.dropped || counted || wasPutOff(batch))
      return refuse('TOO_LATE', 'a batch is taken back before the beacon')
    return undefined
  },
  apply(entry, { state, index }) {
    if (state.commits.delete(entry.p.commit)) return
    const batch = batchOfCommit(state, entry.p.commit)
    if (batch) batch.retracted = index
  },
}

/** Its epoch counted and tested it, and too few reports came: those that came are public. Only a missed cut moves a batch before its beacon. */
const wasPutOff = ({ epoch, gathered, moved }: Delivery): boolean => epoch > gathered + (moved ? 1 : 0)

function batchOfCommit(state: LedgerState, commitIndex: number) {
  for (const one of deliveries(state)) if (one.commitIndex === commitIndex) return one
  return undefined
}
