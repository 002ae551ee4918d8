/** What an epoch teaches about hosts: who brought them, how much, and how often honest fetches of them differ. */
import { type Bases, type ClassCount, type ClassRates, GOOD_STANDING, type HostEpoch, hostKey, updateBases } from '../rewards/index.ts'
import { PPM } from '../../schemas/wire/index.ts'
import type { ContributorClose } from './judge-contributor.ts'
import type { EpochState, LedgerState } from './types.ts'

/** Per host key: mass of the epoch's records, contributors with paid records of it, and draws of those in good standing. */
export function newsOfHosts(state: LedgerState, epoch: EpochState, contributors: readonly ContributorClose[]): Map<string, HostEpoch> {
  const news = new Map<string, { mass: bigint; contributors: Set<string>; draws: number; fails: number }>()
  const of = (host: string) => {
    let known = news.get(host)
    if (known === undefined) news.set(host, (known = { mass: 0n, contributors: new Set(), draws: 0, fails: 0 }))
    return known
  }
  for (const [host, mass] of epoch.hostMass) of(host).mass = mass
  for (const { account, credibility, reports, pointsPerBatch, deferred } of contributors) {
    for (const [key, earned] of pointsPerBatch) {
      if (earned === 0n) continue
      const values = epoch.values.get(key)
      state.batches.get(key)?.hosts?.forEach((host, row) => {
        if ((values?.at(row)?.value ?? 0) > 0) of(hostKey(host)).contributors.add(account)
      })
    }
    if (deferred !== null || credibility < GOOD_STANDING) continue
    for (const draw of reports.flatMap((report) => report.draws)) {
      if (draw.host === null) continue
      const host = of(hostKey(draw.host))
      host.draws++
      if (!draw.pass) host.fails++
    }
  }
  return new Map([...news].map(([host, facts]) => [host, { ...facts, contributors: [...facts.contributors] }]))
}

/** The next expected fail rates, from contributors in good standing. */
export function nextBases(state: LedgerState, epoch: EpochState, contributors: readonly ContributorClose[]): Bases {
  const rates = epoch.roster.map((validator): ClassRates => {
    const classes: [ClassCount, ClassCount, ClassCount] = [
      { fails: 0, draws: 0 },
      { fails: 0, draws: 0 },
      { fails: 0, draws: 0 },
    ]
    for (const { credibility, reports, deferred } of contributors) {
      if (deferred !== null || credibility < GOOD_STANDING) continue
      for (const draw of reports.find((report) => report.validator === validator)?.draws ?? []) {
        if (draw.host === null) continue
        classes[draw.class].draws++
        if (!draw.pass) classes[draw.class].fails++
      }
    }
    return { validator, weight: PPM, classes }
  })
  return updateBases(state.bases, rates)
}
