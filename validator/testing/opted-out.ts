/** Hosts that had opted out before anybody who keeps to the log could have fetched a page of theirs. */
import type { LedgerState } from '../../dao/ledger/index.ts'
import { OptOutIndex } from '../../dao/optouts/index.ts'

/**
 * Tells of a URL in a batch gathered in epoch `gathered` whether the log closed it before the earliest gathering that the batch's dates may reach
 * back to (see `dateWindow`). By the order of the log alone: a date would be somebody's word.
 */
export function optedOutBefore({ results, optouts }: Pick<LedgerState, 'results' | 'optouts'>): (url: string, gathered: number) => boolean {
  const known = new OptOutIndex().take(optouts)
  return (url, gathered) => {
    const cut = results.find(({ epoch }) => epoch === gathered - 2)?.cut
    const optout = cut === undefined ? undefined : known.find(new URL(url).host, url)
    return optout !== undefined && cut !== undefined && optout.index < cut
  }
}
