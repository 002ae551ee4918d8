/** Entries that the fold keeps for others: opt-outs, releases, revenue, and statements it does not judge. */
import type { EntryType } from '../../schemas/wire/index.ts'
import { notOperator } from './rules-admission.ts'
import { isSeated } from './seats.ts'
import type { LedgerState } from './types.ts'
import { type Refusal, refuse, type Rule, type View } from './view.ts'
import { lastFinalEpoch } from './vesting.ts'

export function neitherOperatorNorSeated(state: LedgerState, account: string): Refusal | undefined {
  return account === state.operator || isSeated(state, account)
    ? undefined
    : refuse('NOT_SEATED', `${account} is neither operator nor seated`)
}

export function keep({ state, index }: View, type: EntryType, author: string, epoch: number | null = null): void {
  state.statements.push({ index, type, author, epoch })
}

/** One per account and epoch, until the epoch after has closed. */
export const appeal: Rule<'appeal'> = {
  check(entry, { state }) {
    const { epoch } = entry.p
    const isParty = state.contributors.has(entry.a) || state.validators.has(entry.a)
    if (!isParty) return refuse('NOT_JOINED', `${entry.a} has no part in this ledger`)
    if (!state.results.some((result) => result.epoch === epoch)) return refuse('NOT_CLOSED', `epoch ${epoch} has no epoch.close`)
    if ((state.epoch?.number ?? 0) > epoch + 1) return refuse('TOO_LATE', 'an epoch is appealed within one epoch')
    const repeated = state.statements.some((one) => one.type === 'appeal' && one.author === entry.a && one.epoch === epoch)
    return repeated ? refuse('REPEATED', 'one appeal per account and epoch') : undefined
  },
  apply: (entry, view) => keep(view, entry.t, entry.a, entry.p.epoch),
}

export const complaint: Rule<'complaint'> = {
  check: (entry, { state }) => (isSeated(state, entry.a) ? undefined : refuse('NOT_SEATED', `${entry.a} holds no seat`)),
  apply: (entry, view) => keep(view, entry.t, entry.a),
}

/** A validator that re-checked the host, or the operator with a domain owner's proof, says that it opted out. Once is enough: who says it first is heard. */
export const optout: Rule<'optout'> = {
  check({ a, p }, { state }) {
    const wrong = neitherOperatorNorSeated(state, a)
    if (wrong) return wrong
    if (p.domain === '') return refuse('BAD_DOMAIN', 'an opt-out names a domain')
    const domain = p.domain.toLowerCase()
    const isKnown = state.optouts.some((known) => known.domain === domain && (known.pattern === null || known.pattern === p.pattern))
    return isKnown ? refuse('REPEATED', `${domain} opted out of this already`) : undefined
  },
  apply: ({ p }, { state, index }) =>
    void state.optouts.push({ index, domain: p.domain.toLowerCase(), pattern: p.pattern, from: p.from, evidence: p.evidence }),
}

export const release: Rule<'release'> = {
  check(entry, { state }) {
    const { p } = entry
    const wrong = notOperator(state, entry.a)
    if (wrong) return wrong
    if (p.throughEpoch > lastFinalEpoch(state)) return refuse('NOT_FINAL', `epoch ${p.throughEpoch} is not final`)
    // each kind follows its own: a web release never names a pool's manifest as the one before it
    const last = releasesLike(state, p.kind).at(-1)
    const follows = last === undefined ? p.previous === null : p.previous?.equals(last.release) === true
    if (!follows) return refuse('WRONG_PREVIOUS', 'a release names the one before it')
    if (last && p.throughEpoch < last.throughEpoch) return refuse('WRONG_EPOCH', `the last release went through epoch ${last.throughEpoch}`)
    if ([...state.releases, ...state.poolReleases].some((known) => known.name === p.name))
      return refuse('NAME_USED', `a release ${p.name} exists`)
    return undefined
  },
  apply: ({ p: { kind, ...p } }, { state, index }) => void releasesLike(state, kind).push({ index, ...p }),
}

const releasesLike = (state: LedgerState, kind: 'pool' | undefined) => (kind === 'pool' ? state.poolReleases : state.releases)

export const revenue: Rule<'revenue'> = {
  check(entry, { state }) {
    const { p } = entry
    const wrong = notOperator(state, entry.a)
    if (wrong) return wrong
    if (![...state.releases, ...state.poolReleases].some((known) => known.release.equals(p.release)))
      return refuse('NO_RELEASE', `${p.release.toString()} is no release of this ledger`)
    const repeated = state.revenues.some((known) => known.rail === p.rail && known.reference === p.reference)
    return repeated ? refuse('REPEATED', `${p.rail} ${p.reference} is in the log already`) : undefined
  },
  apply: ({ p }, { state, index }) => void state.revenues.push({ index, ...p, root: null }),
}

export const payout: Rule<'payout'> = {
  check(entry, { state }) {
    const wrong = notOperator(state, entry.a)
    if (wrong) return wrong
    const paid = state.revenues.find((known) => known.index === entry.p.revenue)
    if (!paid) return refuse('NO_REVENUE', `entry ${entry.p.revenue} is no revenue`)
    return paid.root === null ? undefined : refuse('REPEATED', `the revenue of entry ${entry.p.revenue} was split already`)
  },
  apply({ p }, { state }) {
    const paid = state.revenues.find((known) => known.index === p.revenue)
    if (paid) paid.root = p.root
  },
}

export const anchor: Rule<'anchor'> = {
  check: (entry, { state }) => notOperator(state, entry.a),
  apply: (entry, view) => keep(view, entry.t, entry.a),
}
