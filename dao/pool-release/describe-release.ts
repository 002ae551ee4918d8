/** What a release says of itself when its rows are known: the signed public manifest, the licence, the summary of training content, and what its operator keeps. */
import type { Signer } from '../../core/identity/index.ts'
import {
  type CID,
  type CompleteOrder,
  type ConsentPolicy,
  encode,
  MAX_RELEASE_SECRET_BYTES,
  parse,
  type PoolReleaseSecret,
  poolReleaseSecret,
  type PoolStatistics,
  type PoolTerms,
  sha256,
} from '../../schemas/wire/index.ts'
import { describePoolAiAct } from './ai-act.ts'
import { describeLicence } from './licence.ts'
import { type NamedRelease, signPoolRelease } from './manifest.ts'
import { membershipRoot } from './membership.ts'
import { tombstoneRoot } from './notices.ts'

/** Exact numbers, for operator and trainer. */
export interface Report {
  people: number
  rows: number
  generalised: number
  suppressed: number
  canaries: number
}

export interface About {
  title: string
  contact: string
  redaction: string
  throughEpoch: number
  previous: CID | null
  /** What the log says in public of all that might be in it, in tokens. */
  tokensAtMost: number
}

export interface ToDescribe {
  order: { value: CompleteOrder; cid: CID }
  policy: { cid: CID; value: ConsentPolicy }
  terms: PoolTerms
  about: About
  months: { from: string; to: string }
  secret: Pick<PoolReleaseSecret, 'secret' | 'members'>
  /** Bytes of members.jsonl. */
  members: Uint8Array
  report: Report
  /** RFC 6962 root over the lines of the data. */
  rows: Uint8Array
  tombstones: { withdrawals: readonly Uint8Array[]; at: number }
  /** The newest counts of the pool that the ledger has published. */
  statistics: PoolStatistics | null
  /** Counts of those in the release, with noise; none where no ε was spent on them. */
  counts?: PoolStatistics | undefined
  /** Signs the manifest: the operator, which in this version is the assembler. */
  operator: Signer
}

export interface Described {
  release: NamedRelease
  /** Kept by the operator alone. */
  secret: PoolReleaseSecret
  licence: Uint8Array
  aiAct: Uint8Array
  report: Report
}

export function describeRelease(toDescribe: ToDescribe): Described {
  const { order, policy, terms, about, months, report, rows, tombstones, statistics, counts, operator } = toDescribe
  const { secret, members } = toDescribe.secret
  const { value } = order
  const aiAct = describePoolAiAct({
    ...value,
    ...about,
    ...months,
    policy: policy.value,
    statistics,
    counts,
    k: terms.kAnonymity,
    canaries: report.canaries,
  })
  const { name, trainer, purposes, dao } = value
  const licence = describeLicence({ dao, name, operator: value.by, trainer, purposes, deleteWithinDays: terms.deleteWithinDays })
  const whole = report.rows + report.suppressed
  const percent = (part: number): number => (whole === 0 ? 0 : Math.round((100 * part) / whole))
  const contributions = membershipRoot(
    secret,
    members.map(({ manifest }) => manifest),
  )
  const release = signPoolRelease(
    {
      dao,
      name,
      trainer,
      order: order.cid,
      policies: [policy.cid],
      purposes,
      licence: licence.cid,
      deleteWithinDays: terms.deleteWithinDays,
      statistics,
      ...(counts && { counts }),
      contributions,
      members: sha256(toDescribe.members),
      tombstones: { ...tombstoneRoot(tombstones.withdrawals), at: tombstones.at },
      rows,
      anonymity: { k: terms.kAnonymity, generalised: percent(report.generalised), suppressed: percent(report.suppressed) },
      canaries: { ...value.canaries, count: report.canaries },
      redaction: about.redaction,
      aiAct: aiAct.cid,
      withdrawal: policy.value.withdrawal.effect.slice(0, 512),
      throughEpoch: about.throughEpoch,
      previous: about.previous,
      at: value.at,
    },
    operator,
  )
  const kept: PoolReleaseSecret = { v: 1, release: release.cid, secret, members, recipient: value.recipient }
  return { release, secret: kept, licence: licence.bytes, aiAct: aiAct.bytes, report }
}

/** The bytes of what the operator keeps, and back. */
export const encodeReleaseSecret = (secret: PoolReleaseSecret): Uint8Array => encode(secret)
export const readReleaseSecret = (bytes: Uint8Array): PoolReleaseSecret => parse(poolReleaseSecret, bytes, MAX_RELEASE_SECRET_BYTES)
/** What the log's `release` entry takes. How many records, and whose, is not told: `shares` is the root of the contributions. */
export const releaseEntry = ({ cid, value }: Pick<NamedRelease, 'cid' | 'value'>) => ({
  release: cid,
  name: value.name,
  throughEpoch: value.throughEpoch,
  previous: value.previous,
  shares: value.contributions.root,
  records: 0,
  kind: 'pool' as const,
})
