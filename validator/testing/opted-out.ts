/** Hosts that had opted out before anybody who keeps to the log could have fetched a page of theirs. */
import type { LedgerState } from '../../dao/ledger/index.ts'
import { OptOutIndex } from '../../dao/optouts/index.ts'
import type { Asked } from '../manners/index.ts'

/** Whether a URL, asked for as such, had opted out. */
export type OptedOut = (url: string, what: Asked) => boolean

/**
 * Tells for a batch gathered in epoch `gathered` whether the log had closed a URL before the earliest gathering that the batch's dates may reach
 * back to (see `dateWindow`). By the order of the log alone: a date would be somebody's word.
 */
export function optedOutBefore({ results, optouts }: Pick<LedgerState, 'results' | 'optouts'>): (gathered: number) => OptedOut {
  const known = new OptOutIndex().take(optouts)
  return (gathered) => {
    const cut = results.find(({ epoch }) => epoch === gathered - 2)?.cut ?? 0
    return (url, what) => {
      const { host } = new URL(url)
      const optout = what === 'rules' ? known.findWhole(host) : known.find(host, url)
      return optout !== undefined && optout.index < cut
    }
  }
}
