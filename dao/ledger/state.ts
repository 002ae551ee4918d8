/** The empty state that every fold starts from. */
import { charter, type CID, didFromPublicKey, cborCid, encode, type Phase } from '../../schemas/wire/index.ts'
import { RootHistory } from './root-history.ts'
import type { ContributorState, EpochState, LedgerState } from './types.ts'
import { LoggedWithdrawals } from './withdrawals.ts'

/** Stands where the genesis charter will be: nobody holds the key of this operator. */
const VOID_CHARTER = charter.parse({
  v: 1,
  name: 'none',
  operator: didFromPublicKey(new Uint8Array(32)),
  contact: 'mailto:nobody@invalid',
  purposes: ['none'],
})
const VOID_CID: CID = cborCid(encode(VOID_CHARTER))

export function emptyState(ledgerId: string, light: boolean): LedgerState {
  const tree = new RootHistory()
  return {
    id: ledgerId,
    light,
    tree,
    termTree: tree,
    term: 0,
    termStart: 0,
    sequencer: '',
    size: 0,
    operator: '',
    logKey: '',
    charter: VOID_CHARTER,
    charterCid: VOID_CID,
    charters: [],
    pendingCharters: [],
    validators: new Map(),
    contributors: new Map(),
    authors: new Map(),
    commits: new Map(),
    batches: new Map(),
    contributions: new Map(),
    epoch: null,
    times: new Map(),
    leases: new Map(),
    hosts: new Map(),
    bases: VOID_CHARTER.credibility.basePpm,
    results: [],
    releases: [],
    poolReleases: [],
    poolStatistics: [],
    spent: [],
    optouts: [],
    frauds: [],
    revenues: [],
    statements: [],
    withdrawals: new LoggedWithdrawals(),
    invalid: [],
  }
}

export function newEpoch(number: number, phase: Phase, index: number, time: number): EpochState {
  return {
    number,
    phase,
    phaseIndex: index,
    phaseTime: time,
    startIndex: index,
    cut: -1,
    roster: [],
    beaconReveals: new Map(),
    beacon: null,
    batches: [],
    values: new Map(),
    committees: new Map(),
    hostMass: new Map(),
    reportCommits: new Map(),
    reports: new Map(),
    voidReports: new Map(),
    deferred: new Set(),
    reasons: new Map(),
    table: null,
    close: null,
    attests: new Map(),
  }
}

export function newContributor(
  account: string,
  isSubject: boolean,
  index: number,
  epoch: number,
  credibility: number,
  quota: number | null,
): ContributorState {
  return {
    account,
    isSubject,
    joinedAt: index,
    joinedEpoch: epoch,
    credibility,
    epochs: 0,
    quota,
    revoked: null,
    tallies: new Map(),
    points: new Map(),
    nextSequence: 0,
    lastManifest: null,
    slot: null,
  }
}
