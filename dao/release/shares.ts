import { z } from 'zod'
import { canonicalJson, compareBytes, did, merkleTreeHash, PPM, ppm, toHex, uint, utf8 } from '../../schemas/wire/index.ts'
import type { EpochResult } from '../ledger/index.ts'
import { splitLargestRemainder } from '../rewards/index.ts'
import type { Candidate, PaidBatch } from './collect.ts'
import type { ShareWeight } from './types.ts'

/** What `shares.json` says of one account. Shares are fractions within the role: points / the role's total; `ppm` rounds them to sum to a million. */
export const shareRow = z.strictObject({
  account: did,
  role: z.enum(['contributor', 'validator']),
  /** Decimal: an integer that may pass 2^53. */
  points: z.string().regex(/^\d{1,40}$/),
  ppm,
  records: uint,
  tokens: uint,
})
export type ShareRow = z.infer<typeof shareRow>

export const shareTable = z.strictObject({
  v: z.literal(1),
  ledger: z.string().max(128),
  throughEpoch: uint,
  /** How revenue divides among the roles before it divides among accounts, ppm. */
  split: z.strictObject({ contributorsPpm: ppm, validatorsPpm: ppm, commonsPpm: ppm }),
  totals: z.strictObject({ contributor: z.string().regex(/^\d{1,40}$/), validator: z.string().regex(/^\d{1,40}$/) }),
  /** RFC 6962 root, hex, over the canonical JSON of each row in order: what the log's `release` entry names. */
  root: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.array(shareRow).max(1_000_000),
})
export type ShareTable = z.infer<typeof shareTable>

/**
 * Vested points restricted to included records (incentives 4.3), batch by batch: floor(points * value of included records / value of the batch).
 * A record counts as included when its content is in the release: the second leaseholder of a page keeps what the fold gave it for the
 * cross-check, although one copy is released (a near duplicate has value only where the fold counted it as such a cross-check).
 * Validators: their points of the same epochs, whole.
 */
export function weigh({
  paid,
  results,
  permitted,
  kept,
  near,
}: {
  paid: readonly PaidBatch[]
  results: readonly EpochResult[]
  permitted: readonly Candidate[]
  kept: readonly Candidate[]
  near: ReadonlySet<Candidate>
}): ShareWeight[] {
  const weights = new Map<string, ShareWeight>()
  const weightOf = (account: string, role: ShareWeight['role']): ShareWeight => {
    const key = `${role} ${account}`
    const known = weights.get(key) ?? { account, role, points: 0n, records: 0, tokens: 0 }
    weights.set(key, known)
    return known
  }
  const released = new Set(kept.map((row) => toHex(row.contentDigest)))
  const included = new Map<string, bigint>()
  for (const row of permitted) {
    if (!near.has(row) && !released.has(toHex(row.contentDigest))) continue
    const key = row.manifest.toString()
    included.set(key, (included.get(key) ?? 0n) + BigInt(row.value))
  }
  for (const { batch, points, values } of paid) {
    const whole = [...values].reduce((sum, { value }) => sum + BigInt(value), 0n)
    const part = included.get(batch.manifestCid.toString()) ?? 0n
    if (whole > 0n) weightOf(batch.contributor, 'contributor').points += (points * part) / whole
  }
  for (const { rows } of results)
    for (const row of rows) if (row.role === 'validator') weightOf(row.account, 'validator').points += BigInt(row.points)
  for (const row of kept) {
    const weight = weightOf(row.contributor, 'contributor')
    weight.records++
    weight.tokens += row.tokens
  }
  return [...weights.values()]
    .filter((weight) => weight.points > 0n || weight.records > 0)
    .toSorted((a, b) => (a.role === b.role ? compareBytes(utf8(a.account), utf8(b.account)) : a.role < b.role ? -1 : 1))
}

/** The table as `shares.json` holds it. */
export function describeShares(selection: {
  ledger: string
  throughEpoch: number
  charter: { split: ShareTable['split'] }
  weights: readonly ShareWeight[]
}): ShareTable {
  const rows = (['contributor', 'validator'] as const).flatMap((role) => {
    const mine = selection.weights.filter((weight) => weight.role === role)
    const parts = splitLargestRemainder(
      BigInt(PPM),
      mine.map(({ account, points }) => ({ id: account, weight: points })),
    )
    return mine.map(
      ({ account, points, records, tokens }): ShareRow => ({
        account,
        role,
        points: String(points),
        ppm: Number(parts.get(account)),
        records,
        tokens,
      }),
    )
  })
  const total = (role: ShareRow['role']): string =>
    String(rows.reduce((sum, row) => (row.role === role ? sum + BigInt(row.points) : sum), 0n))
  return {
    v: 1,
    ledger: selection.ledger,
    throughEpoch: selection.throughEpoch,
    split: selection.charter.split,
    totals: { contributor: total('contributor'), validator: total('validator') },
    root: toHex(sharesRoot(rows)),
    rows,
  }
}

/** RFC 6962 root over the canonical JSON of the rows. */
export const sharesRoot = (rows: readonly ShareRow[]): Uint8Array => merkleTreeHash(rows.map((row) => utf8(canonicalJson(row))))

/**
 * What each account gets of `amount` (smallest currency units), by largest remainder: first among roles by the split, then within a role by points.
 * Every unit is given out: a role without points leaves its part to the commons.
 */
export function splitRevenue(
  amount: bigint,
  { split, rows }: Pick<ShareTable, 'split' | 'rows'>,
): { accounts: { account: string; role: ShareRow['role']; amount: bigint }[]; commons: bigint } {
  const pots = splitLargestRemainder(amount, [
    { id: 'contributor', weight: BigInt(split.contributorsPpm) },
    { id: 'validator', weight: BigInt(split.validatorsPpm) },
    { id: 'commons', weight: BigInt(split.commonsPpm) },
  ])
  const accounts = (['contributor', 'validator'] as const).flatMap((role) => {
    const mine = rows.filter((row) => row.role === role).map((row) => ({ id: row.account, weight: BigInt(row.points) }))
    return [...splitLargestRemainder(pots.get(role) ?? 0n, mine)].map(([account, part]) => ({ account, role, amount: part }))
  })
  return { accounts, commons: amount - accounts.reduce((sum, one) => sum + one.amount, 0n) }
}
